//! TLS from end to end: the daemon with a certificate, and the command line as its client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use cairn_client::{Http, HttpOptions, Roots, Transport as _, TransportError};
use cairn_testkit::server::{Daemon, Repository};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;

/// A daemon whose RPC speaks TLS alone, with a certificate for `localhost` and the loopback that an authority of its own
/// has signed.
struct Secure {
    folder: tempfile::TempDir,
    repository: Repository,
    daemon: Daemon,
}

impl Secure {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = authority(&folder.path().join("ca.pem"));
        authority(&folder.path().join("stranger.pem"));
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &ca)
            .unwrap();
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        // Relative names are looked for in the repository.
        fs::write(repository.path().join("node.pem"), certificate.pem()).unwrap();
        fs::write(folder.path().join("node.key"), key.serialize_pem()).unwrap();
        repository
            .configure(|config| {
                config["Addresses"]["API"] = "/ip4/127.0.0.1/tcp/0/tls/http".into();
                config["TLS"] = json!({
                    "Certificate": "node.pem",
                    "Key": folder.path().join("node.key"),
                });
            })
            .unwrap();
        let daemon = repository.start(&["--offline"]).unwrap();
        Self {
            folder,
            repository,
            daemon,
        }
    }

    fn pem(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn port(&self) -> u16 {
        self.daemon.rpc_address().unwrap().port()
    }

    fn run(&self, ca: &Path, arguments: &[&str]) -> Output {
        let mut command = self.repository.command();
        command.current_dir(self.folder.path());
        command.arg("--api-ca").arg(ca).args(arguments);
        command.output().unwrap()
    }

    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(&self.pem("ca.pem"), arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// An authority whose certificate is kept at this path.
fn authority(path: &Path) -> Issuer<'static, KeyPair> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(path, params.self_signed(&key).unwrap().pem()).unwrap();
    Issuer::new(params, key)
}

#[test]
fn the_command_line_speaks_tls() {
    let secure = Secure::start();
    let port = secure.port();
    let log = secure.daemon.log();
    assert!(
        log.contains(&format!("/ip4/127.0.0.1/tcp/{port}/tls/http")),
        "{log}"
    );

    // More than one window of HTTP/2, in both directions.
    let content: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(secure.pem("content"), &content).unwrap();
    let cid = secure.prints(&["add", "-Q", "content"]);
    for api in [
        format!("https://localhost:{port}"),
        format!("/dns/localhost/tcp/{port}/https"),
        format!("/ip4/127.0.0.1/tcp/{port}/tls/http"),
    ] {
        let read = secure.run(&secure.pem("ca.pem"), &["--api", &api, "cat", cid.trim()]);
        assert!(
            read.stdout == content,
            "{api}: {}",
            String::from_utf8_lossy(&read.stderr)
        );
    }
    // An error that comes as a trailer, which HTTP/2 has frames for.
    let missing = secure.run(
        &secure.pem("ca.pem"),
        &["refs", "-r", "bafkqabtimvwgy3yk/a"],
    );
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test]
async fn the_sdk_speaks_http_2_where_it_is_offered() {
    let secure = Secure::start();
    let mut options = HttpOptions::default();
    options.roots = Roots::from_pem(&fs::read(secure.pem("ca.pem")).unwrap()).unwrap();
    let address = format!("https://localhost:{}", secure.port())
        .parse()
        .unwrap();
    let http = Http::with_options(&address, &options).unwrap();
    let request = http::Request::post("/api/v0/version")
        .body(cairn_client::transport::empty())
        .unwrap();
    let answer = http.send(request).await.unwrap();
    assert_eq!(
        (answer.status(), answer.version()),
        (http::StatusCode::OK, http::Version::HTTP_2)
    );

    let untrusting = Http::new(&address).unwrap();
    let request = http::Request::post("/api/v0/version")
        .body(cairn_client::transport::empty())
        .unwrap();
    let refused = untrusting.send(request).await.err().unwrap();
    assert!(
        matches!(refused, TransportError::Certificate { .. }),
        "{refused:?}"
    );
}

#[test]
fn strangers_are_not_trusted() {
    let secure = Secure::start();
    let refused = |output: Output| {
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(secure.run(&secure.pem("stranger.pem"), &["id"]));
    assert!(
        said.contains("is not trusted") && said.contains("--api-ca"),
        "{said}"
    );
    // The system has never heard of that authority.
    let said = refused(secure.repository.command().arg("id").output().unwrap());
    assert!(said.contains("is not trusted"), "{said}");
    let said = refused(secure.run(&secure.pem("node.key"), &["id"]));
    assert!(said.contains("cannot read certificates"), "{said}");
    // The variable stands in for the option.
    let mut command = secure.repository.command();
    command
        .env("CAIRN_API_CA", secure.pem("ca.pem"))
        .args(["id", "-f", "<id>"]);
    assert!(command.output().unwrap().status.success());
    // Without TLS there is no answer at such an address.
    let plain = format!("/ip4/127.0.0.1/tcp/{}", secure.port());
    let said = refused(secure.run(&secure.pem("ca.pem"), &["--api", &plain, "id"]));
    assert!(said.starts_with("error: "), "{said}");
}

/// A daemon whose certificate is its own authority, as `openssl req -x509` makes it: with and without the mark of one.
#[test]
fn a_self_signed_certificate_is_trusted_when_it_is_named() {
    for is_ca in [
        IsCa::NoCa,
        IsCa::ExplicitNoCa,
        IsCa::Ca(BasicConstraints::Unconstrained),
    ] {
        let repository = self_signed(|params| params.is_ca = is_ca);
        let daemon = repository.start(&["--offline"]).unwrap();
        let port = daemon.rpc_address().unwrap().port();
        let ca = repository.path().join("node.pem");
        let run = |ca: &Path, api: &str| {
            let mut command = repository.command();
            command
                .arg("--api-ca")
                .arg(ca)
                .args(["--api", api, "id", "-f", "<id>"]);
            command.output().unwrap()
        };
        let local = format!("https://localhost:{port}");
        let answer = run(&ca, &local);
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert!(answer.status.success(), "{is_ca:?}: {said}");
        // Another name than its own, and another certificate of the same names.
        let other = run(&ca, &format!("https://127.0.0.1:{port}"));
        assert!(
            !other.status.success(),
            "{is_ca:?}: a name that it does not have"
        );
        let stranger = self_signed(|params| params.is_ca = is_ca);
        let refused = run(&stranger.path().join("node.pem"), &local);
        assert!(!refused.status.success(), "{is_ca:?}: a stranger");
    }
}

#[test]
fn a_named_certificate_that_has_expired_is_refused() {
    for (from, to) in [(2001, 2002), (2300, 2301)] {
        let repository = self_signed(|params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        });
        let daemon = repository.start(&["--offline"]).unwrap();
        let port = daemon.rpc_address().unwrap().port();
        let mut command = repository.command();
        command
            .arg("--api-ca")
            .arg(repository.path().join("node.pem"));
        command.args(["--api", &format!("https://localhost:{port}"), "id"]);
        let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
        assert!(said.contains("is not trusted"), "{said}");
    }
}

/// A repository whose RPC has a certificate for `localhost` that is signed by its own key.
fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Repository {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    change(&mut params);
    let certificate = params.self_signed(&key).unwrap();
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    fs::write(repository.path().join("node.pem"), certificate.pem()).unwrap();
    fs::write(repository.path().join("node.key"), key.serialize_pem()).unwrap();
    repository
        .configure(|config| {
            config["Addresses"]["API"] = "/ip4/127.0.0.1/tcp/0/tls/http".into();
            config["TLS"] = json!({"Certificate": "node.pem", "Key": "node.key"});
        })
        .unwrap();
    repository
}
