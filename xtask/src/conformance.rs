//! `cargo xtask conformance`: the conformance suite of gateways, a Go module, against the debug build.
//!
//! <https://github.com/ipfs/gateway-conformance>. What it builds stays under `target/conformance`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use cairn_testkit::server::Repository;
use clap::Args;
use serde_json::{Value, json};

use crate::process::{debug_binary, root, run as succeed, target_folder};

/// The suite and its version, which Kubo 0.42 is tested with as well.
const MODULE: &str = "github.com/ipfs/gateway-conformance@v0.13.2";
/// The suite stops itself after this time.
const TIMEOUT: &str = "3m";

#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// A source directory of the suite, instead of the module proxy's.
    #[arg(long)]
    source: Option<PathBuf>,
    /// Test the server at this URL instead; it must have the fixtures.
    #[arg(long)]
    url: Option<String>,
}

/// What became of a run.
pub(crate) enum Outcome {
    /// It passed.
    Passed,
    /// It could not be run here, for this reason.
    Skipped(String),
}

/// Runs the suite, and requires that its tests pass but for those that are known to fail.
pub(crate) fn run(options: &Options) -> Result<Outcome> {
    if go().arg("version").stdout(Stdio::null()).status().is_err() {
        return Ok(Outcome::Skipped(
            "skipped: the conformance suite of gateways, as Go is not installed".to_owned(),
        ));
    }
    let home = target_folder()?.join("conformance");
    fs::create_dir_all(&home)?;
    let source = match &options.source {
        Some(source) => source.clone(),
        None => match download(&home)? {
            Ok(source) => source,
            Err(reason) => {
                return Ok(Outcome::Skipped(format!(
                    "skipped: the conformance suite of gateways, as {MODULE} cannot be downloaded ({reason}); with a checkout: cargo xtask conformance --source DIRECTORY"
                )));
            }
        },
    };
    let suite = build(&source, &home)?;
    let output = match &options.url {
        Some(url) => suite.test(url, url)?,
        None => test_own(&suite, &debug_binary()?)?,
    };
    let report = home.join("report.txt");
    fs::write(&report, &output)?;
    judge(&output).with_context(|| format!("the whole report is {}", report.display()))?;
    Ok(Outcome::Passed)
}

fn go() -> Command {
    let mut go = Command::new("go");
    // The module's own directory is read-only.
    go.env("GOFLAGS", "-mod=readonly -buildvcs=false");
    go
}

/// Downloads the module; the reason if its proxy refuses.
fn download(home: &Path) -> Result<Result<PathBuf, String>> {
    let output = go()
        .args(["mod", "download", "-json", MODULE])
        .current_dir(home)
        .output()
        .context("running go")?;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Ok(match answer["Dir"].as_str() {
        Some(directory) => Ok(directory.into()),
        None => {
            let said = answer["Error"].as_str().map(str::to_owned);
            let said = said.unwrap_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned());
            Err(said.lines().next().unwrap_or("no reason given").to_owned())
        }
    })
}

/// The suite, built.
struct Suite {
    tests: PathBuf,
    /// Where its tests run: they read their fixtures from there.
    directory: PathBuf,
    /// CARs, records and links that a server needs.
    fixtures: PathBuf,
}

fn build(source: &Path, home: &Path) -> Result<Suite> {
    let tests = home.join("tests.bin");
    let tool = home.join("gateway-conformance");
    let fixtures = home.join("fixtures");
    succeed(
        go().current_dir(source)
            .args(["test", "-c", "-o"])
            .arg(&tests)
            .arg("./tests"),
    )?;
    succeed(
        go().current_dir(source)
            .args(["build", "-o"])
            .arg(&tool)
            .arg("./cmd/gateway-conformance"),
    )?;
    if fixtures.exists() {
        fs::remove_dir_all(&fixtures)?;
    }
    let extracted = Command::new(&tool)
        .args(["extract-fixtures", "--merged=true", "--directory"])
        .arg(&fixtures)
        .output()?;
    ensure!(
        extracted.status.success(),
        "the fixtures cannot be extracted: {}",
        String::from_utf8_lossy(&extracted.stderr)
    );
    Ok(Suite {
        tests,
        directory: source.join("tests"),
        fixtures,
    })
}

impl Suite {
    /// Runs the tests, and returns what they printed.
    fn test(&self, gateway: &str, subdomains: &str) -> Result<String> {
        let output = Command::new(&self.tests)
            .args(["-test.v", "-test.timeout", TIMEOUT])
            .current_dir(&self.directory)
            .env("GATEWAY_URL", gateway)
            .env("SUBDOMAIN_GATEWAY_URL", subdomains)
            .stderr(Stdio::inherit())
            .output()
            .context("running the suite")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Runs the suite against a new repository with its fixtures.
fn test_own(suite: &Suite, binary: &Path) -> Result<String> {
    let links = fs::read_to_string(suite.fixtures.join("dnslinks.IPFS_NS_MAP"))?;
    let repository = Repository::init(binary)?.with_env("IPFS_NS_MAP", links.trim());
    repository.configure(|config| {
        let site = json!({
            "UseSubdomains": true,
            "InlineDNSLink": true,
            "Paths": ["/ipfs", "/ipns"],
        });
        config["Gateway"]["PublicGateways"] = json!({ "example.com": site, "localhost": site });
    })?;
    let cars = suite.fixtures.join("fixtures.car");
    repository.run(&[
        "dag",
        "import",
        "--pin-roots=false",
        &cars.to_string_lossy(),
    ])?;
    for entry in fs::read_dir(&suite.fixtures)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(key) = name
            .strip_suffix(".ipns-record")
            .and_then(|name| name.split('_').next())
        else {
            continue;
        };
        let name = format!("/ipns/{key}");
        let record = path.to_string_lossy();
        // Some of them are invalid, and not taken.
        let _ = repository.run(&["name", "put", "--allow-offline", &name, &record]);
    }
    let daemon = repository.start(&["--offline"])?;
    let gateway = daemon.gateway().context("the daemon has no gateway")?;
    let subdomains = gateway.replace("127.0.0.1", "localhost");
    suite.test(&gateway, &subdomains)
}

/// Compares the failures of a run with those that are known.
fn judge(output: &str) -> Result<()> {
    let results: Vec<(&str, &str)> = output.lines().filter_map(result).collect();
    // A test with others below it is no leaf.
    let names: BTreeSet<&str> = results.iter().map(|(name, _)| *name).collect();
    let is_leaf = |name: &str| {
        let below = format!("{name}/");
        names
            .range(below.as_str()..)
            .next()
            .is_none_or(|next| !next.starts_with(&below))
    };
    let leaves: Vec<_> = results
        .iter()
        .filter(|(name, outcome)| *outcome != "SKIP" && is_leaf(name))
        .collect();
    let failed: BTreeSet<&str> = leaves
        .iter()
        .filter(|(_, outcome)| *outcome == "FAIL")
        .map(|(name, _)| *name)
        .collect();
    let passed = leaves.len() - failed.len();
    eprintln!(
        "gateway conformance: {passed} of {} leaf tests passed",
        leaves.len()
    );
    ensure!(!leaves.is_empty(), "the suite ran no test:\n{output}");
    let list = root().join("tests/conformance/expected-failures.txt");
    let list = fs::read_to_string(&list).with_context(|| format!("reading {}", list.display()))?;
    let known: BTreeSet<&str> = list
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let lines = |names: Vec<&&str>| {
        let names: Vec<String> = names.into_iter().map(|name| format!("  {name}")).collect();
        names.join("\n")
    };
    let new: Vec<_> = failed.difference(&known).collect();
    if !new.is_empty() {
        bail!("failed:\n{}", lines(new));
    }
    let gone: Vec<_> = known.difference(&failed).collect();
    if !gone.is_empty() {
        bail!(
            "passed, or are gone, though tests/conformance/expected-failures.txt has them:\n{}",
            lines(gone)
        );
    }
    ensure!(
        output.lines().any(|line| matches!(line, "PASS" | "FAIL")),
        "the suite was stopped after {TIMEOUT}"
    );
    Ok(())
}

/// The name and outcome of a test in a line such as `    --- PASS: TestX/y (0.00s)`.
fn result(line: &str) -> Option<(&str, &str)> {
    let (outcome, rest) = line.trim_start().strip_prefix("--- ")?.split_once(": ")?;
    let (name, _) = rest.rsplit_once(" (")?;
    Some((name, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_results() {
        assert_eq!(
            result("        --- FAIL: TestA/b_(c)/Check_1 (0.01s)"),
            Some(("TestA/b_(c)/Check_1", "FAIL"))
        );
        assert_eq!(result("=== RUN   TestA"), None);
    }

    #[test]
    fn unknown_failures_are_errors() {
        assert!(judge("--- PASS: A (0.00s)\n    --- PASS: A/b (0.00s)\nPASS\n").is_ok());
        assert!(judge("--- FAIL: A (0.00s)\n    --- FAIL: A/b (0.00s)\nFAIL\n").is_err());
        assert!(judge("PASS\n").is_err());
    }
}
