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
