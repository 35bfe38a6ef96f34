//! `cargo xtask recordings`: brings recordings of the real programs into the tree.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cairn_testkit::recording::{BOUNDARY_CLUSTER, BOUNDARY_KUBO, Recording, Set};
use cairn_testkit::replay::Replayer;
use cairn_testkit::selection::Selection;
use cairn_testkit::server;
use clap::{Args, Subcommand};

use crate::process::root;

/// The recorder's cases, run against its recorded answers: makes the bodies that the recordings only name by digest.
const CAPTURE: &str = include_str!("recordings/capture.py");

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Rewrites `crates/testkit/recordings` from a recorder's scripts and folders.
    Import {
        /// Holds `kubo.py`, `cluster.py`, `kubo-VERSION/`, `kubo-VERSION-online/` and `cluster-VERSION/`.
        directory: PathBuf,
        /// The bytes of a recorded answer of which only a summary was kept: `CASE=FILE`.
        #[arg(long = "answer", value_name = "CASE=FILE")]
        answers: Vec<String>,
    },
    /// Prints a set's cases, one per line, with what is due of them.
    List,
    /// Replays the recordings against a program with Kubo's command line, on a fresh repository.
    Replay {
        /// The program: Cairn, or Kubo itself to check the recordings.
        binary: PathBuf,
        /// Only what is due, with the steps that stand in for the rest.
        #[arg(long)]
        due: bool,
        /// Tell only cases whose names start so; all are run.
        #[arg(long, default_value = "")]
        only: String,
        /// Write this case's answer to a file: `CASE=FILE`.
        #[arg(long, value_name = "CASE=FILE")]
        save: Option<String>,
    },
    /// Prints one recording as JSON.
    Show {
        /// The case's name.
        name: String,
    },
}

pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.task {
        Task::Import { directory, answers } => import(directory, answers),
        Task::List => list(),
        Task::Replay {
            binary,
            due,
            only,
            save,
        } => replay(binary, *due, only, save.as_deref()),
        Task::Show { name } => show(name),
    }
}

fn import(directory: &Path, answers: &[String]) -> Result<()> {
    for entry in
        std::fs::read_dir(directory).with_context(|| format!("reading {}", directory.display()))?
    {
        let folder = entry?.path();
        let Some(name) = folder
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|_| folder.is_dir())
        else {
            continue;
        };
        let mut command = Command::new("python3");
        command.args(["-B", "-c", CAPTURE]);
        let boundary = if name.starts_with("cluster-") {
            let file = std::fs::read_dir(&folder)?
                .next()
                .context("an empty folder")??
                .path();
            command
                .arg("cluster")
                .arg(directory.join("cluster.py"))
                .arg(file);
            BOUNDARY_CLUSTER
        } else {
            command
                .arg("kubo")
                .arg(directory.join("kubo.py"))
                .arg(&folder);
            if name.ends_with("-online") {
                command.args(["online", "PEER"]);
            } else {
                command.args(answers);
            }
            BOUNDARY_KUBO
        };
        let set = capture(&mut command, boundary).with_context(|| format!("importing {name}"))?;
        let path = root()
            .join("crates/testkit/recordings")
            .join(format!("{name}.jsonl.zst"));
        let bytes = set.write()?;
        std::fs::write(&path, &bytes).with_context(|| format!("writing {}", path.display()))?;
        println!(
            "{name}: {} recordings, {} KiB",
            set.recordings.len(),
            bytes.len() / 1024
        );
    }
    Ok(())
}

fn capture(command: &mut Command, boundary: &'static str) -> Result<Set> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("running python3")?;
    ensure!(
        output.status.success(),
        "the capture ended with {}",
        output.status
    );
    let text = String::from_utf8(output.stdout).context("reading the capture")?;
    let recordings = text
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("reading {line:.200}")))
        .collect::<Result<Vec<Recording>>>()?;
    ensure!(!recordings.is_empty(), "nothing was captured");
    Ok(Set {
        boundary,
        recordings,
    })
}

fn replay(binary: &Path, due: bool, only: &str, save: Option<&str>) -> Result<()> {
    let set = Set::kubo()?;
    let due = if due {
        Selection::kubo()?
    } else {
        Selection::everything()
    };
    let repository = server::recorded_repository(binary)?;
    let daemon = repository.start(&["--offline"])?;
    let mut replayer = Replayer::new(&set, &daemon.rpc())?;
    let outcomes = replayer.run_all(&due.select(&set))?;
    let told: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outcome.name.starts_with(only))
        .collect();
    for outcome in told.iter().filter(|outcome| !outcome.same()) {
        println!("{outcome}");
    }
    if let Some((name, file)) = save.and_then(|save| save.split_once('=')) {
        let answer = replayer
            .answer(name)
            .with_context(|| format!("{name} was not run"))?;
        std::fs::write(file, &answer.body).with_context(|| format!("writing {file}"))?;
    }
    let different = told.iter().filter(|outcome| !outcome.same()).count();
    println!("{} same, {different} different", told.len() - different);
    ensure!(different == 0, "answers differ");
    Ok(())
}

fn list() -> Result<()> {
    let due = Selection::kubo()?;
    for recording in Set::kubo()?.recordings {
        match due.why_not(&recording.name) {
            None => println!("due      {}", recording.name),
            Some(reason) => println!("not due  {}: {reason}", recording.name),
        }
    }
    Ok(())
}

fn show(name: &str) -> Result<()> {
    let sets = [Set::kubo()?, Set::kubo_online()?, Set::cluster()?];
    let recording = sets
        .iter()
        .find_map(|set| set.get(name))
        .with_context(|| format!("no recording is called {name}"))?;
    println!("{}", serde_json::to_string_pretty(recording)?);
    Ok(())
}
