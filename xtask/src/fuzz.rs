//! `cargo xtask fuzz`: feeds the decoders what a fuzzer finds.
//!
//! The targets are those of `cargo fuzz`, whose other commands (`tmin`, `coverage`) work on them as well. Building all of them
//! at once, and running several at a time, takes a fraction of its time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::process::{announce, cargo_elsewhere, root, run as succeed};
use crate::together::{self, Job};

/// Up to so many seconds for each target, how fast it runs matters less than how fast it is built.
const QUICK: u64 = 10;

/// What libFuzzer needs to see which code an input reached, and AddressSanitizer.
const FLAGS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
    "-Zsanitizer=address",
    "-Cdebug-assertions",
];

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
    let fuzz = root().join("fuzz");
    ensure!(
        fuzz.join("Cargo.toml").is_file(),
        "there are no fuzz targets: fuzz/ is missing"
    );
    let (built, targets) = build(&fuzz, options)?;
    let fuzzer = |target: &str| fuzzer(&fuzz, &built, target, options.seconds);
    if options.verbose {
        for target in &targets {
            announce(&format!("fuzz {target}, {} s", options.seconds));
            succeed(&mut fuzzer(target)?)?;
        }
        return Ok(());
    }
    let fuzzer = &fuzzer;
    let jobs = targets.iter().map(|target| {
        let work = move || quietly(&mut fuzzer(target)?);
        Job::new(format!("fuzz {target}"), work)
    });
    let failed = together::run(jobs.collect(), together::lanes());
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Builds the targets; where they are, and their names.
fn build(fuzz: &Path, options: &Options) -> Result<(PathBuf, Vec<String>)> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(fuzz)
        .no_deps()
        .exec()?;
    let targets = metadata
        .packages
        .iter()
        .flat_map(|package| &package.targets);
    let mut targets: Vec<String> = targets.map(|target| target.name.clone()).collect();
    if let Some(wanted) = &options.target {
        ensure!(
            targets.contains(wanted),
            "there is no target {wanted}; there are {}",
            targets.join(", ")
        );
        targets = vec![wanted.clone()];
    }
    let profile = if options.seconds <= QUICK {
        "smoke"
    } else {
        "release"
    };
    // With a target, build scripts and macros are built without the sanitizer.
    let host = host()?;
    let mut command = cargo_elsewhere(fuzz);
    command
        // The stable compiler has sanitizers but hides them.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", FLAGS.join(" "))
        .args(["build", "--target", &host, "--profile", profile]);
    for target in &targets {
        command.args(["--bin", target]);
    }
    succeed(&mut command)?;
    let folder = metadata.target_directory.join(&host).join(profile);
    Ok((folder.into(), targets))
}

/// The platform of the compiler.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output();
    let output = output.context("running rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not name its host")?.to_owned())
}

/// A target, ready to run: on its corpus, to which it adds what reaches new code.
fn fuzzer(fuzz: &Path, built: &Path, target: &str, seconds: u64) -> Result<Command> {
    let corpus = fuzz.join("corpus").join(target);
    let artifacts = fuzz.join("artifacts").join(target);
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let mut command = Command::new(built.join(target));
    command
        .current_dir(fuzz)
        // As cargo-fuzz has it: AddressSanitizer would take globals that the compiler has in several places for globals that
        // are defined twice, and stop.
        .env("ASAN_OPTIONS", "detect_odr_violation=0")
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        // An input may not take more than 10 s, nor 1 GiB: a decoder that needs either can be stopped by a stranger.
        .args(["-timeout=10", "-rss_limit_mb=1024"])
        .arg(corpus);
    Ok(command)
}

/// Runs a command and returns its last line alone; all of them where it fails.
fn quietly(command: &mut Command) -> Result<String> {
    let output = command.output().context("running the fuzzer")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        together::say(&format!(
            "{}{said}",
            String::from_utf8_lossy(&output.stdout)
        ));
        bail!("the fuzzer ended with {}", output.status);
    }
    // `Done 12345 runs in 4 second(s)`.
    let done = said
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("Done "));
    let runs = done.and_then(|done| done.split(" in ").next());
    Ok(runs.unwrap_or("done").to_owned())
}
