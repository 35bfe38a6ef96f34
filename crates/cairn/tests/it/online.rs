//! Two daemons: the recordings of an online Kubo 0.42.0 with one peer, tunnels, IPNS by topic, and what the CLI tells of peers.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};

use cairn_testkit::recording::Set;
use cairn_testkit::replay::Replayer;
use cairn_testkit::server::{self, Daemon, Repository};
use serde_json::Value;

/// The port of the other node in the recordings.
const PORT: &str = "24022";

/// A node as the recorded one: on loopback, with messages by topic, without bootstrap peers.
fn start() -> (Repository, Daemon) {
    let repository = server::recorded_repository(env!("CARGO_BIN_EXE_cairn")).unwrap();
    repository
        .configure(|config| {
            config["Pubsub"]["Enabled"] = true.into();
            config["Ipns"]["UsePubsub"] = true.into();
            config["Experimental"]["Libp2pStreamMounting"] = true.into();
        })
        .unwrap();
    let daemon = repository.start(&[]).unwrap();
    (repository, daemon)
}

fn id(node: &Repository) -> String {
    node.run(&["id", "-f", "<id>"]).unwrap().trim().to_owned()
}

/// Where a node listens.
fn address(node: &Repository) -> String {
    let listening = node.run(&["swarm", "addrs", "listen"]).unwrap();
    let mut lines = listening.lines();
    let address = lines.find(|line| line.starts_with("/ip4/127.0.0.1/tcp/"));
    address.unwrap().to_owned()
}

fn connect(from: &Repository, to: &Repository) {
    let address = format!("{}/p2p/{}", address(to), id(to));
    from.run(&["swarm", "connect", &address]).unwrap();
}

#[test]
fn an_online_node_answers_as_kubo() {
    let (_repository, daemon) = start();
    let (other, other_daemon) = start();
    let id = id(&other);
    let address = &address(&other);
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

#[test]
fn a_service_is_reached_through_a_peer() {
    let (server, _server_daemon) = start();
    let (client, _client_daemon) = start();
    connect(&client, &server);
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!(
        "/ip4/127.0.0.1/tcp/{}",
        service.local_addr().unwrap().port()
    );
    std::thread::spawn(move || {
        let (mut connection, _) = service.accept().unwrap();
        let mut all = Vec::new();
        connection.read_to_end(&mut all).unwrap();
        all.reverse();
        connection.write_all(&all).unwrap();
    });
    server
        .run(&["p2p", "listen", "/x/reverse", &target])
        .unwrap();
    let refused = server.run(&["p2p", "listen", "/x/reverse", &target]);
    assert!(format!("{:#}", refused.unwrap_err()).contains("listener already registered"));
    let refused = server.run(&["p2p", "listen", "/y/reverse", &target]);
    assert!(format!("{:#}", refused.unwrap_err()).contains("must be within '/x/' namespace"));

    let peer = format!("/p2p/{}", id(&server));
    client
        .run(&[
            "p2p",
            "forward",
            "/x/reverse",
            "/ip4/127.0.0.1/tcp/0",
            &peer,
        ])
        .unwrap();
    let listed = client.run(&["p2p", "ls"]).unwrap();
    let words: Vec<_> = listed.split_whitespace().collect();
    let [protocol, listen, target] = words[..] else {
        panic!("{listed}");
    };
    assert_eq!((protocol, target), ("/x/reverse", &*peer));
    let port: u16 = listen.rsplit('/').next().unwrap().parse().unwrap();
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.write_all(b"forwards").unwrap();
    connection.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "sdrawrof");

    assert_eq!(
        client.run(&["p2p", "close", "--all"]).unwrap(),
        "Closed 1 stream(s)\n"
    );
    assert_eq!(
        server.run(&["p2p", "close", "-p", "/x/other"]).unwrap(),
        "Closed 0 stream(s)\n"
    );
    assert_eq!(client.run(&["p2p", "ls"]).unwrap(), "");
}

#[test]
fn a_name_is_resolved_by_topic() {
    let (publisher, _publisher_daemon) = start();
    let (reader, _reader_daemon) = start();
    connect(&reader, &publisher);
    assert_eq!(
        reader.run(&["name", "pubsub", "state"]).unwrap(),
        "enabled\n"
    );
    publisher
        .run(&["name", "publish", "--allow-offline", "/ipfs/bafkqaaa"])
        .unwrap();
    let name = id(&publisher);
    let resolved = reader
        .run(&["name", "resolve", "--nocache", &name])
        .unwrap();
    assert_eq!(resolved, "/ipfs/bafkqaaa\n");
    let subscribed = reader
        .run(&["name", "pubsub", "subs", "--ipns-base", "b58mh"])
        .unwrap();
    assert_eq!(subscribed, format!("/ipns/{name}\n"));
    assert_eq!(
        reader.run(&["name", "pubsub", "cancel", &name]).unwrap(),
        "canceled\n"
    );
    assert_eq!(
        reader.run(&["name", "pubsub", "cancel", &name]).unwrap(),
        "no subscription\n"
    );
    assert_eq!(reader.run(&["name", "pubsub", "subs"]).unwrap(), "");
}

#[test]
fn the_status_is_told() {
    let (node, daemon) = start();
    let (other, _other_daemon) = start();
    connect(&node, &other);
    let lines = node.run(&["status"]).unwrap();
    assert_eq!(lines.lines().count(), 14, "{lines}");
    assert!(
        lines.contains("Peers:       1 connected, 1 of them by this node"),
        "{lines}"
    );
    let status: Value = serde_json::from_str(&node.run(&["status", "--json"]).unwrap()).unwrap();
    assert_eq!(status["ID"], id(&node));
    assert_eq!(status["Network"]["Connected"], 1);
    // What a program reads has Kubo's lines.
    let peers = node.run(&["swarm", "peers"]).unwrap();
    assert_eq!(peers, format!("{}/p2p/{}\n", address(&other), id(&other)));
    drop(daemon);
    let lines = node.run(&["status"]).unwrap();
    assert_eq!(lines.lines().count(), 14, "{lines}");
    assert!(lines.contains("Cluster:     not listening"), "{lines}");
    assert!(
        lines.contains("Reachable:   no: the node is offline"),
        "{lines}"
    );
}
