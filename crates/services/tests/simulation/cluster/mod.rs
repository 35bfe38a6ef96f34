//! Simulated lives of a cluster, from a seed.
//!
//! Several peers run the services as a daemon does, on one database in memory, with time that only passes while all of
//! them wait. Their backends, the connections between them, and those to the database are made up, and fail: before an operation
//! takes place, or after it, so that its answer is lost. Peers are killed and restarted, stopped for longer than their lease and
//! woken up, replaced by another process while they sleep, drained, and cut off; the database goes away. Users pin,
//! update, add and unpin all the while. Then everything works again, and what was acknowledged must be there: see `check`.
//!
//! The same seed gives the same run.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a simulation fails by panicking, and its numbers are small"
)]

mod backend;
mod chaos;
mod check;
mod content;
mod operate;
mod process;

use std::sync::Arc;
use std::time::Duration;

use cairn_store::shared::simulate::{Connection, SimulatedDatabase};
use cairn_store::shared::{AccountId, Millis, SharedError, SharedRows};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::time::Instant;

use self::content::Item;
use self::operate::{Request, Spec};
use self::process::Peer;

/// What a run did.
#[derive(Debug)]
pub(crate) struct Report {
    /// What happened, in order.
    pub(crate) log: Vec<String>,
    /// Operations of users that were acknowledged.
    pub(crate) acknowledged: u64,
    /// How long it took until all was right after the last fault.
    pub(crate) settled: Duration,
}

/// Lines of the log that a failure shows.
const SHOWN: usize = 400;

/// Runs the life of a seed; what went wrong, with what happened before.
pub(crate) fn run(seed: u64) -> Result<Report, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let world = World::new(seed).await;
        let settled = chaos::live(&world).await;
        let mut log = std::mem::take(&mut *world.log.lock());
        match settled {
            Ok(settled) => Ok(Report {
                log,
                acknowledged: world.state.lock().acknowledged,
                settled,
            }),
            Err(error) => {
                let shown = log.split_off(log.len().saturating_sub(SHOWN));
                Err(format!("{}\nseed {seed}: {error}", shown.join("\n")))
            }
        }
    })
}

/// Pins something that expires, in a cluster in which nothing fails; fails unless it is gone in time.
pub(crate) fn expire() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let world = World::new(1).await;
        world.state.lock().faults = false;
        let expired = chaos::expire(&world).await;
        drop(std::mem::take(&mut world.state.lock().peers));
        expired
    })
}

/// Numbers from a seed.
#[derive(Debug)]
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Milliseconds between these.
    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from + 1))
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The state of the world that changes.
#[derive(Default)]
struct State {
    peers: Vec<Peer>,
    items: Vec<Item>,
    /// What operations wanted, by their numbers; 0 is that nothing is pinned.
    specs: Vec<Spec>,
    requests: Vec<Request>,
    /// Whether the database is away.
    outage: bool,
    /// Whether operations fail now and then.
    faults: bool,
    acknowledged: u64,
    /// What went wrong first.
    wrong: Option<String>,
}

/// All that peers share.
struct World {
    database: SimulatedDatabase,
    /// The rows without faults.
    truth: Arc<dyn SharedRows>,
    account: AccountId,
    /// Whether the only faults are those of connections to the database.
    outages_only: bool,
    start: Instant,
    rng: Mutex<Rng>,
    state: Mutex<State>,
    log: Mutex<Vec<String>>,
}

/// A connection that never fails.
struct Reliable;

impl Connection for Reliable {
    fn request(&self) -> BoxFuture<'_, Result<(), SharedError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn response(&self) -> BoxFuture<'_, Result<(), SharedError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl World {
    async fn new(seed: u64) -> Arc<Self> {
        let mut rng = Rng(seed);
        let start = Instant::now();
        // The timers of the peers run slower or faster than the clock of the database.
        let permille = 900 + rng.below(201) as i64;
        let clock = move || {
            let passed = Millis::try_from(start.elapsed().as_millis()).unwrap_or(0);
            1_700_000_000_000 + passed * permille / 1_000
        };
        let database = SimulatedDatabase::new(clock).expect("a database");
        let truth: Arc<dyn SharedRows> = database.rows(Arc::new(Reliable));
        let account = truth.create_account("account").await.expect("an account");
        let peers = 3 + rng.below(3) as usize;
        let items = 6 + rng.below(6) as usize;
        let outages_only = rng.one_in(6);
        let state = State {
            items: content::items(items, &mut rng),
            specs: vec![Spec::default()],
            faults: true,
            ..State::default()
        };
        let world = Arc::new(Self {
            database,
            truth,
            account: account.id,
            outages_only,
            start,
            rng: Mutex::new(rng),
            state: Mutex::new(state),
            log: Mutex::default(),
        });
        for number in 0..peers {
            world.state.lock().peers.push(Peer::new(number));
            process::start(&world, number);
        }
        world
    }

    /// Draws from the numbers of the seed.
    fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.rng.lock())
    }

    fn note(&self, text: impl AsRef<str>) {
        let time = self.start.elapsed();
        let text = text.as_ref();
        self.log
            .lock()
            .push(format!("{:>9.3} {text}", time.as_secs_f64()));
    }

    /// Something that must never happen has.
    fn wrong(&self, text: String) {
        self.note(format!("WRONG: {text}"));
        self.state.lock().wrong.get_or_insert(text);
    }
}
