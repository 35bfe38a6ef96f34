//! What a person meets in the first hour: lists, summaries, the configuration, errors that name what was typed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Output, Stdio};

use cairn_testkit::http::{self, Request};
use cairn_testkit::server::Repository;
use serde_json::{Value, json};

const HELLO: &str = "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN";

fn init() -> Repository {
    Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap()
}

/// Runs a command; `ipfs` runs it under that name.
fn run(repository: &Repository, arguments: &[&str]) -> Output {
    repository
        .command()
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn prints(repository: &Repository, arguments: &[&str]) -> String {
    let output = run(repository, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn refuses(repository: &Repository, arguments: &[&str]) -> String {
    let output = run(repository, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    said(&output)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A repository with a folder of two files of several blocks each; and the folder's CID.
fn with_folder() -> (Repository, String) {
    let repository = init();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    for name in ["a", "b"] {
        fs::write(folder.path().join("d").join(name), name.repeat(1_000)).unwrap();
    }
    let path = folder.path().join("d");
    let arguments = ["add", "-rQ", "--chunker=size-300", path.to_str().unwrap()];
    let cid = prints(&repository, &arguments).trim().to_owned();
    (repository, cid)
}

#[test]
fn lists_of_pins_show_pins_and_count_the_rest() {
    let (repository, cid) = with_folder();
    let output = run(&repository, &["pin", "ls"]);
    // The empty folder of MFS is pinned in a new repository.
    let pins = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(pins.contains(&format!("{cid} recursive\n")), "{pins}");
    assert!(!pins.contains("indirect"), "{pins}");
    let all = prints(&repository, &["pin", "ls", "--type=all"]);
    let others = all.lines().count() - pins.lines().count();
    assert!(others > 2);
    assert_eq!(
        said(&output),
        format!("{others} more blocks are pinned indirectly; list them with `--type=all`\n")
    );
    assert_eq!(
        prints(&repository, &["pin", "ls", "-q"]),
        pins.replace(" recursive", "")
    );
    // As Kubo prints it.
    let ipfs = tempfile::tempdir().unwrap();
    let link = ipfs.path().join("ipfs");
    symlink(env!("CARGO_BIN_EXE_cairn"), &link).unwrap();
    let mut command = Command::new(&link);
    command
        .env("IPFS_PATH", repository.path())
        .args(["pin", "ls"]);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), all);
}

#[test]
fn collections_end_with_a_summary() {
    let (repository, cid) = with_folder();
    prints(&repository, &["pin", "rm", &cid]);
    let printed = prints(&repository, &["repo", "gc"]);
    assert!(
        printed.starts_with("removed ") && printed.contains(" blocks, freed "),
        "{printed}"
    );
    assert_eq!(printed.lines().count(), 1);
    assert!(prints(&repository, &["repo", "gc"]).starts_with("removed 0 blocks, freed "));
}

#[test]
fn json_is_one_object_a_line() {
    let (repository, cid) = with_folder();
    for (arguments, key, least) in [
        (&["ls", "--json", &cid][..], "Parent", 2),
        (&["--json", "pin", "ls"], "Cid", 3),
        (&["--json", "cid", "bases"], "name", 10),
        (&["--json", "refs", &cid], "Ref", 2),
        (&["--json", "repo", "stat"], "RepoSize", 1),
    ] {
        let printed = prints(&repository, arguments);
        assert!(printed.lines().count() >= least, "{arguments:?}: {printed}");
        for line in printed.lines() {
            let object: Value = serde_json::from_str(line).unwrap();
            let object = object.as_object().unwrap();
            assert!(
                object.keys().any(|known| known.eq_ignore_ascii_case(key)),
                "{arguments:?}: {line}"
            );
        }
    }
    // As the RPC sends it.
    let whole = prints(&repository, &["--enc=json", "ls", &cid]);
    assert!(whole.starts_with(r#"{"Objects":"#), "{whole}");
    for arguments in [
        &[
            "--json",
            "cat",
            "bafkreigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        ][..],
        &["--json", "pin", "ls", "--nosuch"],
        &["--json", "nosuch"],
        &["--json", "shutdown"],
        &["cat", "--json", "--offset=x", HELLO],
    ] {
        let said = refuses(&repository, arguments);
        let object: Value = serde_json::from_str(&said).unwrap();
        assert!(object["error"].is_string(), "{said}");
    }
}

#[test]
fn errors_name_what_was_asked_for() {
    let (repository, cid) = with_folder();
    // A leaf of `a` goes.
    let file = format!("{cid}/a");
    let leaf = prints(&repository, &["refs", &file]);
    let leaf = leaf.lines().next().unwrap().to_owned();
    prints(&repository, &["pin", "rm", &cid]);
    prints(&repository, &["block", "rm", &leaf]);
    for daemon in [false, true] {
        let _daemon = daemon.then(|| repository.start(&["--offline"]).unwrap());
        for command in ["cat", "get"] {
            let said = refuses(&repository, &[command, &file, "--progress=false"]);
            assert!(said.contains(&file), "{command}: {said}");
        }
        let said = refuses(&repository, &["dag", "export", &cid]);
        assert!(said.contains(&cid), "{said}");
        let said = refuses(&repository, &["cat", HELLO]);
        assert!(said.contains(HELLO), "{said}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let repository = init();
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("d");
    fs::create_dir(&top).unwrap();
    fs::write(top.join("a"), "a").unwrap();
    // Reading it fails for everybody, root as well.
    symlink("/proc/self/mem", top.join("bad")).unwrap();
    let path = top.to_str().unwrap();
    for daemon in [false, true] {
        let _daemon = daemon.then(|| repository.start(&["--offline"]).unwrap());
        for _ in 0..5 {
            let said = refuses(&repository, &["add", "-r", "--dereference-symlinks", path]);
            assert!(
                said.starts_with("error: cannot ") && said.contains("d/bad"),
                "{said}"
            );
            assert!(said.contains("caused by: Input/output error"), "{said}");
        }
    }
}

#[test]
fn hints_keep_the_repository_that_was_named() {
    let repository = init();
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("r");
    let said = refuses(&repository, &["--repo-dir", path.to_str().unwrap(), "id"]);
    assert!(
        said.contains(&format!("`cairn --repo-dir {} init`", path.display())),
        "{said}"
    );
    let said = refuses(&repository, &["config", "--json", "Foo.Bar", "1"]);
    assert!(
        said.contains("Foo not found") && !said.contains("--json"),
        "{said}"
    );
}

#[test]
fn booleans_are_true_or_false() {
    let repository = init();
    let said = refuses(&repository, &["config", "--bool", "Gateway.NoFetch", "yes"]);
    assert!(
        said.contains(r#"expected true or false, found "yes""#),
        "{said}"
    );
    prints(
        &repository,
        &["config", "--bool", "Gateway.NoFetch", "true"],
    );
    assert_eq!(
        prints(&repository, &["config", "Gateway.NoFetch"]),
        "true\n"
    );
}

#[test]
fn an_edit_that_breaks_the_configuration_changes_nothing() {
    let repository = init();
    let path = repository.path().join("config");
    let before = fs::read(&path).unwrap();
    let edit = |editor: &str| {
        let mut command = repository.command();
        command
            .env("EDITOR", editor)
            .env_remove("VISUAL")
            .args(["config", "edit"]);
        command.output().unwrap()
    };
    let copies = || {
        let all = fs::read_dir(repository.path()).unwrap();
        all.filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("config.edit")
        })
        .count()
    };
    for (editor, kept) in [
        ("truncate -s 10", 1),
        (r#"sed -i 's/"NoFetch": false/"NoFetch": 5/'"#, 2),
        ("false", 2),
        ("true", 2),
    ] {
        let output = edit(editor);
        assert_eq!(output.status.success(), editor == "true", "{editor}");
        assert_eq!(fs::read(&path).unwrap(), before, "{editor}");
        assert_eq!(copies(), kept, "{editor}: {}", said(&output));
    }
    let output = edit(r#"sed -i 's/"NoFetch": false/"NoFetch": true/'"#);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        prints(&repository, &["config", "Gateway.NoFetch"]),
        "true\n"
    );
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(copies(), 2);
}

#[test]
fn profiles_tell_what_they_change_without_colours() {
    let repository = init();
    let printed = prints(
        &repository,
        &["config", "profile", "apply", "--dry-run", "server"],
    );
    assert!(
        printed.contains("Addresses.NoAnnounce: [] -> ["),
        "{printed}"
    );
    assert!(
        !printed.contains('\u{1b}') && printed.lines().count() < 10,
        "{printed}"
    );
    let ipfs = tempfile::tempdir().unwrap();
    let link = ipfs.path().join("ipfs");
    symlink(env!("CARGO_BIN_EXE_cairn"), &link).unwrap();
    let mut command = Command::new(&link);
    command.env("IPFS_PATH", repository.path());
    command.args(["config", "profile", "apply", "--dry-run", "server"]);
    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(
        printed.contains("<> ") && !printed.contains('\u{1b}'),
        "{printed}"
    );
}

#[test]
fn secrets_stay_out_of_answers_and_logs() {
    let repository = init();
    repository
        .configure(|config| {
            config["API"]["Authorizations"] = json!({
                "all": {"AuthSecret": "bearer:sesame", "AllowedPaths": ["/api/v0"]},
                "config": {"AuthSecret": "bearer:narrow", "AllowedPaths": ["/api/v0/config"]},
            });
        })
        .unwrap();
    // Without a daemon as well.
    for key in [
        "API.Authorizations",
        "api.authorizations.all",
        "Identity",
        "Identity.PrivKey",
    ] {
        let said = refuses(&repository, &["config", key]);
        assert!(said.contains("cannot be shown"), "{said}");
    }
    let shown = prints(&repository, &["config", "API"]) + &prints(&repository, &["config", "show"]);
    assert!(
        !shown.contains("sesame") && !shown.contains("PrivKey"),
        "{shown}"
    );

    let daemon = repository.start(&["--offline", "--debug"]).unwrap();
    let ask = |target: &str| {
        let headers = [("Authorization".to_owned(), "Bearer narrow".to_owned())];
        let request = Request {
            headers: &headers,
            ..Request::new("POST", target)
        };
        http::exchange(&daemon.rpc(), &request).unwrap()
    };
    for target in [
        "/api/v0/config?arg=API.Authorizations",
        "/api/v0/config?arg=api.AUTHORIZATIONS.all.AuthSecret",
        "/api/v0/config?arg=API",
        "/api/v0/config?arg=Identity",
        "/api/v0/config?arg=Identity.PrivKey",
        "/api/v0/config?arg=Pinning.RemoteServices",
        "/api/v0/config/show",
        "/api/v0/config/profile/apply?arg=server&dry-run=true",
        "/api/v0/config?arg=API.Authorizations.evil&arg=%7B%22AuthSecret%22:%22x%22%7D&json=true",
        "/api/v0/config?arg=API&arg=%7B%7D&json=true",
    ] {
        let answer = ask(target);
        let text = answer.text();
        assert!(
            !text.contains("sesame") && !text.contains("CAES"),
            "{target}: {text}"
        );
        assert_eq!(
            answer.status == 200,
            target.ends_with("=API") || target.contains("/show") || target.contains("/profile"),
            "{target}: {text}"
        );
    }
    let log = daemon.log();
    assert!(
        log.contains("/api/v0/config") && log.contains("bytes_out="),
        "{log}"
    );
    for secret in ["sesame", "narrow", "AuthSecret", "arg="] {
        assert!(!log.contains(secret), "{secret}");
    }
    assert!(
        log.contains(concat!("Cairn version: ", env!("CARGO_PKG_VERSION"))),
        "{log}"
    );
}

#[test]
fn a_token_can_be_kept_out_of_the_process_list() {
    let repository = init();
    repository
        .configure(|config| {
            config["API"]["Authorizations"] =
                json!({"all": {"AuthSecret": "bearer:sesame", "AllowedPaths": ["/api/v0"]}});
        })
        .unwrap();
    let _daemon = repository.start(&["--offline"]).unwrap();
    let said = refuses(&repository, &["id"]);
    assert!(said.contains("CAIRN_API_AUTH"), "{said}");
    let mut command = repository.command();
    command.env("CAIRN_API_AUTH", "bearer:sesame").arg("id");
    assert!(command.output().unwrap().status.success());
    let file = repository.path().join("token");
    fs::write(&file, "bearer:sesame\n").unwrap();
    prints(
        &repository,
        &["--api-auth-file", file.to_str().unwrap(), "id"],
    );
}

#[test]
fn shutting_down_leaves_a_line() {
    let repository = init();
    let daemon = repository.start(&["--offline"]).unwrap();
    assert_eq!(
        prints(&repository, &["shutdown"]),
        "the daemon is shutting down\n"
    );
    drop(daemon);
}

#[test]
fn the_first_collection_frees_the_space() {
    let (repository, _) = with_folder();
    let _daemon = repository.start(&[]).unwrap();
    let data = cairn_testkit::fixture::stream("freed", 3 << 20);
    let added = repository.output(&["add", "-Q"], &data).unwrap();
    let cid = String::from_utf8(added.stdout).unwrap();
    prints(&repository, &["pin", "rm", cid.trim()]);
    let printed = prints(&repository, &["repo", "gc"]);
    assert!(printed.contains(" MB\n"), "{printed}");
}
