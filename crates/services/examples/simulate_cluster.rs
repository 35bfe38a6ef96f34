//! Runs the simulation of the cluster over many seeds: `simulate_cluster --seeds N --from K`. Prints what fails; exits with 1 if
//! anything did. With `--log` it prints what happened.

use std::process::ExitCode;

#[path = "../tests/simulation/cluster/mod.rs"]
mod cluster;

fn number(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments
        .nth(1)
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// What some runs did.
#[derive(Default)]
struct Totals {
    acknowledged: u64,
    longest: std::time::Duration,
    failed: Vec<String>,
}

fn work(seeds: impl Iterator<Item = u64>, log: bool) -> Totals {
    let mut totals = Totals::default();
    for seed in seeds {
        match cluster::run(seed) {
            Ok(report) => {
                totals.acknowledged += report.acknowledged;
                totals.longest = totals.longest.max(report.settled);
                if log {
                    println!("{}", report.log.join("\n"));
                }
            }
            Err(error) => totals.failed.push(error),
        }
    }
    totals
}

fn main() -> ExitCode {
    let (from, seeds) = (number("--from", 0), number("--seeds", 1_000));
    let log = std::env::args().any(|argument| argument == "--log");
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let totals = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| {
                let seeds = (from..from + seeds).filter(move |seed| seed % workers == worker);
                scope.spawn(move || work(seeds, log))
            })
            .collect();
        let mut totals = Totals::default();
        for worker in workers {
            match worker.join() {
                Ok(found) => {
                    totals.acknowledged += found.acknowledged;
                    totals.longest = totals.longest.max(found.longest);
                    totals.failed.extend(found.failed);
                }
                Err(_) => totals.failed.push("a worker panicked".to_owned()),
            }
        }
        totals
    });
    for failure in &totals.failed {
        println!("{failure}\n");
    }
    println!(
        "{seeds} seeds from {from}: {} failed; {} operations acknowledged, all right at most {} s after the last fault",
        totals.failed.len(),
        totals.acknowledged,
        totals.longest.as_secs()
    );
    if totals.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
