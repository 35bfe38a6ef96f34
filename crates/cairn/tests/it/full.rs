//! A disk that is really full: a small file system of its own, mounted where nobody else sees it.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use cairn_testkit::fixture;
use cairn_testkit::http::Answer;
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::Repository;

/// Bytes of the file system.
const DISK: usize = 96 << 20;
/// Bytes of each file that is added.
const FILE: usize = 3 << 20;

/// Whether this system lets us mount something for ourselves.
fn can_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    tried.is_ok_and(|output| output.status.success())
}

/// A program like ours whose repository lies on a small disk of its own.
fn on_a_small_disk(directory: &tempfile::TempDir) -> Repository {
    let script = directory.path().join("cairn-on-a-small-disk");
    let text = format!(
        r#"#!/bin/sh
set -e
mkdir -p "$IPFS_PATH"
export IPFS_PATH
exec unshare -rm sh -ec '
  mount -t tmpfs -o size={DISK},mode=700 none "$IPFS_PATH"
  "$0" init --profile=test >/dev/null
  "$0" config Addresses.API /ip4/127.0.0.1/tcp/0
  "$0" config Addresses.Gateway /ip4/127.0.0.1/tcp/0
  exec "$0" "$@"
' "{binary}" "$@"
"#,
        binary = env!("CARGO_BIN_EXE_cairn")
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    Repository::absent(script).unwrap()
}

fn refused(answer: &Answer) -> bool {
    answer.status != 200 || answer.aborted || answer.trailers.contains_key("x-stream-error")
}

#[test]
fn a_full_disk_refuses_writes_and_still_serves_and_collects() {
    if !can_mount() {
        eprintln!("not tested: this system does not let us mount a file system for ourselves");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let repository = on_a_small_disk(&directory);
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());

    let content = |number: usize| fixture::stream(&format!("full {number}"), FILE);
    let mut added = Vec::new();
    let refusal = loop {
        assert!(added.len() * FILE < DISK, "the disk is never full");
        let data = content(added.len());
        let answer = rpc
            .request("add?quieter=true&progress=false", Some(&data))
            .unwrap();
        if refused(&answer) {
            break answer;
        }
        let line: serde_json::Value = serde_json::from_str(answer.text().trim()).unwrap();
        added.push(line["Hash"].as_str().unwrap().to_owned());
    };
    assert!(
        added.len() > 5,
        "{} files before the disk was full",
        added.len()
    );
    let told = format!("{} {:?}", refusal.text(), refusal.trailers);
    assert!(told.contains("full") || told.contains("space"), "{told}");

    // What is smaller may still fit, and then it is durable; at last that is refused too.
    let mut blocks = Vec::new();
    loop {
        assert!(blocks.len() < 64, "blocks always fit");
        let data = fixture::stream(&format!("block {}", blocks.len()), 256 << 10);
        let answer = rpc.request("block/put", Some(&data)).unwrap();
        if refused(&answer) {
            break;
        }
        let answer: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
        blocks.push((answer["Key"].as_str().unwrap().to_owned(), data));
    }
    for (cid, data) in &blocks {
        assert!(&rpc.block_get(cid).unwrap() == data, "{cid}");
    }
    for (number, cid) in added.iter().enumerate() {
        assert!(rpc.cat(cid).unwrap() == content(number), "{cid}");
    }
    assert!(
        rpc.recursive_pins()
            .unwrap()
            .is_superset(&added.iter().cloned().collect())
    );

    // Room comes back by unpinning and collecting, on the full disk.
    let (gone, kept) = added.split_at(added.len() / 2);
    for cid in gone {
        rpc.call(&format!("pin/rm?arg={cid}"), None).unwrap();
    }
    rpc.collect().unwrap();
    let again = rpc.add(&content(0), "").unwrap();
    assert_eq!(again, gone[0]);
    assert!(rpc.cat(&again).unwrap() == content(0));
    for (number, cid) in kept.iter().enumerate() {
        assert!(
            rpc.cat(cid).unwrap() == content(gone.len() + number),
            "{cid}"
        );
    }
    rpc.verify().unwrap();
}
