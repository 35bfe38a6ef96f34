//! Runs the simulation of the block store over many seeds: `simulate --seeds N --from K`. Prints what fails; exits with 1
//! if anything did.

use std::process::ExitCode;

use cairn_store::block::segments::simulate;

fn number(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments
        .nth(1)
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

fn main() -> ExitCode {
    let (from, seeds) = (number("--from", 0), number("--seeds", 1000));
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let failed: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let seeds = (from..from + seeds).filter(|seed| seed % workers == worker);
                    seeds
                        .filter_map(|seed| simulate::run(seed).err())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|_| vec!["a worker panicked".to_owned()])
            })
            .collect()
    });
    for failure in &failed {
        println!("{failure}\n");
    }
    println!("{seeds} seeds from {from}: {} failed", failed.len());
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
