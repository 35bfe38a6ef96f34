//! The processes of peers, and their connections to the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_services::{Context, ServiceSettings, Services};
use cairn_store::shared::simulate::Connection;
use cairn_store::shared::{PinListing, SharedError};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::backend::{Disk, Link, Storage};
use super::{Rng, World};

/// A peer: its disk, and its processes.
pub(super) struct Peer {
    pub(super) id: String,
    pub(super) disk: Arc<Mutex<Disk>>,
    pub(super) process: Option<Process>,
    /// A process that sleeps, and whose place another one has taken.
    pub(super) old: Option<Process>,
    /// Whether it was taken out of the cluster, and does not return.
    pub(super) gone: bool,
    starts: u32,
}

/// A running process.
pub(super) struct Process {
    pub(super) services: Arc<Services>,
    pub(super) condition: Arc<Condition>,
    task: JoinHandle<()>,
}

/// How a process fares.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) name: String,
    paused: AtomicBool,
    dead: AtomicBool,
    /// Another process has its place, and its disk.
    replaced: AtomicBool,
    /// Its connection to the database is cut.
    pub(super) cut: AtomicBool,
    /// Its backend fails.
    pub(super) sick: AtomicBool,
    changed: Notify,
}

impl Condition {
    /// Waits while the process sleeps; forever if it is dead.
    pub(super) async fn awake(&self) {
        loop {
            let changed = self.changed.notified();
            if self.dead.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            if !self.paused.load(Ordering::Relaxed) {
                return;
            }
            changed.await;
        }
    }

    pub(super) fn pause(&self) {
        self.paused.store(true, Ordering::Relaxed);
    }

    pub(super) fn wake(&self) {
        self.paused.store(false, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.replaced.load(Ordering::Relaxed)
    }

    pub(super) fn replace(&self) {
        self.replaced.store(true, Ordering::Relaxed);
    }

    /// Whether others can reach it.
    pub(super) fn answers(&self) -> bool {
        !self.is_paused() && !self.dead.load(Ordering::Relaxed)
    }
}

impl Process {
    /// As `kill -9`: whatever it does ends where it waits.
    pub(super) fn kill(self) {
        self.condition.dead.store(true, Ordering::Relaxed);
        self.task.abort();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Peer {
    pub(super) fn new(number: usize) -> Self {
        Self {
            id: format!("peer{number}"),
            disk: Arc::default(),
            process: None,
            old: None,
            gone: false,
            starts: 0,
        }
    }
}

/// Starts a process of a peer.
pub(super) fn start(world: &Arc<World>, number: usize) {
    let mut state = world.state.lock();
    let peer = &mut state.peers[number];
    peer.starts += 1;
    let condition = Arc::new(Condition {
        name: format!("{}/{}", peer.id, peer.starts),
        ..Condition::default()
    });
    let rows = world.database.rows(Arc::new(Wire {
        world: Arc::clone(world),
        condition: Arc::clone(&condition),
        before: Mutex::default(),
    }));
    let storage = Storage::new(
        world,
        number,
        Arc::clone(&peer.disk),
        Arc::clone(&condition),
    );
    let context = Context::new(rows, Arc::new(storage), peer.id.as_str());
    let link = Link::new(world, Arc::clone(&condition));
    let mut settings = world.draw(settings);
    // What it says about itself, by which it is known who has joined last.
    settings.cluster.name.clone_from(&condition.name);
    let services = Services::new(context, &settings, Arc::new(link));
    let task = tokio::spawn(Arc::clone(&services).run(CancellationToken::new()));
    world.note(format!("{} starts", condition.name));
    peer.process = Some(Process {
        services,
        condition,
        task,
    });
}

fn settings(rng: &mut Rng) -> ServiceSettings {
    let mut settings = ServiceSettings::default();
    let cluster = &mut settings.cluster;
    cluster.beat = rng.millis(3_000, 6_500);
    cluster.patience = Duration::from_secs(60);
    cluster.concurrent_pins = rng.pick(&[1, 2, 64]);
    cluster.stall = Duration::from_secs(20);
    settings
}

/// Whether a process is the last one of its peer that has joined the cluster.
pub(super) async fn has_joined(world: &World, condition: &Condition) -> bool {
    let peers = world.truth.cluster_peers().await.expect("the peers").peers;
    let name = format!("\"{}\"", condition.name);
    peers.iter().any(|peer| peer.info.contains(&name))
}

/// Which version each pin has, and whom it is assigned to.
type Allocations = BTreeMap<Cid, (i64, Vec<String>)>;

/// A connection of a process to the database.
struct Wire {
    world: Arc<World>,
    condition: Arc<Condition>,
    /// The allocations before an operation of a process whose place another one has taken.
    before: Mutex<Option<Allocations>>,
}

fn away() -> SharedError {
    SharedError::Unreachable(Arc::new(std::io::Error::other("the connection was lost")))
}

impl Wire {
    fn is_cut(&self) -> bool {
        self.world.state.lock().outage || self.condition.cut.load(Ordering::Relaxed)
    }

    fn fails(&self) -> bool {
        self.world.state.lock().faults && self.world.draw(|rng| rng.one_in(60))
    }

    async fn allocations(&self) -> Allocations {
        let listing = PinListing::default();
        let pins = self.world.truth.cluster_statuses(listing, 1_000).await;
        let pins = pins.expect("the pins").into_iter();
        pins.map(|row| {
            let assigned = row.holdings.iter().filter(|holding| holding.assigned);
            let peers = assigned.map(|holding| holding.peer.clone()).collect();
            (row.pin.cid, (row.pin.version, peers))
        })
        .collect()
    }
}

impl Connection for Wire {
    fn request(&self) -> BoxFuture<'_, Result<(), SharedError>> {
        Box::pin(async {
            self.condition.awake().await;
            sleep(self.world.draw(latency)).await;
            self.condition.awake().await;
            if self.is_cut() {
                sleep(self.world.draw(|rng| rng.millis(1, 5_000))).await;
                self.condition.awake().await;
                return Err(away());
            }
            if self.fails() {
                return Err(away());
            }
            if self.condition.is_replaced() && !has_joined(&self.world, &self.condition).await {
                let before = self.allocations().await;
                *self.before.lock() = Some(before);
            }
            Ok(())
        })
    }

    fn response(&self) -> BoxFuture<'_, Result<(), SharedError>> {
        Box::pin(async {
            let before = self.before.lock().take();
            if let Some(before) = before
                && !has_joined(&self.world, &self.condition).await
            {
                let after = self.allocations().await;
                for (cid, allocation) in before {
                    if after.get(&cid).is_some_and(|after| *after != allocation) {
                        self.world.wrong(format!(
                            "{} changed the allocation of {cid}, though another process has its place",
                            self.condition.name
                        ));
                    }
                }
            }
            if self.fails() {
                return Err(away());
            }
            sleep(self.world.draw(latency)).await;
            self.condition.awake().await;
            if self.is_cut() {
                return Err(away());
            }
            Ok(())
        })
    }
}

/// How long a message takes.
pub(super) fn latency(rng: &mut Rng) -> Duration {
    match rng.below(40) {
        0 => rng.millis(100, 2_000),
        1..8 => rng.millis(5, 100),
        _ => rng.millis(1, 5),
    }
}
