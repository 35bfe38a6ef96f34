//! `cargo xtask bench`: how fast it is. The micro-benchmarks, then whole processes over HTTP; `bench peers` times fetches.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cairn_testkit::fixture;
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::Repository;
use clap::{Args, Subcommand};

use crate::process::{announce, cargo, release_binary, run as succeed};

mod peers;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    part: Option<Part>,
    /// How often each whole-process case runs; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// The size of the large file, in MiB.
    #[arg(long, default_value_t = 256)]
    mib: usize,
    /// How many small blocks each of the clients puts.
    #[arg(long, default_value_t = 500)]
    blocks: usize,
    /// The program to time, instead of this repository's own release build.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// A program with Kubo's command line to time beside it.
    #[arg(long)]
    rival: Option<PathBuf>,
    /// Leave out the micro-benchmarks.
    #[arg(long)]
    processes_only: bool,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// How fast nodes on loopback fetch from each other, and from those of another program.
    Peers(peers::Options),
}

/// A case and its median figures, the program's own first.
type Row = (&'static str, Vec<f64>);

pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(Part::Peers(options)) = &options.part {
        return peers::run(options);
    }
    if !options.processes_only {
        announce("micro-benchmarks");
        succeed(cargo().args(["bench", "--workspace", "--benches"]))?;
    }
    let own = options.binary.clone().map_or_else(release_binary, Ok)?;
    let mut binaries = vec![("cairn", own)];
    binaries.extend(options.rival.clone().map(|rival| ("rival", rival)));
    announce(&format!("whole processes, {} rounds", options.rounds));
    let mut table: Vec<Row> = Vec::new();
    for (_, binary) in &binaries {
        for (place, (case, figure)) in measure(binary, options)?.into_iter().enumerate() {
            match table.get_mut(place) {
                Some((_, figures)) => figures.push(figure),
                None => table.push((case, vec![figure])),
            }
        }
    }
    print(
        &binaries.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        &table,
    );
    Ok(())
}

fn print(names: &[&str], table: &[Row]) {
    let wide = table
        .iter()
        .map(|(case, _)| case.len())
        .max()
        .unwrap_or_default();
    println!(
        "{:wide$}  {}",
        "median",
        names
            .iter()
            .map(|name| format!("{name:>10}"))
            .collect::<String>()
    );
    for (case, figures) in table {
        println!(
            "{case:wide$}  {}",
            figures
                .iter()
                .map(|figure| format!("{figure:>10.1}"))
                .collect::<String>()
        );
    }
}

/// The median of every case, each round on bytes that the program has not seen.
fn measure(binary: &PathBuf, options: &Options) -> Result<Vec<(&'static str, f64)>> {
    let repository = Repository::init(binary)?;
    let mut rounds = Vec::new();
    let mut starts = Vec::new();
    for round in 0..options.rounds.max(1) {
        let daemon = repository.start(&["--offline"])?;
        starts.push(daemon.ready_after().as_secs_f64() * 1_000.0);
        rounds.push(one_round(&daemon.rpc(), round, options)?);
        daemon.terminate(Duration::from_secs(10))?;
    }
    let cases: Vec<_> = rounds
        .first()
        .into_iter()
        .flatten()
        .map(|(case, _)| *case)
        .collect();
    let mut medians: Vec<_> = cases
        .into_iter()
        .enumerate()
        .map(|(place, case)| {
            let figures = rounds
                .iter()
                .filter_map(|round| round.get(place))
                .map(|(_, figure)| *figure)
                .collect();
            (case, median(figures))
        })
        .collect();
    medians.push(("start until ready, ms", median(starts)));
    Ok(medians)
}

fn one_round(base: &str, round: u32, options: &Options) -> Result<Vec<(&'static str, f64)>> {
    let rpc = Rpc::new(base).with_timeout(Duration::from_secs(600));
    let large = fixture::stream(&format!("bench {round}"), options.mib << 20);
    let rate = |took: Duration| options.mib as f64 / took.as_secs_f64();
    let mut figures = Vec::new();

    let (added, took) = timed(|| rpc.add(&large, "quieter=true"))?;
    figures.push(("add one file, MiB/s", rate(took)));
    let (read, took) = timed(|| rpc.cat(&added))?;
    ensure!(read == large, "{added} was read with other bytes");
    figures.push(("cat, MiB/s", rate(took)));
    let (_, took) = timed(|| rpc.call(&format!("dag/export?arg={added}&progress=false"), None))?;
    figures.push(("dag export, MiB/s", rate(took)));
    for (case, clients, pin) in [
        ("block put, 1 client, /s", 1, ""),
        ("block put, 16 clients, /s", 16, ""),
        ("block put and pin, 16 clients, /s", 16, "pin=true"),
    ] {
        let (_, took) = timed(|| {
            put_blocks(
                &rpc,
                &format!("{round} {case}"),
                clients,
                options.blocks,
                pin,
            )
        })?;
        figures.push((case, (clients * options.blocks) as f64 / took.as_secs_f64()));
    }
    rpc.call(&format!("pin/rm?arg={added}"), None)?;
    let (_, took) = timed(|| rpc.collect())?;
    figures.push(("repo gc, MiB/s", rate(took)));
    Ok(figures)
}

fn put_blocks(rpc: &Rpc, seed: &str, clients: usize, blocks: usize, options: &str) -> Result<()> {
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    (0..blocks).try_for_each(|block| {
                        rpc.block_put(
                            &fixture::stream(&format!("{seed} {client} {block}"), 1_024),
                            options,
                        )
                        .map(drop)
                    })
                })
            })
            .collect();
        running.into_iter().try_for_each(|client| {
            client
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a client panicked")))
        })
    })
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let start = Instant::now();
    let done = work()?;
    Ok((done, start.elapsed()))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
