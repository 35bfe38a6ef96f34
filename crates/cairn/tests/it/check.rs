//! `check`: whether others can fetch content, told by two daemons.

use cairn_testkit::server::{self, Daemon, Repository};
use cairn_testkit::wait;
use serde_json::Value;

/// A node that only connects to peers on this machine, and finds them by its DHT of the local network.
fn start() -> (Repository, Daemon) {
    let repository = server::recorded_repository(env!("CARGO_BIN_EXE_cairn")).unwrap();
    repository
        .configure(|config| {
            config["Routing"]["Type"] = "dht".into();
            config["Provide"]["Strategy"] = "roots".into();
        })
        .unwrap();
    let daemon = repository.start(&[]).unwrap();
    (repository, daemon)
}

fn address(node: &Repository) -> String {
    let listening = node.run(&["swarm", "addrs", "listen"]).unwrap();
    let mut lines = listening.lines();
    let address = lines.find(|line| line.starts_with("/ip4/127.0.0.1/tcp/"));
    let id = node.run(&["id", "-f", "<id>"]).unwrap();
    format!("{}/p2p/{}", address.unwrap(), id.trim())
}

/// Waits until what a command prints fulfils a condition.
fn wait_until(node: &Repository, arguments: &[&str], holds: impl Fn(&str) -> bool) {
    let held = wait::until(|| holds(&node.run(arguments).unwrap()));
    assert!(held, "{arguments:?}");
}

/// Waits until a node has a peer in its routing table.
fn wait_for_peer(node: &Repository) {
    wait_until(node, &["stats", "dht", "lan"], |table| {
        table.contains("12D3Koo")
    });
}

/// The steps of a check, and whether it succeeded.
fn check(node: &Repository, arguments: &[&str]) -> (bool, Vec<(String, String)>, String) {
    let arguments: Vec<_> = ["check", "--json"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let output = node.output(&arguments, b"").unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let steps = text.lines().map(|line| {
        let step: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
        (text("Step"), text("Status"))
    });
    let steps = steps.collect();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), steps, text + &errors)
}

fn status<'a>(steps: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let step = steps.iter().find(|(step, _)| step == name);
    step.map(|(_, status)| status.as_str())
}

#[test]
fn a_check_tells_which_step_fails() {
    let (provider, provider_daemon) = start();
    let (reader, _reader_daemon) = start();
    let content = provider.path().join("content");
    std::fs::write(&content, b"checked content").unwrap();
    let add = ["add", "-Q", "--pin=false", content.to_str().unwrap()];
    let cid = provider.run(&add).unwrap().trim().to_owned();

    // Nobody is connected: a provider that is named is asked all the same, and the one that is not stays unknown.
    let (found, steps, shown) = check(&reader, &[&cid]);
    assert!(!found, "{shown}");
    assert_eq!(status(&steps, "stored"), Some("skipped"), "{shown}");
    assert_eq!(status(&steps, "announced"), Some("unknown"), "{shown}");
    let via = address(&provider);
    let (found, steps, shown) = check(&reader, &[&cid, "--via", &via]);
    assert!(found, "{shown}");
    let all = ["connected", "offered", "result"].map(|step| (step.to_owned(), "ok".to_owned()));
    assert_eq!(steps, all, "{shown}");
    let other = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    let (found, steps, shown) = check(&reader, &[other, "--via", &via]);
    assert!(!found, "{shown}");
    assert_eq!(status(&steps, "offered"), Some("failed"), "{shown}");

    // They are connected, but the content is not announced.
    reader.run(&["swarm", "connect", &via]).unwrap();
    wait_for_peer(&reader);
    wait_for_peer(&provider);
    let (found, steps, shown) = check(&reader, &[&cid]);
    assert!(!found, "{shown}");
    assert_eq!(status(&steps, "announced"), Some("failed"), "{shown}");
    let (found, steps, shown) = check(&provider, &[&cid]);
    assert!(!found, "{shown}");
    assert_eq!(status(&steps, "stored"), Some("ok"), "{shown}");
    assert_eq!(status(&steps, "announced"), Some("failed"), "{shown}");
    assert!(shown.contains(&format!("routing provide {cid}")), "{shown}");

    // It is announced: the reader finds and can fetch it.
    provider.run(&["routing", "provide", &cid]).unwrap();
    let (found, steps, shown) = check(&reader, &[&cid]);
    assert!(found, "{shown}");
    assert_eq!(status(&steps, "offered"), Some("ok"), "{shown}");
    // Nodes such as the reader do not name a provider to itself, so it cannot tell whether others have its record.
    let (_, steps, shown) = check(&provider, &["-r", &cid]);
    assert_eq!(status(&steps, "stored"), Some("ok"), "{shown}");
    assert_eq!(status(&steps, "announced"), Some("unknown"), "{shown}");
    assert!(shown.contains("this node has announced it"), "{shown}");
    // No peer on this machine can tell whether it is reachable from the internet.
    assert_ne!(status(&steps, "reachable"), Some("ok"), "{shown}");

    // The provider has gone.
    provider_daemon.kill().unwrap();
    wait_until(&reader, &["swarm", "peers"], str::is_empty);
    let (found, steps, shown) = check(&reader, &[&cid]);
    assert!(!found, "{shown}");
    assert_eq!(status(&steps, "connected"), Some("failed"), "{shown}");
    assert_eq!(status(&steps, "result"), Some("failed"), "{shown}");

    let lines = reader.output(&["check", &cid, "--via", &via], b"").unwrap();
    assert!(!lines.status.success());
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert!(lines.contains("connected  failed"), "{lines}");
}
