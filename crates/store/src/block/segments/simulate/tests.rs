use super::run;

/// Blocks that were lost with a segment came back after a restart, though a removal in between had been answered: nothing
/// was durable in the segment (the first three), or the removal found nothing to do (the last).
#[test]
fn seeds_that_failed_once() {
    // 106354: a sync failed, the process was killed, the next one replayed what the system still had in memory, and then
    // the power went.
    // 4215: the power went in the middle of a removal, and a put was answered from memory after that.
    for seed in [3555, 4215, 4750, 4814, 103_934, 106_354] {
        run(seed).unwrap_or_else(|what| panic!("{what}"));
    }
}

#[test]
fn sim() {
    let failed: Vec<String> = std::thread::scope(|scope| {
        let halves = [0u64, 1].map(|half| {
            scope.spawn(move || {
                (0..150)
                    .filter_map(|seed| run(2 * seed + half).err())
                    .collect::<Vec<_>>()
            })
        });
        halves
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
