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
async fn a_declared_endpoint_is_a_command() {
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
            "no pin request has this id (404",
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
        (&["pins", "get", "none"][..], None, 2, "--service"),
        (
            &["pins", "get", "--service", service][..],
            None,
            2,
            "requestid",
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
