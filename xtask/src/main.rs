//! The repository's own tasks: `cargo xtask TASK`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod clients;
mod conformance;
mod crash;
mod fuzz;
mod layers;
mod pins;
mod process;
mod recordings;
mod simulate;
mod size;
mod test;
mod together;

/// The repository's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Everything that a change must pass: formatting, lints, all tests.
    Test(test::Options),
    /// How fast it is: the micro-benchmarks, then whole processes.
    Bench(bench::Options),
    /// How fast pin requests are made and listed, in SQLite and in PostgreSQL.
    Pins(pins::Options),
    /// The client libraries that programs use, against the program; installs them first.
    Clients(clients::Options),
    /// The conformance suite of gateways, against the program; builds it first, with Go.
    Conformance(conformance::Options),
    /// Kills a loaded node again and again and checks that nothing answered was lost.
    Crash(crash::Options),
    /// Runs the simulation of the block store, or of the cluster, over many seeds.
    Simulate(simulate::Options),
    /// Feeds the decoders what a fuzzer finds.
    Fuzz(fuzz::Options),
    /// Prints the size of the stripped release binary.
    Size,
    /// Prints the crates' layers and checks that dependencies point down only.
    Layers,
    /// Looks after the recordings of the real programs.
    Recordings(recordings::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Pins(options) => pins::run(&options),
        Task::Clients(options) => clients::run(&options),
        Task::Conformance(options) => conformance::run(&options).map(|outcome| {
            if let conformance::Outcome::Skipped(reason) = outcome {
                eprintln!("{reason}");
            }
        }),
        Task::Crash(options) => crash::run(&options),
        Task::Simulate(options) => simulate::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Size => size::run(),
        Task::Layers => layers::run(),
        Task::Recordings(options) => recordings::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<test::SectionsFailed>() => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
