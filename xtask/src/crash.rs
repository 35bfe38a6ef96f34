//! `cargo xtask crash`: kills a loaded node again and again and checks that nothing answered was lost.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use cairn_testkit::crash;
use clap::Args;

use crate::process::{announce, release_binary};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Take parts of the repository away after each end, in place of killing it under load.
    #[arg(long)]
    damage: bool,
    /// Load it with pin requests and uploads of several accounts, and additions to its cluster.
    #[arg(long, conflicts_with = "damage")]
    services: bool,
    /// Load three nodes that are a cluster on one PostgreSQL database, and kill one of them each round.
    #[arg(long, conflicts_with_all = ["damage", "services"])]
    cluster: bool,
    /// How often to kill it.
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// What every choice comes from; the clock where none is given.
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients load it at once.
    #[arg(long, default_value_t = 6)]
    clients: usize,
    /// Keep about so much pinned, in MiB.
    #[arg(long, default_value_t = 1_024)]
    mib: u64,
    /// The load lasts a random time up to this long before each kill, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    longest_load: u64,
    /// A program with Kubo's command line, instead of this repository's own release build.
    #[arg(long)]
    binary: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let binary = options.binary.clone().map_or_else(release_binary, Ok)?;
    let seed = options.seed.unwrap_or_else(clock);
    announce(&format!("crash: {} rounds, seed {seed}", options.rounds));
    let choices = crash::Options {
        rounds: options.rounds,
        seed,
        clients: options.clients,
        bytes: options.mib << 20,
        longest_load: Duration::from_millis(options.longest_load),
        verbose: true,
        ..crash::Options::new(binary)
    };
    if options.damage {
        let report = crash::damage::run(&choices)?;
        println!("nothing readable and pinned was taken, and what is lost was told: {report}");
        return Ok(());
    }
    if options.services {
        let report = crash::services::run(&choices)?;
        println!("no pin request, upload or addition was lost, none is there twice: {report}");
        return Ok(());
    }
    if options.cluster {
        let report = crash::cluster::run(&choices)?;
        println!("no pin of the cluster was lost, and none was moved for the database: {report}");
        return Ok(());
    }
    let report = crash::run(&choices)?;
    println!("nothing answered was lost: {report}");
    Ok(())
}

fn clock() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
