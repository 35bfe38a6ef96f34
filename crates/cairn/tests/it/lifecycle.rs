//! How the daemon starts, stops and shares its repository.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cairn_testkit::rpc::Rpc;

use crate::support::repository;

/// The longest that a clean stop may take.
const STOP: Duration = Duration::from_secs(5);

#[test]
fn sigterm_stops_the_daemon_cleanly() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let cid = Rpc::new(&daemon.rpc()).add(b"before", "").unwrap();
    let (status, _) = daemon.terminate(STOP).unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(
        repository.api_file().unwrap(),
        None,
        "the api file goes with the daemon"
    );

    let daemon = repository.start(&["--offline"]).unwrap();
    assert_eq!(Rpc::new(&daemon.rpc()).cat(&cid).unwrap(), b"before");
}

#[test]
fn the_rpc_stops_the_daemon_cleanly() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    Rpc::new(&daemon.rpc()).call("shutdown", None).unwrap();
    let (status, _) = daemon.wait(STOP).unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(repository.api_file().unwrap(), None);
}

#[test]
fn idle_and_unfinished_connections_do_not_hold_up_a_stop() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let address = daemon.rpc_address().unwrap();
    let _idle = TcpStream::connect(address).unwrap();
    let mut halfway = TcpStream::connect(address).unwrap();
    halfway
        .write_all(
            b"POST /api/v0/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\
              Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n\
              Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nonly a little",
        )
        .unwrap();
    // The daemon has taken the request up once it answers one that came after it.
    Rpc::new(&daemon.rpc()).call("version", None).unwrap();
    let (status, took) = daemon.terminate(STOP).unwrap();
    assert!(status.success(), "{status} after {took:?}");
}

#[test]
fn a_second_daemon_on_one_repository_is_refused() {
    let repository = repository();
    let first = repository.start(&["--offline"]).unwrap();
    let start = Instant::now();
    let output = repository
        .command()
        .args(["daemon", "--offline"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "it must not wait for the first"
    );
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(
        said.contains("lock") || said.contains("already") || said.contains("running"),
        "{said}"
    );

    assert_eq!(
        repository.api_file().unwrap(),
        first.rpc_address(),
        "the first one's api file is untouched"
    );
    let rpc = Rpc::new(&first.rpc());
    let cid = rpc.add(b"still here", "").unwrap();
    assert_eq!(rpc.cat(&cid).unwrap(), b"still here");
}

#[test]
fn a_stale_api_file_hinders_nobody() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let cid = Rpc::new(&daemon.rpc()).add(b"left behind", "").unwrap();
    daemon.kill().unwrap();
    assert!(
        repository.api_file().unwrap().is_some(),
        "a killed daemon leaves its api file"
    );

    assert_eq!(
        repository.run(&["cat", &cid]).unwrap(),
        "left behind",
        "a command sees that nobody answers there"
    );
    let daemon = repository.start(&["--offline"]).unwrap();
    assert_eq!(repository.api_file().unwrap(), daemon.rpc_address());
    assert_eq!(repository.run(&["cat", &cid]).unwrap(), "left behind");
}

#[test]
fn a_repository_is_never_made_over_another() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let cid = Rpc::new(&daemon.rpc()).add(b"precious", "").unwrap();
    daemon.terminate(STOP).unwrap();
    assert!(repository.run(&["init", "--profile=test"]).is_err());
    let daemon = repository.start(&["--offline"]).unwrap();
    assert_eq!(Rpc::new(&daemon.rpc()).cat(&cid).unwrap(), b"precious");
}

#[test]
fn services_wait_for_a_database_that_is_away() {
    let repository = repository();
    repository
        .configure(|config| {
            config["Database"] =
                serde_json::json!({ "URL": "postgres://me:sesame@127.0.0.1:1/cairn" });
        })
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let cid = rpc.add(b"still works", "").unwrap();
    assert_eq!(rpc.cat(&cid).unwrap(), b"still works");
    let log = daemon.log();
    assert!(log.contains("cannot be reached"), "{log}");
    assert!(!log.contains("sesame"), "{log}");
    let (status, _) = daemon.terminate(STOP).unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn a_database_that_cannot_be_used_is_refused_with_a_hint() {
    let repository = repository();
    std::fs::write(
        repository.path().join("shared.sqlite"),
        b"no database at all",
    )
    .unwrap();
    let output = repository.output(&["daemon", "--offline"], b"").unwrap();
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        errors.contains("cannot open the database of the services"),
        "{errors}"
    );
    assert!(errors.contains("Database.URL"), "{errors}");
    assert!(errors.contains("shared.sqlite"), "{errors}");
}
