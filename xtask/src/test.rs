//! `cargo xtask test`: everything that a change must pass.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use cairn_testkit::postgres;

use crate::process::{announce, cargo, root, run as succeed};
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

/// Runs every section, whatever failed before it. The workspace's tests come last, so that their own `test result:`
/// lines close the output.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut failed = Vec::new();
    let mut skipped = None;
    let mut section = |name: &'static str, work: &dyn Fn() -> Result<()>| {
        announce(name);
        if let Err(error) = work() {
            eprintln!("{name}: {error:#}");
            failed.push(name);
        }
    };
    if !options.tests_only {
        section("needs", &install);
        section("formatting", &|| {
            succeed(cargo().args(["fmt", "--all", "--check"]))
        });
        section("lints", &|| {
            succeed(cargo().args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "--deny",
                "warnings",
            ]))
        });
        if has("deny") {
            section("dependencies", &|| {
                // What other systems would need is looked at too, so it has to be here.
                succeed(cargo().arg("fetch"))?;
                succeed(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
            });
        } else {
            announce("dependencies");
            eprintln!("{NO_DENY}");
            skipped = Some(NO_DENY);
        }
    }
    if options.fuzz_seconds > 0 && root().join("fuzz").is_dir() {
        section("fuzz", &|| {
            fuzz::run(&fuzz::Options {
                seconds: options.fuzz_seconds,
                target: None,
                verbose: false,
            })
        });
    }
    section("clients", &clients::run);
    let unrun = std::cell::OnceCell::new();
    section("gateway conformance", &|| {
        if let conformance::Outcome::Skipped(reason) =
            conformance::run(&conformance::Options::default())?
        {
            eprintln!("{reason}");
            let _ = unrun.set(reason);
        }
        Ok(())
    });
    if !failed.is_empty() {
        eprintln!("failed so far: {}", failed.join(", "));
    }
    if let Some(skipped) = skipped {
        eprintln!("{skipped}");
    }
    if let Some(reason) = unrun.get() {
        eprintln!("{reason}");
    }
    announce("tests: unit, property, snapshot, recordings, crash");
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--no-fail-fast"]);
    if postgres::installed().is_some() {
        tests.env(postgres::REQUIRED, "1");
    }
    let tests = tests.status().context("running the tests")?;
    if failed.is_empty() && tests.success() {
        return Ok(());
    }
    if !tests.success() {
        failed.push("tests");
    }
    bail!(SectionsFailed(failed.join(", ")))
}

/// Said where the section was, and again before the tests: building cargo-deny takes longer than most of the sections.
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

/// Installs what the sections need and is not there yet.
fn install() -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !has(subcommand) {
            succeed(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    if postgres::installed().is_none() {
        install_package("postgresql", "PostgreSQL");
    }
    if clients::browser().is_none() {
        install_package("chromium", "Chromium");
    }
    Ok(())
}

/// Installs a package on Debian; elsewhere, and without the rights to, the tests that need it say that they are skipped.
fn install_package(package: &str, name: &str) {
    let apt = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").args(words);
        succeed(&mut command)
    };
    let install = || apt(&["install", "-y", package]);
    // The lists of packages may be absent or old.
    if let Err(error) = install().or_else(|_| apt(&["update"]).and_then(|()| install())) {
        eprintln!("{name} is not installed, and its tests will be skipped: {error:#}");
    }
}
