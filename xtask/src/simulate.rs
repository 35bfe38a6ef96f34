//! `cargo xtask simulate`: the block store, or the cluster, under injected faults; one run a seed.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::process::{release_example, root, run as succeed};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Simulate the peers of a cluster on one database, in place of the block store.
    #[arg(long)]
    cluster: bool,
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed; a failure is repeated with its seed here and `--seeds 1`.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    // With the features that the other tasks build with: what they have built is used.
    let simulate = release_example(if options.cluster {
        "simulate_cluster"
    } else {
        "simulate"
    })?;
    let (seeds, from) = (options.seeds.to_string(), options.from.to_string());
    let mut command = Command::new(simulate);
    command.current_dir(root());
    succeed(command.args(["--seeds", &seeds, "--from", &from]))
}
