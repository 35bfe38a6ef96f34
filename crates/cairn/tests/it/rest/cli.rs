//! The command of a declared endpoint, run against a server that answers it.

use std::process::{Command, Output, Stdio};

use super::{TOKEN, pin, router};

/// A server of the API, below a path as services have it.
async fn server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let below = axum::Router::new().nest("/psa", router());
    tokio::spawn(async move { axum::serve(listener, below).await });
    format!("http://{address}/psa/")
}

async fn cairn(arguments: &[&str], token: Option<&str>) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null());
    if let Some(token) = token {
        command.env("CAIRN_SERVICE_TOKEN", token);
    }
    tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn a_record_is_a_table_or_json() {
    let service = server().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let file = file.to_str().unwrap();

    let get = ["pins", "get", "known/1", "--service", service.as_str()];
    let by_file = [&get[..], &["--token-file", file]].concat();
    let output = cairn(&by_file, Some("another")).await;
    assert!(output.status.success(), "{output:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    for line in [
        "requestid  known/1\n",
        "status     pinned\n",
        "pin.cid    bafkqabtimvwgy3yk\n",
    ] {
        assert!(table.contains(line), "{line} is missing in {table}");
    }

    let output = cairn(&[&get[..], &["--json"]].concat(), Some(TOKEN)).await;
    assert!(output.status.success(), "{output:?}");
    let record: cairn_wire::pinning::PinStatus = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record, pin("known/1"));
    assert_eq!(
        output.stdout.iter().filter(|byte| **byte == b'\n').count(),
        1
    );
}

#[tokio::test]
async fn refusals_and_wrong_command_lines_are_told() {
    let service = server().await;
    let service = service.as_str();
    for (arguments, token, code, text) in [
        (
            &["pins", "get", "none", "--service", service][..],
            Some(TOKEN),
            1,
            "no pin request has this id",
        ),
        (
            &["pins", "get", "none", "--service", service][..],
            None,
            1,
            "--token-file",
        ),
        (
            &["pins", "get", "none", "--service", "here"][..],
            None,
            2,
            "--service: ",
        ),
        (&["pins", "get", "none"][..], None, 1, "--service"),
        (
            &["pins", "get", "--service", service][..],
            None,
            2,
            "REQUESTID",
        ),
        (
            &[
                "pins",
                "get",
                "a",
                "--service",
                service,
                "--token-file",
                "/nonexistent",
            ][..],
            None,
            1,
            "/nonexistent",
        ),
    ] {
        let output = cairn(arguments, token).await;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(text), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn pin_requests_are_listed_added_and_removed() {
    let service = server().await;
    let run = async |arguments: &[&str]| {
        let all = [arguments, &["--service", service.as_str()]].concat();
        let output = cairn(&all, Some(TOKEN)).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let row = "known/1\tpinned\t2026-07-27T17:32:28.276Z\tbafkqabtimvwgy3yk\t\n";
    assert_eq!(run(&["pins", "ls", "--limit", "1"]).await, row);
    assert_eq!(run(&["pins", "ls", "--count"]).await, "7\n");
    assert_eq!(
        run(&["pins", "stat", "--json"]).await,
        "{\"queued\":7,\"pinning\":7,\"pinned\":7,\"failed\":7}\n"
    );
    let filtered = [
        "pins",
        "ls",
        "--limit",
        "1",
        "--json",
        "--name",
        "n",
        "--match",
        "ipartial",
        "--status",
        "failed,queued",
        "--cid",
        "/ipfs/bafkqabtimvwgy3yk",
        "--meta",
        "k=v=w",
        "--before",
        "2026-01-31",
        "--after",
        "2026-01-01T01:00:00+01:00",
    ];
    let listed: cairn_wire::pinning::PinStatus =
        serde_json::from_str(&run(&filtered).await).unwrap();
    let asked = &listed.info["asked"];
    for expected in [
        "cid: [\"bafkqabtimvwgy3yk\"]",
        "name: Some(\"n\")",
        "IPartial",
        "status: [Queued, Failed]",
        "2026-01-31T00:00:00.000Z",
        "2026-01-01T00:00:00.000Z",
        "\"k\": \"v=w\"",
    ] {
        assert!(asked.contains(expected), "{expected} is not in {asked}");
    }
    let added = [
        "pins",
        "add",
        "ipfs://bafkqabtimvwgy3yk",
        "--name",
        "n",
        "--meta",
        "a=b",
        "--json",
        "--origin",
        "/ip4/203.0.113.1/tcp/4001/p2p/12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d",
    ];
    let added: cairn_wire::pinning::PinStatus = serde_json::from_str(&run(&added).await).unwrap();
    assert_eq!(added.requestid, "new");
    assert_eq!(added.pin.name.as_deref(), Some("n"));
    assert_eq!(added.pin.meta["a"], "b");
    assert_eq!(added.pin.origins.len(), 1);
    let replaced = run(&["pins", "replace", "known/1", "bafkqabtimvwgy3yk"]).await;
    assert!(
        replaced.contains("requestid  known/1-replaced\n"),
        "{replaced}"
    );
    let waited = run(&["pins", "wait", "known/1", "--json"]).await;
    assert!(waited.contains("\"pinned\""), "{waited}");
    assert_eq!(run(&["pins", "rm", "a", "b"]).await, "a\nb\n");
}

#[tokio::test]
async fn tokens_come_from_files_and_commands() {
    let service = server().await;
    let get = ["pins", "get", "known/1", "--service", service.as_str()];
    for (option, value, code) in [
        ("--token", TOKEN.to_owned(), 0),
        ("--token-command", format!("echo {TOKEN}"), 0),
        ("--token-command", "exit 3".to_owned(), 1),
        ("--token-command", "true".to_owned(), 1),
    ] {
        let arguments = [&get[..], &[option, &value]].concat();
        let output = cairn(&arguments, Some("another")).await;
        assert_eq!(output.status.code(), Some(code), "{value}: {output:?}");
    }
}
