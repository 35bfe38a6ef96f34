//! Making, locking and opening repositories.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use cairn_node::config::Profile;
use cairn_node::repo::{is_initialized, running_api};
use cairn_node::{Access, Config, InitOptions, NodeError, Repo, RepoError};

use crate::init;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn init_makes_a_repository_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    assert!(!is_initialized(&path));
    assert!(matches!(
        Repo::open(&path, Access::ReadWrite),
        Err(RepoError::Missing { .. })
    ));
    let made = init(&path).await;
    assert!(is_initialized(&path));
    assert_eq!(made.welcome, None);
    let repo = Repo::open(&path, Access::ReadWrite).unwrap();
    let config = repo.config().config();
    assert_eq!(config.identity.peer_id, made.peer_id.to_string());
    assert_eq!(config.addresses.api.0, ["/ip4/127.0.0.1/tcp/0"]);
    assert_eq!(repo.config().unknown_keys(), Vec::<String>::new());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("config")), 0o600);
        assert_eq!(mode(&path.join("rows.sqlite")), 0o600);
    }
    drop(repo);

    let before = read(&path.join("config"));
    let error = Repo::init(&path, &InitOptions::default())
        .await
        .unwrap_err();
    assert!(
        matches!(error, NodeError::Repo(RepoError::Exists { .. })),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("key"));
    assert_eq!(read(&path.join("config")), before);
}

#[tokio::test]
async fn init_refuses_unknown_profiles_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("repo");
    let options = InitOptions {
        profile: Some("server,nope".into()),
        ..InitOptions::default()
    };
    let error = Repo::init(&path, &options).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no configuration profile \"nope\""
    );
    assert!(!path.exists());
}

#[tokio::test]
async fn init_takes_a_configuration_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let first = init(&folder.path().join("first")).await;
    let given: Config = (*Repo::open(folder.path().join("first"), Access::ReadOnly)
        .unwrap()
        .config()
        .config())
    .clone();
    let options = InitOptions {
        config: Some(given),
        profile: Some("server,unixfs-v1-2025".into()),
        ..InitOptions::default()
    };
    let second = Repo::init(&folder.path().join("second"), &options)
        .await
        .unwrap();
    assert_eq!(second.peer_id, first.peer_id);
    let repo = Repo::open(folder.path().join("second"), Access::ReadOnly).unwrap();
    assert_eq!(repo.config().config().import.cid_version, Some(1));
    assert!(repo.config().config().swarm.disable_nat_port_map);
    assert!(Profile::named("server").is_some());
}

#[tokio::test]
async fn init_goes_on_where_a_failed_one_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("repo");
    init(&path).await;
    // As if the process had died before its last step.
    std::fs::remove_file(path.join("config")).unwrap();
    std::fs::write(path.join("init.unfinished"), "").unwrap();
    assert!(matches!(
        Repo::open(&path, Access::ReadWrite),
        Err(RepoError::Missing { .. })
    ));
    init(&path).await;
    assert!(!path.join("init.unfinished").exists());
    Repo::open(&path, Access::ReadWrite).unwrap();
}

#[tokio::test]
async fn a_repository_without_its_configuration_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("repo");
    init(&path).await;
    std::fs::remove_file(path.join("config")).unwrap();
    let opened = Repo::open(&path, Access::ReadWrite).unwrap_err();
    let made = Repo::init(&path, &InitOptions::default())
        .await
        .unwrap_err();
    for error in [NodeError::from(opened), made] {
        assert!(
            matches!(error, NodeError::Repo(RepoError::Incomplete { .. })),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("repo repair"));
    }
    assert!(!is_initialized(&path));
}

#[tokio::test]
async fn other_repositories_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("config"), "{}").unwrap();
    std::fs::write(path.join("version"), "18\n").unwrap();
    let error = Repo::open(path, Access::ReadWrite).unwrap_err();
    assert!(matches!(error, RepoError::Kubo { .. }));
    assert!(error.hint().unwrap().contains("dag import"));
    assert!(matches!(
        Repo::init(path, &InitOptions::default()).await,
        Err(NodeError::Repo(RepoError::Kubo { .. }))
    ));
    std::fs::write(path.join("version"), "cairn-repo@2\n").unwrap();
    let error = Repo::open(path, Access::ReadOnly).unwrap_err();
    assert!(
        matches!(&error, RepoError::Version { found, known: 1, .. } if found == "cairn-repo@2"),
        "{error}"
    );
    std::fs::remove_file(path.join("version")).unwrap();
    assert!(matches!(
        Repo::open(path, Access::ReadWrite),
        Err(RepoError::Version { .. })
    ));
    // Nothing was locked or made on the way.
    assert_eq!(std::fs::read_dir(path).unwrap().count(), 1);
}

#[tokio::test]
async fn configuration_errors_name_key_and_place() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path()).await;
    let config = folder.path().join("config");
    let text = read(&config).replace(
        "\"StorageGCWatermark\": 90",
        "\"StorageGCWatermark\": \"90\"",
    );
    std::fs::write(&config, text).unwrap();
    let error = Repo::open(folder.path(), Access::ReadWrite).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        source,
        r#"Datastore.StorageGCWatermark: expected an integer, found string "90""#
    );
    assert!(
        error
            .hint()
            .unwrap()
            .contains("Datastore.StorageGCWatermark")
    );
    // The lock was given back.
    std::fs::write(&config, "{").unwrap();
    assert!(matches!(
        Repo::open(folder.path(), Access::ReadWrite),
        Err(RepoError::Config(_))
    ));
}

#[tokio::test]
async fn one_writes_or_many_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    init(path).await;
    let own = std::process::id();
    let writer = Repo::open(path, Access::ReadWrite).unwrap();
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let error = Repo::open(path, access).unwrap_err();
        assert!(
            matches!(error, RepoError::Locked { pid: Some(pid), .. } if pid == own),
            "{error}"
        );
        assert!(
            error.to_string().contains(&format!("process {own}")),
            "{error}"
        );
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
    }
    writer.close();
    let first = Repo::open(path, Access::ReadOnly).unwrap();
    let second = Repo::open(path, Access::ReadOnly).unwrap();
    assert!(matches!(
        Repo::open(path, Access::ReadWrite),
        Err(RepoError::Locked { pid: None, .. })
    ));
    assert!(matches!(
        first.write_api("/ip4/127.0.0.1/tcp/1"),
        Err(RepoError::ReadOnly)
    ));
    drop((first, second));
    Repo::open(path, Access::ReadWrite).unwrap();
}

#[tokio::test]
async fn listening_addresses_are_told_while_the_node_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    init(path).await;
    assert_eq!(running_api(path).unwrap(), None);
    let repo = Repo::open(path, Access::ReadWrite).unwrap();
    repo.write_api("/ip4/127.0.0.1/tcp/5001").unwrap();
    repo.write_gateway("http://127.0.0.1:8080").unwrap();
    assert_eq!(read(&path.join("api")), "/ip4/127.0.0.1/tcp/5001");
    assert_eq!(read(&path.join("gateway")), "http://127.0.0.1:8080");
    assert_eq!(
        running_api(path).unwrap().as_deref(),
        Some("/ip4/127.0.0.1/tcp/5001")
    );
    drop(repo);
    assert!(!path.join("api").exists() && !path.join("gateway").exists());

    // What a killed node left is not believed, and goes with the next one.
    std::fs::write(path.join("api"), "/ip4/127.0.0.1/tcp/9\n").unwrap();
    assert_eq!(running_api(path).unwrap(), None);
    drop(Repo::open(path, Access::ReadOnly).unwrap());
    assert!(path.join("api").exists());
    let _repo = Repo::open(path, Access::ReadWrite).unwrap();
    assert!(!path.join("api").exists());

    // In a folder without a repository it names a node elsewhere.
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("api"), "/dns4/example.net/tcp/5001\n").unwrap();
    assert_eq!(
        running_api(other.path()).unwrap().as_deref(),
        Some("/dns4/example.net/tcp/5001")
    );
    for bad in [
        String::new(),
        "zz".into(),
        format!("/{}", "x".repeat(5_000)),
    ] {
        std::fs::write(other.path().join("api"), bad).unwrap();
        assert!(matches!(
            running_api(other.path()),
            Err(RepoError::BadAddress { .. })
        ));
    }
}

/// Names the repository that [`holding_child`] opens.
const CHILD: &str = "CAIRN_TEST_REPO_CHILD";

/// Not a test by itself: what [`a_lock_is_seen_by_other_processes_and_ends_with_its_own`] runs and kills.
#[test]
fn holding_child() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let repo = Repo::open(Path::new(&path), Access::ReadWrite).unwrap();
    repo.write_api("/ip4/127.0.0.1/tcp/5001").unwrap();
    println!("holding");
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn a_lock_is_seen_by_other_processes_and_ends_with_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    init(path).await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "repo::holding_child", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines
            .map_while(Result::ok)
            .any(|line| line.contains("holding")),
        "the child did not open the repository"
    );
    let error = Repo::open(path, Access::ReadWrite).unwrap_err();
    assert!(
        matches!(error, RepoError::Locked { pid: Some(pid), .. } if pid == child.id()),
        "{error}"
    );
    assert!(error.hint().unwrap().contains(&child.id().to_string()));
    assert_eq!(
        running_api(path).unwrap().as_deref(),
        Some("/ip4/127.0.0.1/tcp/5001")
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(path.join("api").exists());
    assert_eq!(running_api(path).unwrap(), None);
    let _repo = Repo::open(path, Access::ReadWrite).unwrap();
    assert!(!path.join("api").exists());
}
