//! `cargo xtask pins`: how fast pin requests are made and listed, in SQLite and in PostgreSQL.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use cairn_testkit::postgres::Cluster;
use clap::Args;

use crate::process::{announce, release_example, run as succeed};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many requests there are; half of them are of one account.
    #[arg(long, default_value_t = 1_000_000)]
    total: u64,
    /// The measuring program, instead of a release build of `crates/store/examples/pins.rs`.
    #[arg(long)]
    program: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => release_example("pins")?,
    };
    let measure = |url: &str| {
        let total = options.total.to_string();
        succeed(Command::new(&program).args([url, &total]))
    };
    announce("SQLite");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("pins.sqlite");
    let path = path.to_str().context("a temporary folder without a name")?;
    measure(&format!("sqlite:{path}"))?;
    announce("PostgreSQL");
    match Cluster::start_or_skip() {
        Some(cluster) => measure(&cluster.database()?),
        None => Ok(()),
    }
}
