//! Takes parts of a repository away and checks what the node makes of it.
//!
//! Each round loads a node a little, ends it (in order or by a kill), and then deletes, empties, cuts or overwrites one file of the
//! repository at random. The node may refuse to start if it names a repair; the repair has to work. Then the node verifies and collects:
//! every pin must still be there with its name, no block that a pin needs and that could be read may be gone after the
//! collection, and if a pinned block cannot be read, somebody must have said that something is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Options;
use crate::fixture::{self, SeededRng};
use crate::replay::json_values;
use crate::rpc::Rpc;
use crate::server::{Daemon, Repository};

/// Files that mean nothing while no process runs.
const FLEETING: [&str; 4] = ["repo.lock", "store.lock", "api", "gateway"];

/// The outcome of a run.
#[derive(Debug, Clone, Default)]
pub struct DamageReport {
    /// How many rounds were run.
    pub rounds: u32,
    /// How often the node refused to start and was repaired.
    pub repaired: u32,
    /// How often a collection was refused.
    pub refused: u32,
    /// How often pinned blocks were lost.
    pub lost: u32,
}

impl std::fmt::Display for DamageReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} rounds: {} repairs, {} collections refused, pinned blocks lost in {}",
            self.rounds, self.repaired, self.refused, self.lost
        )
    }
}

/// What the node was answered to have.
#[derive(Debug, Default)]
struct ExpectedState {
    /// Pins, with names.
    pins: BTreeMap<String, String>,
    /// Every block that a pin needs.
    blocks: BTreeSet<String>,
}

/// Runs as many rounds as `options` says.
///
/// # Errors
/// Something was taken that was pinned and readable, a pin is gone, a loss was not reported, or a repair did not
/// help. The repository is kept then, and the message tells where it is.
pub fn run(options: &Options) -> Result<DamageReport> {
    let repository = Repository::init(&options.binary)?;
    let template = tempfile::tempdir().context("making a directory")?;
    copy(&repository.path(), template.path())?;
    let mut report = DamageReport::default();
    for number in 0..options.rounds {
        let seed = options.seed.wrapping_add(u64::from(number));
        fs::remove_dir_all(repository.path()).context("removing the repository")?;
        copy(template.path(), &repository.path())?;
        let mut what = String::new();
        if let Err(error) = round(&repository, seed, &mut report, &mut what) {
            return Err(error.context(format!(
                "round {number}, seed {seed}, {what}; repository kept in {}",
                repository.keep().display()
            )));
        }
        report.rounds += 1;
        if options.verbose {
            eprintln!("round {number}, seed {seed}: {what}");
        }
    }
    Ok(report)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn round(
    repository: &Repository,
    seed: u64,
    report: &mut DamageReport,
    what: &mut String,
) -> Result<()> {
    let mut choices = SeededRng::new(seed);
    let mut known = ExpectedState::default();
    for _ in 0..choices.within(1, 2) {
        let daemon = repository.start(&["--offline"])?;
        load(&Rpc::new(&daemon.rpc()), seed, &mut choices, &mut known)
            .with_context(|| daemon.log())?;
        if choices.within(0, 1) == 0 {
            daemon.kill()?;
        } else {
            daemon.terminate(Duration::from_secs(10))?;
        }
    }
    *what = damage(&repository.path(), &mut choices)?;
    let (daemon, mut told) = start(repository, report)?;
    let checked = check(&Rpc::new(&daemon.rpc()), &known, report, &mut told);
    checked.with_context(|| format!("{told}\n{}", daemon.log()))
}

/// Adds and pins a few things.
fn load(rpc: &Rpc, seed: u64, choices: &mut SeededRng, known: &mut ExpectedState) -> Result<()> {
    let mut made = Vec::new();
    for number in 0..choices.within(2, 6) {
        let name = format!("item {seed} {number} {}", choices.bits());
        let data = fixture::stream(&name, usize::try_from(choices.within(100, 20_000))?);
        let cid = match choices.within(0, 2) {
            0 => rpc.add(&data, "pin=false&chunker=size-1000&max-file-links=4")?,
            1 => rpc.block_put(&data, "pin=false")?,
            _ => rpc.add(&data, "pin=false&raw-leaves=true&cid-version=1")?,
        };
        made.push(cid);
    }
    for cid in made {
        if choices.within(0, 3) == 0 {
            continue;
        }
        let name = format!("name-{}", choices.within(0, 999));
        rpc.call(&format!("pin/add?arg={cid}&name={name}"), None)?;
        known.pins.insert(cid, name);
    }
    if let Some(cid) = known.pins.keys().next().cloned()
        && choices.within(0, 2) == 0
    {
        rpc.call(&format!("pin/rm?arg={cid}"), None)?;
        known.pins.remove(&cid);
    }
    known.blocks.clear();
    for cid in known.pins.keys() {
        known.blocks.insert(cid.clone());
        let refs = rpc.call(&format!("refs?arg={cid}&recursive=true&unique=true"), None)?;
        for value in json_values(&refs.text())? {
            known
                .blocks
                .extend(value["Ref"].as_str().map(str::to_owned));
        }
    }
    if choices.within(0, 3) == 0 {
        rpc.call("repo/gc?silent=true", None)?;
    }
    Ok(())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files(&entry.path(), found)?;
        } else if !FLEETING
            .iter()
            .any(|name| entry.file_name().to_str() == Some(name))
        {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(())
}

/// Damages one file, or takes a folder away; says which and how.
fn damage(repository: &Path, choices: &mut SeededRng) -> Result<String> {
    if choices.within(0, 19) == 0 {
        let folder = ["blocks", "blocks/segments"][usize::from(choices.within(0, 1) == 1)];
        fs::remove_dir_all(repository.join(folder))?;
        return Ok(format!("{folder} deleted"));
    }
    let mut found = Vec::new();
    files(repository, &mut found)?;
    let last = u64::try_from(found.len().saturating_sub(1))?;
    let file = found
        .get(usize::try_from(choices.within(0, last))?)
        .context("a repository without files")?;
    let mut bytes = fs::read(file)?;
    let len = bytes.len() as u64;
    let how = match choices.within(0, 4) {
        0 => {
            fs::remove_file(file)?;
            "deleted".to_owned()
        }
        1 => {
            fs::write(file, b"")?;
            "emptied".to_owned()
        }
        2 => {
            let keep = choices.within(0, len);
            bytes.truncate(usize::try_from(keep)?);
            fs::write(file, &bytes)?;
            format!("cut to {keep} of {len} bytes")
        }
        3 => {
            let garbage = fixture::stream(&format!("garbage {}", choices.bits()), bytes.len());
            fs::write(file, garbage)?;
            "overwritten".to_owned()
        }
        _ => {
            let from = usize::try_from(choices.within(0, len.saturating_sub(1)))?;
            let size = usize::try_from(choices.size(8192))?;
            let garbage = fixture::stream(&format!("garbage {}", choices.bits()), size);
            for (to, from) in bytes.iter_mut().skip(from).zip(garbage) {
                *to = from;
            }
            fs::write(file, &bytes)?;
            format!("overwritten from {from} by {size} bytes")
        }
    };
    let name = file.strip_prefix(repository).unwrap_or(file);
    Ok(format!("{} {how}", name.display()))
}

/// Starts the node, after the repairs that it names; answers with what those said.
fn start(repository: &Repository, report: &mut DamageReport) -> Result<(Daemon, String)> {
    let mut told = String::new();
    for _ in 0..3 {
        match repository.start(&["--offline"]) {
            Ok(daemon) => return Ok((daemon, told)),
            Err(error) => {
                let said = format!("{error:#}");
                ensure!(
                    said.contains("repo repair"),
                    "refused without naming a repair: {said}"
                );
                report.repaired += 1;
                told += &repository
                    .run(&["repo", "repair"])
                    .with_context(|| said.clone())?;
                // A new configuration listens where every node does.
                repository.configure(|config| {
                    config["Addresses"]["API"] = "/ip4/127.0.0.1/tcp/0".into();
                    config["Addresses"]["Gateway"] = "/ip4/127.0.0.1/tcp/0".into();
                })?;
            }
        }
    }
    bail!("still refused after repairs: {told}")
}

fn readable(rpc: &Rpc, blocks: &BTreeSet<String>) -> BTreeMap<String, Vec<u8>> {
    let read = |cid: &String| Some((cid.clone(), rpc.block_get(cid).ok()?));
    blocks.iter().filter_map(read).collect()
}

fn check(
    rpc: &Rpc,
    known: &ExpectedState,
    report: &mut DamageReport,
    told: &mut String,
) -> Result<()> {
    let before = readable(rpc, &known.blocks);
    let verified = rpc.verify();
    let listed = rpc.call("pin/ls?type=recursive&names=true", None)?;
    let listed = json_values(&listed.text())?;
    let keys = listed.last().map(|value| value["Keys"].clone());
    let keys = keys.unwrap_or_default();
    for (cid, name) in &known.pins {
        let pin = &keys[cid.as_str()];
        ensure!(!pin.is_null(), "the pin {cid} {name} is gone");
        ensure!(
            pin["Name"].as_str() == Some(name),
            "the pin {cid} has lost its name {name}: {pin}"
        );
    }
    let collected = rpc.collect();
    let after = readable(rpc, &known.blocks);
    for (cid, data) in &before {
        ensure!(
            after.get(cid) == Some(data),
            "block {cid} is pinned, could be read, and is gone after a collection ({collected:?})"
        );
    }
    if let Err(error) = &collected {
        *told += &format!("\ncollection: {error:#}");
        report.refused += 1;
    }
    if let Err(error) = &verified {
        *told += &format!("\nverify: {error:#}");
    }
    if before.len() < known.blocks.len() {
        report.lost += 1;
        ensure!(
            collected.is_err() || verified.is_err(),
            "{} of {} pinned blocks cannot be read, and nobody says so",
            known.blocks.len() - before.len(),
            known.blocks.len()
        );
    }
    Ok(())
}
