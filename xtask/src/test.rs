//! `cargo xtask test`: everything that a change must pass.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use cairn_testkit::{nginx, postgres};

use crate::process::{announce, cargo, lint_builds, root, run as succeed};
use crate::together::{Ended, caught, keep, say};
use crate::{clients, conformance, fuzz};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Also feed every fuzz target for so many seconds.
    #[arg(long, default_value_t = 3)]
    fuzz_seconds: u64,
    /// Leave out formatting and lints.
    #[arg(long)]
    tests_only: bool,
}

/// The sections that have run.
#[derive(Default)]
struct Sections {
    times: Vec<(&'static str, Duration)>,
    failed: Vec<&'static str>,
    /// What could not be checked, and why.
    skipped: Vec<String>,
}

impl Sections {
    /// Runs a section, whatever failed before it. It may panic.
    fn run(&mut self, name: &'static str, work: impl FnOnce(&mut Vec<String>) -> Result<()>) {
        announce(name);
        let start = Instant::now();
        let outcome = caught(|| work(&mut self.skipped));
        let took = start.elapsed();
        self.times.push((name, took));
        match outcome {
            Ok(()) => eprintln!("{name}: {:.0} s", took.as_secs_f64()),
            Err(error) => {
                eprintln!("{name}: {error:#} ({:.0} s)", took.as_secs_f64());
                self.failed.push(name);
            }
        }
    }

    /// Prints what is to be seen at the end of the output, but for the tests' own lines.
    fn print(&self) {
        announce("so far");
        for (name, took) in &self.times {
            eprintln!("{:>6.0} s  {name}", took.as_secs_f64());
        }
        for reason in &self.skipped {
            eprintln!("{reason}");
        }
        if !self.failed.is_empty() {
            eprintln!("failed so far: {}", self.failed.join(", "));
        }
    }
}

/// Runs every section. The workspace's tests come last, so that their own `test result:` lines close the output.
///
/// Nothing is compiled twice: the sections after `build` use what it built. Programs and libraries are installed meanwhile.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut sections = Sections::default();
    let checked = !options.tests_only;
    if checked {
        sections.run("needs", |_| install_components());
        lint_builds();
    }
    thread::scope(|scope| {
        let programs = checked.then(|| scope.spawn(|| keep(install_programs)));
        let libraries = scope.spawn(|| keep(|| clients::install().map(|()| String::new())));
        if checked {
            check(&mut sections);
        }
        sections.run(if checked { "build and lints" } else { "build" }, |_| {
            succeed(cargo().args(["test", "--workspace", "--all-targets", "--no-run"]))
        });
        if options.fuzz_seconds > 0 && root().join("fuzz").is_dir() {
            sections.run("fuzz", |_| {
                fuzz::run(&fuzz::Options {
                    seconds: options.fuzz_seconds,
                    target: None,
                    verbose: false,
                })
            });
        }
        sections.run("installs", |_| {
            let programs = programs.map(|programs| ("programs", programs.join()));
            let libraries = ("client libraries", libraries.join());
            installed(programs.into_iter().chain([libraries]))
        });
    });
    sections.run("clients", |_| clients::run(&clients::Options::default()));
    sections.run("gateway conformance", |skipped| {
        if let conformance::Outcome::Skipped(reason) =
            conformance::run(&conformance::Options::default())?
        {
            eprintln!("{reason}");
            skipped.push(reason);
        }
        Ok(())
    });
    sections.print();
    announce("tests: unit, property, snapshot, recordings, crash");
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--no-fail-fast"]);
    if postgres::installed().is_some() {
        tests.env(postgres::REQUIRED, "1");
    }
    let tests = tests.status().context("running the tests")?;
    if !tests.success() {
        sections.failed.push("tests");
    }
    if sections.failed.is_empty() {
        return Ok(());
    }
    bail!(SectionsFailed(sections.failed.join(", ")))
}

/// Prints how the installs ended, and fails if one of them panicked. What could not be installed is no failure here: each section
/// that needs what is not there fails for itself, or says that it is skipped.
fn installed(
    installs: impl IntoIterator<Item = (&'static str, thread::Result<Ended>)>,
) -> Result<()> {
    let mut panicked = Vec::new();
    for (name, install) in installs {
        if install.as_ref().map_or(true, Ended::panicked) {
            panicked.push(name);
        }
        if let Ok(ended) = install {
            ended.print(&format!("installing {name}"));
        }
    }
    ensure!(
        panicked.is_empty(),
        "the install of {} panicked",
        panicked.join(" and of ")
    );
    Ok(())
}

/// Formatting and dependencies.
fn check(sections: &mut Sections) {
    sections.run("formatting", |_| {
        succeed(cargo().args(["fmt", "--all", "--check"]))
    });
    sections.run("dependencies", |skipped| {
        if !has("deny") {
            eprintln!("{NO_DENY}");
            skipped.push(NO_DENY.to_owned());
            return Ok(());
        }
        // What other systems would need is looked at too, so it has to be here.
        succeed(cargo().arg("fetch"))?;
        succeed(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
    });
}

/// Building cargo-deny takes longer than most of the sections.
const NO_DENY: &str = "skipped: the check of dependencies by deny.toml, as cargo-deny is not installed (cargo install --locked cargo-deny); licences and bans are checked by `cargo test -p cairn-testkit --test dependencies`";

/// Sections failed, and each has said why: nothing is to be printed after the tests' own last lines.
#[derive(Debug)]
pub(crate) struct SectionsFailed(String);

impl std::fmt::Display for SectionsFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "failed: {}", self.0)
    }
}

impl std::error::Error for SectionsFailed {}

/// A subcommand of cargo is there.
fn has(subcommand: &str) -> bool {
    let asked = cargo()
        .args([subcommand, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

/// Installs the parts of the toolchain that the first sections need.
fn install_components() -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !has(subcommand) {
            succeed(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

/// Installs the programs that tests use. Only on Debian; elsewhere, and without the rights to, the tests that need them say that
/// they are skipped.
fn install_programs() -> Result<String> {
    let wanted = [
        ("postgresql", postgres::installed().is_none()),
        ("chromium", clients::browser().is_none()),
        ("nginx-light", nginx::installed().is_none()),
    ];
    let missing = wanted.iter().filter(|(_, missing)| *missing);
    let missing: Vec<&str> = missing.map(|(package, _)| *package).collect();
    let apt = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").args(words);
        succeed(&mut command)
    };
    for package in &missing {
        let install = || apt(&["install", "-y", package]);
        // The lists of packages may be absent or old.
        if let Err(error) = install().or_else(|_| apt(&["update"]).and_then(|()| install())) {
            say(&format!("{package} is not installed: {error:#}"));
        }
    }
    Ok(missing.join(", "))
}
