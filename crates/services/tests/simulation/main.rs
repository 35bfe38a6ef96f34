//! Some seeds of what `cargo xtask simulate --cluster` runs many of.

mod cluster;

#[test]
fn no_pin_is_lost_whatever_fails() {
    let mut failed = Vec::new();
    for seed in 0..50 {
        failed.extend(cluster::run(seed).err());
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let first = cluster::run(7).map(|report| report.log);
    let second = cluster::run(7).map(|report| report.log);
    assert!(first == second, "two runs of one seed differ");
}

#[test]
fn an_expired_pin_is_gone_within_a_minute() {
    cluster::expire().unwrap();
}
