//! A few rounds of what `cargo xtask crash` does at length.

use std::time::Duration;

use cairn_testkit::crash::{self, Options};

#[test]
fn nothing_answered_is_lost_when_a_loaded_node_is_killed() {
    let options = Options {
        rounds: 3,
        seed: 20,
        ..Options::new(env!("CARGO_BIN_EXE_cairn"))
    };
    let report = crash::run(&options).unwrap();
    assert!(report.answered > 0, "{report}");
    let (_, longest) = report.reopening();
    assert!(longest < Duration::from_secs(5), "{report}");
}

#[test]
fn nothing_readable_is_taken_when_parts_of_a_repository_are_lost() {
    let options = Options {
        rounds: 20,
        seed: 1,
        ..Options::new(env!("CARGO_BIN_EXE_cairn"))
    };
    let report = crash::damage::run(&options).unwrap();
    assert_eq!(report.rounds, 20);
}

#[test]
fn no_pin_is_lost_when_peers_of_a_cluster_are_killed() {
    if cairn_testkit::postgres::installed_or_skip().is_none() {
        return;
    }
    let options = Options {
        rounds: 3,
        seed: 3,
        clients: 3,
        ..Options::new(env!("CARGO_BIN_EXE_cairn"))
    };
    let report = crash::cluster::run(&options).unwrap();
    assert_eq!((report.kills, report.outages), (3, 2), "{report}");
}
