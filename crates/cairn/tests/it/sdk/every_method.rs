//! The program that calls every method of the SDK, and whether it does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Server;
use super::examples::every_method;

/// Methods that fail on an offline node without optional features, in the order of the calls. All but `dns` fail on an offline Kubo
/// as well; `dns` asks for a domain that does not exist.
const FAIL: &[&str] = &[
    "version_check",
    "mount",
    "names.pubsub_subs",
    "names.pubsub_cancel",
    "dns",
    "routing.get",
    "dht.put",
    "dht.get",
    "stats.bw",
    "stats.dht",
    "stats.bitswap",
    "stats.provide",
    "id_of",
    "ping",
    "check",
    "swarm.addrs",
    "swarm.autonat",
    "swarm.listen_addrs",
    "swarm.local_addrs",
    "swarm.connect",
    "swarm.add_filters",
    "swarm.filters",
    "swarm.rm_filters",
    "swarm.add_peering",
    "swarm.peering",
    "swarm.rm_peering",
    "swarm.peers",
    "swarm.resources",
    "routing.findpeer",
    "routing.findprovs",
    "routing.provide",
    "routing.reprovide",
    "dht.findpeer",
    "dht.findprovs",
    "dht.provide",
    "dht.query",
    "pubsub.ls",
    "pubsub.peers",
    "pubsub.peers_of",
    "pubsub.publish",
    "pubsub.subscribe",
    "bitswap.stat",
    "bitswap.wantlist",
    "bitswap.ledger",
    "provide.stat",
    "provide.once",
    "p2p.listen",
    "p2p.forward",
    "p2p.ls",
    "p2p.streams",
    "p2p.close_stream",
    "p2p.close",
    "remote_pins.add",
    "remote_pins.ls",
    "remote_pins.rm",
];

fn sources() -> Vec<PathBuf> {
    let src = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../client/src"));
    let mut files: Vec<PathBuf> = fs::read_dir(src.join("groups"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for file in ["kubo/add.rs", "kubo/json.rs", "workarounds.rs"] {
        files.push(src.join(file));
    }
    files
}

/// The methods of a file: those of groups with the group's name, and those of the client.
fn methods(file: &Path) -> Vec<String> {
    let source = fs::read_to_string(file).unwrap();
    let mut groups = Vec::new();
    for group in source.split("\ngroup! {").skip(1) {
        let names = group
            .lines()
            .find(|line| line.starts_with("    ") && !line.contains("///"))
            .unwrap();
        let (name, method) = names.trim().split_once(", ").unwrap();
        groups.push((format!("impl {name}<'_> {{"), format!("{method}.")));
    }
    groups.push(("impl Kubo {".to_owned(), String::new()));
    let mut found = Vec::new();
    for (head, prefix) in groups {
        let Some((_, body)) = source.split_once(&format!("\n{head}\n")) else {
            continue;
        };
        let (body, _) = body.split_once("\n}\n").unwrap();
        let names = body.lines().filter_map(|line| {
            let line = line.strip_prefix("    pub ")?;
            let name = line.strip_prefix("async ").unwrap_or(line);
            let (name, _) = name.strip_prefix("fn ")?.split_once(['(', '<'])?;
            Some(format!("{prefix}{name}"))
        });
        found.extend(names);
    }
    found
}

#[tokio::test]
async fn every_method_is_called() {
    let server = Server::start().await;
    let mut report = every_method::run(&server.kubo).await.unwrap();
    report.call("stop", server.kubo.stop()).await;
    let called: BTreeSet<&str> = report.outcomes().iter().map(|(name, _)| *name).collect();
    assert_eq!(called.len(), report.outcomes().len(), "one is called twice");
    let mut declared: BTreeSet<String> = sources()
        .iter()
        .flat_map(|source| methods(source))
        .collect();
    declared.insert("check_version".to_owned());
    assert!(declared.len() > 150, "{declared:?}");
    let left_out: Vec<_> = declared
        .iter()
        .filter(|name| !called.contains(name.as_str()))
        .collect();
    assert!(left_out.is_empty(), "not called: {left_out:?}");
    let unknown: Vec<_> = called
        .iter()
        .filter(|name| !declared.contains(**name))
        .collect();
    assert!(unknown.is_empty(), "no methods: {unknown:?}");

    let failed: Vec<_> = report
        .outcomes()
        .iter()
        .filter(|(_, outcome)| outcome != "ok")
        .collect();
    let names: Vec<_> = failed.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, FAIL, "{failed:#?}");
}
