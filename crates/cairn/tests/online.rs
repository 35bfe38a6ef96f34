//! The recordings of an online Kubo 0.42.0 with one peer, replayed against two daemons.

use cairn_testkit::recording::Set;
use cairn_testkit::replay::Replayer;
use cairn_testkit::server::{self, Daemon, Repository};
use serde_json::json;

/// The port of the other node in the recordings.
const PORT: &str = "24022";

/// A node as the recorded one: on loopback, with messages by topic, without bootstrap peers.
fn start() -> (Repository, Daemon) {
    let repository = server::recorded_repository(env!("CARGO_BIN_EXE_cairn")).unwrap();
    repository
        .configure(|config| {
            config["Addresses"]["Swarm"] = json!(["/ip4/127.0.0.1/tcp/0"]);
            config["Pubsub"]["Enabled"] = true.into();
            config["Bootstrap"] = json!([]);
            config["Discovery"]["MDNS"]["Enabled"] = false.into();
        })
        .unwrap();
    let daemon = repository.start(&[]).unwrap();
    (repository, daemon)
}

#[test]
fn an_online_node_answers_as_kubo() {
    let (_repository, daemon) = start();
    let (other, other_daemon) = start();
    let id = other.run(&["id", "-f", "<id>"]).unwrap().trim().to_owned();
    let listening = other.run(&["swarm", "addrs", "listen"]).unwrap();
    let address = listening
        .lines()
        .find(|line| line.starts_with("/ip4/127.0.0.1/tcp/"))
        .unwrap();
    let port = address.rsplit('/').next().unwrap();

    let set = Set::kubo_online().unwrap();
    let mut replayer = Replayer::new(&set, &daemon.rpc()).unwrap();
    replayer.know(&id, "<PEER>");
    replayer.know(address, "<PEERADDR>");
    let mut different = Vec::new();
    for recording in &set.recordings {
        let mut recording = recording.clone();
        recording.request.target = recording.request.target.replace(PORT, port);
        let outcome = replayer.run(&recording).unwrap();
        if !outcome.same() {
            different.push(outcome.to_string());
        }
    }
    assert!(
        different.is_empty(),
        "{} of {} answers differ:\n{}\n\nthe daemon said:\n{}\n\nthe other said:\n{}",
        different.len(),
        set.recordings.len(),
        different.join("\n"),
        daemon.log(),
        other_daemon.log()
    );
}
