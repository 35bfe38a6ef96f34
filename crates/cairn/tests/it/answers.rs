//! Answers that are cut off, and requests as real clients write them.

use std::process::Command;

use cairn_testkit::http;
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use serde_json::{Value, json};

use crate::support::ask;

/// Bytes of a leaf.
const LEAF: usize = 64 << 10;

/// A node with a file of four leaves, of which the one at this place is missing.
struct Holed {
    repository: Repository,
    daemon: Daemon,
    file: String,
}

impl Holed {
    fn start(missing: usize) -> Self {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        let daemon = repository.start(&["--offline"]).unwrap();
        let rpc = Rpc::new(&daemon.rpc());
        let content: Vec<u8> = (1..=4_u8).flat_map(|leaf| vec![leaf; LEAF]).collect();
        let options = format!("pin=false&raw-leaves=true&chunker=size-{LEAF}");
        let file = rpc.add(&content, &options).unwrap();
        let links = rpc.call(&format!("refs?arg={file}"), None).unwrap().text();
        let leaf: Value = serde_json::from_str(links.lines().nth(missing).unwrap()).unwrap();
        let leaf = leaf["Ref"].as_str().unwrap();
        rpc.call(&format!("block/rm?arg={leaf}"), None).unwrap();
        Self {
            repository,
            daemon,
            file,
        }
    }
}

#[test]
fn a_cut_answer_is_never_a_whole_one() {
    let holed = Holed::start(2);
    let file = &holed.file;
    for command in ["cat", "get", "dag/export"] {
        for headers in [&[][..], &[("TE", "trailers")]] {
            let target = format!("/api/v0/{command}?arg={file}");
            let answer = ask(&holed.daemon.rpc(), "POST", &target, headers);
            assert_eq!((answer.status, answer.aborted), (200, true), "{command}");
            assert!(answer.body.len() > LEAF, "{command}");
        }
        // curl tells by its exit code, and so does the command line, with a daemon and without.
        let url = format!("{}/api/v0/{command}?arg={file}", holed.daemon.rpc());
        for te in ["X-Nothing: 1", "TE: trailers"] {
            let curl = Command::new("curl")
                .args(["-s", "-o", "/dev/null", "-X", "POST", "-H", te, &url])
                .status();
            if let Ok(status) = curl {
                assert_eq!(status.code(), Some(18), "{command}");
            }
        }
    }
    let car = ask(
        &holed.daemon.gateway().unwrap(),
        "GET",
        &format!("/ipfs/{file}?format=car"),
        &[],
    );
    assert_eq!((car.status, car.aborted), (200, true));
    let folder = tempfile::tempdir().unwrap();
    let exits = |note: &str| {
        for arguments in [&["cat"][..], &["get"], &["dag", "export"]] {
            let mut command = holed.repository.command();
            command.current_dir(folder.path());
            let output = command.args(arguments).arg(file).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{note} {arguments:?}");
            assert!(!output.stderr.is_empty(), "{note} {arguments:?}");
        }
    };
    exits("daemon");
    holed
        .daemon
        .terminate(std::time::Duration::from_secs(20))
        .unwrap();
    exits("alone");
}

#[test]
fn the_gateway_answers_with_a_status_and_with_what_is_here() {
    let target = |file: &str| format!("/ipfs/{file}");
    let range = |from: usize, to: usize| format!("bytes={from}-{to}");

    let holed = Holed::start(0);
    let gateway = holed.daemon.gateway().unwrap();
    let whole = ask(&gateway, "GET", &target(&holed.file), &[]);
    assert_eq!(whole.status, 404);
    assert!(whole.text().contains("not found") || whole.text().contains("could not find"));
    let here = range(LEAF, 2 * LEAF + 9);
    let part = ask(&gateway, "GET", &target(&holed.file), &[("Range", &here)]);
    assert_eq!(part.status, 206, "{}", part.text());
    assert_eq!(part.body[..LEAF], [2; LEAF]);
    assert_eq!(part.body[LEAF..], [3; 10]);
    let gone = range(5, LEAF - 1);
    let part = ask(&gateway, "GET", &target(&holed.file), &[("Range", &gone)]);
    assert_eq!(part.status, 404);

    // What was promised and cannot be delivered is cut off after its head.
    let holed = Holed::start(1);
    let gateway = holed.daemon.gateway().unwrap();
    let authority = http::authority(&gateway).unwrap();
    let mut client = std::net::TcpStream::connect(authority).unwrap();
    use std::io::{Read as _, Write as _};
    write!(
        client,
        "GET {} HTTP/1.1\r\nHost: x\r\n\r\n",
        target(&holed.file)
    )
    .unwrap();
    let mut said = Vec::new();
    let _ = client.read_to_end(&mut said);
    assert!(said.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(said.ends_with(&[1; LEAF]));
}

#[test]
fn paths_are_cleaned_before_anyone_looks_at_them() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    repository
        .configure(|config| {
            config["API"]["Authorizations"] = json!({
                "reader": { "AuthSecret": "bearer:r", "AllowedPaths": ["/api/v0/cat"] }
            });
        })
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = daemon.rpc();
    for (target, location) in [
        ("//api/v0/version", "/api/v0/version"),
        ("/api/v0//version?arg=a%2Fb", "/api/v0/version?arg=a%2Fb"),
        ("/api/v0/./config/show", "/api/v0/config/show"),
        ("/api/v0/cat/../config/show", "/api/v0/config/show"),
        ("/api/v0/cat//../config/show", "/api/v0/config/show"),
        ("/api/v0", "/api/v0/"),
    ] {
        let answer = ask(&rpc, "POST", target, &[("Authorization", "Bearer r")]);
        let to = answer.header("location").map(str::to_owned);
        assert_eq!((answer.status, to.as_deref()), (307, Some(location)));
    }
    for (target, status) in [
        ("/api/v0/version", 200),
        ("/api/v0/%76ersion", 200),
        ("/api/v0/config/show", 403),
        ("/api/v0/%63onfig/show", 403),
        ("/api/v0/config%2Fshow", 403),
        ("/api/v0/Cat/x", 403),
        ("/API/v0/config/show", 404),
        ("/api%2Fv0/config/show", 404),
        ("/api/v0/cat%2F..%2Fconfig%2Fshow", 404),
        ("/api/v0/cat/%2e%2e/config/show", 404),
    ] {
        let answer = ask(&rpc, "POST", target, &[("Authorization", "Bearer r")]);
        assert_eq!(answer.status, status, "{target}");
    }
    let gateway = daemon.gateway().unwrap();
    let answer = ask(&gateway, "GET", "//ipfs//bafkqabtimvwgy3yk", &[]);
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), Some("/ipfs/bafkqabtimvwgy3yk"));
}

#[test]
fn requests_of_real_clients_are_answered() {
    let holed = Holed::start(1);
    let rpc = holed.daemon.rpc();
    // A switch without a value is on.
    for (target, streamed) in [
        ("pin/ls?stream", true),
        ("pin/ls?stream=", true),
        ("pin/ls", false),
    ] {
        Rpc::new(&rpc).add(b"pinned", "").unwrap();
        let answer = ask(&rpc, "POST", &format!("/api/v0/{target}"), &[]);
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        assert_eq!(answer.text().contains("\"Cid\""), streamed, "{target}");
    }
    // Proxies add fields.
    let fields: Vec<(String, String)> = (0..150)
        .map(|at| {
            (
                format!("X-Forwarded-{at}"),
                "a value like any other one".to_owned(),
            )
        })
        .collect();
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(ask(&rpc, "POST", "/api/v0/version", &fields).status, 200);
    // A time that has passed ends what is always ready.
    let answer = ask(&rpc, "POST", "/api/v0/repo/ls?timeout=1ns", &[]);
    assert!(answer.status == 500 || answer.aborted, "{}", answer.text());
    assert!(answer.text().contains("context deadline exceeded"));
}
