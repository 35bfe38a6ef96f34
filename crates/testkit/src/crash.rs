//! Kills a loaded node at random moments and checks that nothing it answered was lost.
//!
//! Over the public RPC alone: several clients add files, put blocks, pin, unpin and collect garbage, each remembering
//! what was answered and what was under way. After `kill -9` and a restart every answered pin must be listed and
//! readable byte for byte, every answered unpin must have stayed one, nothing else may be pinned, and every block
//! must hash to its name. What was under way at the kill may have happened or not, but never by halves.
//!
//! Every choice comes from the seed. Which request the kill cuts depends on the machine all the same, so a failure
//! names the round and its seed: that run again, a few times, is the way to it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::fixture::SeededRng;
use crate::rpc::Rpc;
use crate::server::{Daemon, Repository};

pub mod cluster;
pub mod damage;
mod load;
mod model;
pub mod services;

use load::Client;
use model::{Collections, Item};

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program under test.
    pub binary: PathBuf,
    /// How often to kill it.
    pub rounds: u32,
    /// What every choice comes from.
    pub seed: u64,
    /// How many clients load it at once.
    pub clients: usize,
    /// The most bytes of answered data to keep in the repository; above it, clients unpin rather than add.
    pub bytes: u64,
    /// The load lasts a random time up to this long before the kill.
    pub longest_load: Duration,
    /// Tell each round on standard error.
    pub verbose: bool,
}

impl Options {
    /// A short run of the program at `binary`.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            rounds: 3,
            seed: 1,
            clients: 4,
            bytes: 64 << 20,
            longest_load: Duration::from_millis(1_500),
            verbose: false,
        }
    }
}

/// The outcome of a run in which nothing was lost.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many requests were answered with success.
    pub answered: u64,
    /// How many requests the kills cut.
    pub cut: u64,
    /// How many items were pinned at the end.
    pub pinned: usize,
    /// From the start of the process to its first answer, one a restart.
    pub reopened: Vec<Duration>,
}

impl Report {
    /// The median and the longest time from the start of a process to its first answer.
    #[must_use]
    pub fn reopening(&self) -> (Duration, Duration) {
        let mut times = self.reopened.clone();
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        (median, times.last().copied().unwrap_or_default())
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (median, longest) = self.reopening();
        write!(
            f,
            "{} restarts, {} requests answered, {} cut, {} items pinned; start to first answer: median {} ms, longest {} ms",
            self.reopened.len(),
            self.answered,
            self.cut,
            self.pinned,
            median.as_millis(),
            longest.as_millis()
        )
    }
}

/// Loads, kills and checks a node as often as `options` says.
///
/// # Errors
/// Something was lost, or the node could not be run. The repository is kept then, and the message tells where it is,
/// which round failed and its seed.
pub fn run(options: &Options) -> Result<Report> {
    kept_if_it_fails(options, rounds)
}

/// Runs rounds on a new repository, which is kept if they fail.
fn kept_if_it_fails<R>(
    options: &Options,
    rounds: impl FnOnce(&Repository, &Options) -> Result<R>,
) -> Result<R> {
    let repository = Repository::init(&options.binary)?;
    match rounds(&repository, options) {
        Ok(report) => Ok(report),
        Err(error) => Err(error.context(format!(
            "seed {}; repository kept in {}",
            options.seed,
            repository.keep().display()
        ))),
    }
}

fn rounds(repository: &Repository, options: &Options) -> Result<Report> {
    let mut choices = SeededRng::new(options.seed);
    let mut report = Report::default();
    let collections = Collections::default();
    let mut daemon = repository.start(&["--offline"])?;
    let foreign = Rpc::new(&daemon.rpc()).recursive_pins()?;
    let allowance = options.bytes / options.clients.max(1) as u64;
    let mut clients: Vec<_> = (0..options.clients)
        .map(|number| Client::new(number, options.seed, allowance))
        .collect();
    for round in 0..options.rounds {
        let context = |daemon: &Daemon| format!("round {round}\n{}", daemon.log());
        let load = Duration::from_millis(
            choices.within(20, options.longest_load.as_millis().max(21) as u64),
        );
        let rpc = Rpc::new(&daemon.rpc());
        under_load(&mut clients, &daemon, load, |client, stopping| {
            client.load(&rpc, stopping, &collections)
        })
        .with_context(|| context(&daemon))?;
        daemon.kill()?;
        collections.none_running();
        let started = Instant::now();
        daemon = repository
            .start(&["--offline"])
            .with_context(|| format!("round {round}: restarting"))?;
        let rpc = Rpc::new(&daemon.rpc());
        rpc.call("version", None)
            .with_context(|| context(&daemon))?;
        report.reopened.push(started.elapsed());
        let last = round + 1 == options.rounds;
        check(&mut clients, &rpc, &foreign, &collections, last)
            .with_context(|| context(&daemon))?;
        if options.verbose {
            eprintln!(
                "round {round}: {} ms of load, {} pinned, {} MiB, first answer after {} ms",
                load.as_millis(),
                pinned(&clients),
                clients.iter().map(Client::bytes).sum::<u64>() >> 20,
                report.reopened.last().map_or(0, Duration::as_millis)
            );
        }
    }
    report.answered = clients.iter().map(|client| client.answered).sum();
    report.cut = clients.iter().map(|client| client.cut).sum();
    report.pinned = pinned(&clients);
    Ok(report)
}

fn pinned(clients: &[Client]) -> usize {
    clients
        .iter()
        .flat_map(|client| &client.items)
        .filter(|item| item.pinned == Some(true))
        .count()
}

/// Lets every client work for `load`, each on a thread of its own, then kills the node below them.
fn under_load<C: Send>(
    clients: &mut [C],
    daemon: &Daemon,
    load: Duration,
    work: impl Fn(&mut C, &AtomicBool) -> Result<()> + Sync,
) -> Result<()> {
    let stopping = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let running: Vec<_> = clients
            .iter_mut()
            .map(|client| scope.spawn(|| work(client, &stopping)))
            .collect();
        std::thread::sleep(load);
        // From here on a broken connection is the kill's doing.
        stopping.store(true, Ordering::SeqCst);
        let mut outcome = daemon.kill_now();
        for client in running {
            let loaded = client
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a client panicked")));
            outcome = outcome.and(loaded);
        }
        outcome
    })
}

/// Holds the restarted node against what the clients remember.
fn check(
    clients: &mut [Client],
    rpc: &Rpc,
    foreign: &BTreeSet<String>,
    collections: &Collections,
    all: bool,
) -> Result<()> {
    let listed = rpc.recursive_pins().context("listing the pins")?;
    let mut explained = foreign.clone();
    for client in clients.iter_mut() {
        client.settle(rpc, &listed)?;
        explained.extend(
            client
                .items
                .iter()
                .filter(|item| item.pinned == Some(true))
                .map(|item| item.cid.clone()),
        );
    }
    let strange: Vec<_> = listed.difference(&explained).collect();
    ensure!(
        strange.is_empty(),
        "pinned though nobody asked for it, or though its unpin was answered: {strange:?}"
    );
    let lost: Vec<_> = explained.difference(&listed).collect();
    ensure!(
        lost.is_empty(),
        "no longer pinned though the pin was answered: {lost:?}"
    );
    for client in clients.iter_mut() {
        for item in &mut client.items {
            if all || !item.checked {
                item.check(rpc, collections)?;
            }
        }
    }
    rpc.verify().context("verifying every block")
}

impl Item {
    /// Reads the item where it must still be there, and compares every byte.
    fn check(&mut self, rpc: &Rpc, collections: &Collections) -> Result<()> {
        if self.pinned == Some(true) || self.present_since(collections) {
            let bytes = self.read(rpc).with_context(|| format!("reading {self}"))?;
            ensure!(
                bytes == self.data(),
                "{self} came back with other bytes ({} of them)",
                bytes.len()
            );
        }
        self.checked = true;
        Ok(())
    }
}
