//! The commands `cluster …` against a peer.

use std::fs;
use std::process::Output;

use serde_json::Value;

use super::rest::{PASSWORD, Peer, USER};

const HELLO: &str = "bafkreibvqx7zfimqvdochwq4fxpbzxkgmliobmk242fnattdlwijoqs32a";
const UNKNOWN: &str = "bafkreidroxz5mofhok7e5ebwrf4vo5uyuvvnsw2klas4p65j3y4vcdlhvy";

/// Runs a command with the peer named behind one that is not there.
fn run(peer: &Peer, words: &[&str]) -> Output {
    let mut command = peer.repository.command();
    command
        .env(
            "CAIRN_CLUSTER_HOST",
            format!("http://127.0.0.1:1,{}", peer.url),
        )
        .env("CLUSTER_CREDENTIALS", format!("{USER}:{PASSWORD}"))
        .arg("cluster")
        .args(words);
    command.output().unwrap()
}

/// What a command prints.
fn printed(peer: &Peer, words: &[&str]) -> String {
    let output = run(peer, words);
    let text = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {text}{told}");
    text
}

/// The records that a command prints with `--json`.
fn records(peer: &Peer, words: &[&str]) -> Vec<Value> {
    let text = printed(peer, &[words, &["--json"]].concat());
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Why a command fails.
fn refused(peer: &Peer, words: &[&str]) -> String {
    let output = run(peer, words);
    assert!(!output.status.success(), "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn content_is_added_pinned_listed_and_unpinned() {
    let peer = Peer::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hello.txt");
    fs::write(&file, "hello golden\n").unwrap();
    fs::create_dir_all(folder.path().join("dir/sub")).unwrap();
    fs::write(folder.path().join("dir/sub/b.txt"), "b").unwrap();
    fs::write(folder.path().join("dir/.hidden"), "h").unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();

    // A file, with all options of pins.
    let words = [
        "add",
        &path("hello.txt"),
        "--cid-version=1",
        "--name=greeting",
    ];
    let options = ["--metadata", "kind=test", "--expire-in=24h", "--wait"];
    let added = printed(&peer, &[words.as_slice(), &options].concat());
    assert_eq!(added, format!("added {HELLO} hello.txt\n"));
    let pin = &records(&peer, &["pin", "ls", HELLO])[0];
    assert_eq!(pin["name"], "greeting");
    assert_eq!(pin["metadata"]["kind"], "test");
    assert_ne!(pin["expire_at"], "0001-01-01T00:00:00Z");
    let status = printed(&peer, &["status", HELLO]);
    assert!(
        status.starts_with(&format!("{HELLO} greeting\n")),
        "{status}"
    );
    assert!(status.contains(" pinned "), "{status}");

    // A directory, without hidden files unless they are asked for.
    let quiet = printed(&peer, &["add", "-r", "-Q", &path("dir")]);
    let names: Vec<_> = records(&peer, &["add", "-r", &path("dir")])
        .into_iter()
        .map(|added| added["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["dir/sub/b.txt", "dir/sub", "dir"]);
    let all = printed(
        &peer,
        &["add", "-r", "-H", "-Q", "--no-stream", &path("dir")],
    );
    assert_ne!(quiet, all);
    let several = printed(&peer, &["add", "-r", &path("dir"), &path("hello.txt")]);
    assert!(
        several.lines().last().unwrap().starts_with("added "),
        "{several}"
    );
    assert!(several.contains("added Qm"), "{several}");

    // A CAR.
    let car = peer
        .repository
        .output(&["dag", "export", quiet.trim()], b"");
    fs::write(folder.path().join("dir.car"), car.unwrap().stdout).unwrap();
    let words = ["add", "--format=car", "-q", &path("dir.car")];
    assert_eq!(printed(&peer, &words), quiet);

    // Paths, updates, lists.
    let root = quiet.trim();
    let inner = records(
        &peer,
        &["pin", "add", &format!("/ipfs/{root}/sub"), "--no-status"],
    );
    let inner = inner[0]["cid"].as_str().unwrap().to_owned();
    let updated = records(
        &peer,
        &["pin", "update", HELLO, &inner, "--no-status", "--wait"],
    );
    assert_eq!(updated[0]["name"], "greeting");
    assert_eq!(updated[0]["pin_update"], HELLO);
    let listed = printed(&peer, &["pin", "ls"]);
    assert!(listed.starts_with("CID "), "{listed}");
    let pins = records(&peer, &["pin", "ls", "--filter", "pin"]).len();
    assert_eq!(listed.lines().count(), pins + 1);
    assert_eq!(records(&peer, &["status"]).len(), pins);
    assert!(records(&peer, &["status", "--filter=error,remote"]).is_empty());
    assert_eq!(records(&peer, &["status", HELLO, UNKNOWN]).len(), 2);
    assert_eq!(records(&peer, &["recover", HELLO])[0]["cid"], HELLO);

    // Gone.
    printed(&peer, &["pin", "rm", HELLO, "--wait"]);
    let error = refused(&peer, &["pin", "rm", HELLO]);
    assert!(error.contains("pin is not part of the pinset"), "{error}");
    refused(&peer, &["pin", "ls", HELLO]);

    // The name of a part is percent-encoded, unless it cannot be.
    let added = peer.add_all("100%+1", b"x", "");
    assert_eq!(added.last().unwrap()["name"], "100%+1");
}

#[test]
fn peers_metrics_and_errors_are_shown() {
    let peer = Peer::start(&[("PeerName", "one".into())]);
    let id = records(&peer, &["id"]).remove(0);
    assert_eq!(id["peername"], "one");
    let peers = printed(&peer, &["peers", "ls"]);
    assert!(peers.contains(id["id"].as_str().unwrap()), "{peers}");
    assert!(printed(&peer, &["id"]).contains("one"));
    assert_eq!(
        printed(&peer, &["version"]).trim(),
        records(&peer, &["version"])[0]["version"]
    );
    assert!(printed(&peer, &["health", "metrics"]).contains("freespace\n"));
    let space = printed(&peer, &["health", "metrics", "freespace"]);
    assert!(
        space.contains("GB") || space.contains("TB") || space.contains("MB"),
        "{space}"
    );
    assert!(printed(&peer, &["health", "graph"]).starts_with("digraph cluster {\n"));
    printed(&peer, &["health", "alerts"]);
    printed(&peer, &["health", "bandwidth"]);
    printed(&peer, &["health", "check"]);
    assert!(printed(&peer, &["ipfs", "gc", "-q"]).contains("one: "));

    // A token instead of the password.
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, printed(&peer, &["token"])).unwrap();
    let mut command = peer.repository.command();
    command.args(["cluster", "id", "--host", &peer.url, "--token-file"]);
    assert!(command.arg(&token).status().unwrap().success());

    // Errors.
    let mut command = peer.repository.command();
    let output = command
        .args(["cluster", "id", "--host", &peer.url])
        .output();
    let error = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(error.contains("no auth provided"), "{error}");
    assert!(error.contains("CLUSTER_CREDENTIALS"), "{error}");
    let mut command = peer.repository.command();
    command.args(["cluster", "id", "--host", "http://127.0.0.1:1"]);
    let error = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(
        error.contains("cannot connect to http://127.0.0.1:1"),
        "{error}"
    );
    let error = refused(&peer, &["pin", "add", UNKNOWN, "--origins", "x"]);
    assert!(error.contains("multiaddr"), "{error}");
    refused(&peer, &["pin", "add", "nonsense"]);
    refused(&peer, &["status", "--filter", "nonsense"]);
    // What is not pinned would be waited for without end.
    let error = refused(&peer, &["add", "nosuch", "--no-pin", "--wait"]);
    assert!(error.contains("--no-pin"), "{error}");
}
