//! `cargo xtask fuzz`: feeds the decoders what a fuzzer finds.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::process::{announce, cargo, root, run as succeed};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Seconds to spend on each target.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// The one target to run; all of them where none is named.
    pub(crate) target: Option<String>,
    /// Print what the fuzzer prints; otherwise only where it finds something.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(
        root().join("fuzz/Cargo.toml").is_file(),
        "there are no fuzz targets: fuzz/ is missing"
    );
    install()?;
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => targets()?,
    };
    let limit = format!("-max_total_time={}", options.seconds);
    for target in &targets {
        if options.verbose {
            announce(&format!("fuzz {target}, {} s", options.seconds));
        } else {
            eprint!("fuzz {target}, {} s ... ", options.seconds);
        }
        // An input may not take more than 10 s, nor 1 GiB: a decoder that needs either can be stopped by a stranger.
        let mut command = fuzzer();
        command.args([
            "run",
            target,
            "--",
            &limit,
            "-timeout=10",
            "-rss_limit_mb=1024",
        ]);
        if options.verbose {
            succeed(&mut command)?;
        } else {
            quietly(&mut command)?;
        }
    }
    Ok(())
}

/// Runs a command and prints its last line alone; all of them where it fails.
fn quietly(command: &mut Command) -> Result<()> {
    let output = command.output().context("running the fuzzer")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprintln!("FAILED\n{}{said}", String::from_utf8_lossy(&output.stdout));
        bail!("the fuzzer ended with {}", output.status);
    }
    // `Done 12345 runs in 4 second(s)`.
    let done = said.lines().rev().find(|line| line.starts_with("Done "));
    eprintln!("{}", done.unwrap_or("done"));
    Ok(())
}

/// cargo-fuzz needs sanitizers, which the stable compiler has but hides.
fn fuzzer() -> Command {
    let mut command = cargo();
    command.env("RUSTC_BOOTSTRAP", "1").arg("fuzz");
    command
}

fn install() -> Result<()> {
    let installed = fuzzer()
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if installed.success() {
        return Ok(());
    }
    announce("installing cargo-fuzz");
    succeed(cargo().args(["install", "--locked", "cargo-fuzz"]))
}

fn targets() -> Result<Vec<String>> {
    let output = fuzzer()
        .arg("list")
        .output()
        .context("listing the fuzz targets")?;
    ensure!(
        output.status.success(),
        "listing the fuzz targets: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect())
}
