//! Announcements of own content.
//!
//! New content is announced from a bounded queue, and all content again at each interval. The queue is not stored: after a start
//! all content is announced, as soon as there are peers. What is announced by a command and is not a part of the node's content is
//! not announced again.

mod queue;
mod stats;
mod sweep;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn_primitives::{Cid, Multihash};
use cairn_store::network::{AnnouncedContent, Announcements, NetworkError};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use libp2p::kad::RecordKey;
use parking_lot::RwLock;
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::queue::{Job, Origin, Queue};
use self::stats::Stats;
use self::sweep::{Part, Sweep};
use super::dht::{Found, Request};
use super::router::Router;
use super::settings::AnnounceSettings;

/// Time between two checks for peers, while content waits to be announced and there are none.
const WAIT_FOR_PEERS: Duration = Duration::from_secs(1);
/// Time after which a run over all content that could not be read is tried again.
const RETRY: Duration = Duration::from_secs(600);

/// Announcements of one node.
pub(super) struct Announcer {
    settings: AnnounceSettings,
    queue: Queue,
    content: RwLock<Option<Arc<dyn AnnouncedContent>>>,
    /// Whether all content is to be announced as soon as possible.
    sweep_now: AtomicBool,
    stats: Stats,
}

impl Announcer {
    pub(super) fn new(settings: AnnounceSettings) -> Self {
        Self {
            queue: Queue::new(settings.queue),
            content: RwLock::default(),
            sweep_now: AtomicBool::new(false),
            stats: Stats::new(),
            settings,
        }
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.settings.enabled
    }

    pub(super) fn set_content(&self, content: Option<Arc<dyn AnnouncedContent>>) {
        *self.content.write() = content;
        self.queue.changed.notify_one();
    }

    /// Queues new content.
    pub(super) fn announce(&self, cids: &[Cid]) {
        if !self.settings.enabled {
            return;
        }
        for cid in cids {
            if !self.queue.push_new(cid.hash().clone()) {
                tracing::debug!("new content is announced with all other: the queue is full");
                self.sweep_now.store(true, Ordering::Relaxed);
                return;
            }
        }
    }

    /// Announces new content before all other, where the queue has a place.
    pub(super) fn provide_soon(&self, cids: &[Cid]) {
        if !self.settings.enabled {
            return;
        }
        for cid in cids {
            self.queue.push_first(cid.hash());
        }
    }

    /// Announces content before all other; waits for the end where `wait`.
    pub(super) async fn provide(&self, cids: Vec<Cid>, wait: bool) -> Result<(), NetworkError> {
        self.check_enabled()?;
        let mut waiting = FuturesUnordered::new();
        for cid in cids {
            let (done, receiver) = oneshot::channel();
            let done = wait.then(|| {
                waiting.push(receiver);
                done
            });
            self.queue.push_urgent(cid.hash().clone(), done).await;
        }
        let (mut announced, mut failed) = (0_usize, 0_usize);
        while let Some(result) = waiting.next().await {
            if result.unwrap_or(false) {
                announced += 1;
            } else {
                failed += 1;
            }
        }
        if announced == 0 && failed > 0 {
            return Err(NetworkError::Failed {
                action: "announcing content",
                source: Arc::new(NotAnnounced { failed }),
            });
        }
        Ok(())
    }

    /// Announces all content as soon as possible.
    pub(super) fn sweep(&self) -> Result<(), NetworkError> {
        self.check_enabled()?;
        if self.content.read().is_none() {
            return Err(NetworkError::Unavailable("the announcement of all content"));
        }
        self.sweep_now.store(true, Ordering::Relaxed);
        self.queue.changed.notify_one();
        Ok(())
    }

    pub(super) fn clear(&self) -> u64 {
        self.queue.clear() as u64
    }

    /// Statistics, in the form of Kubo's provider that sweeps.
    pub(super) fn stats(&self, peers: usize) -> Announcements {
        Announcements {
            sweep: Some(self.stats.to_json(&self.settings, self.queue.len(), peers)),
            legacy: None,
        }
    }

    fn check_enabled(&self) -> Result<(), NetworkError> {
        if self.settings.enabled {
            Ok(())
        } else {
            Err(NetworkError::Unavailable("announcing content"))
        }
    }
}

/// Content could not be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no peer took the announcement of {failed} CIDs")]
struct NotAnnounced {
    failed: usize,
}

/// Announces content until the DHTs end.
pub(super) async fn run(router: Router) {
    let announcer = Arc::clone(router.announcer());
    let (settings, stats) = (&announcer.settings, &announcer.stats);
    let workers = settings.workers.max(1);
    // New content does not wait for the end of a run over all.
    let sweep_workers = workers.div_ceil(2);
    let mut running = FuturesUnordered::new();
    let mut sweeping = 0;
    let mut sweep: Option<Sweep> = None;
    let mut next_sweep = (!settings.interval.is_zero()).then(Instant::now);
    let closed = router.closed();
    tokio::pin!(closed);
    loop {
        let has_peers = router.peers() > 0;
        stats.set_online(has_peers);
        let content = announcer.content.read().clone();
        let is_due = announcer.sweep_now.load(Ordering::Relaxed)
            || next_sweep.is_some_and(|at| at <= Instant::now());
        if has_peers
            && is_due
            && sweep.is_none()
            && let Some(content) = &content
        {
            announcer.sweep_now.store(false, Ordering::Relaxed);
            next_sweep = next_interval(settings);
            stats.begin_sweep();
            sweep = Some(Sweep::new(Arc::clone(content), settings.sweep_keys));
        }
        while has_peers && running.len() < workers {
            let job = announcer.queue.pop().or_else(|| {
                let key = (sweeping < sweep_workers).then(|| sweep.as_mut()?.pop());
                Some(sweep_job(key??))
            });
            let Some(job) = job else { break };
            sweeping += usize::from(job.origin == Origin::Sweep);
            stats.begin(job.origin);
            running.push(announce(router.clone(), job));
        }
        if sweep.as_ref().is_some_and(Sweep::has_ended) && sweeping == 0 {
            sweep = None;
            stats.end_sweep();
            continue;
        }
        let waits = !has_peers && (announcer.queue.len() > 0 || is_due || sweep.is_some());
        let wake = if waits {
            Some(Instant::now() + WAIT_FOR_PEERS)
        } else {
            next_sweep.filter(|_| sweep.is_none() && content.is_some())
        };
        let reading = sweep.as_mut().filter(|sweep| sweep.wants_part());
        tokio::select! {
            () = &mut closed => return,
            Some((origin, announced)) = running.next() => {
                sweeping -= usize::from(origin == Origin::Sweep);
                stats.end(origin, announced);
            }
            part = read(reading) => {
                let content = content.filter(|_| part.is_ok());
                match (part, &mut sweep, content) {
                    (Ok(part), Some(sweep), Some(content)) => sweep.add(part, content),
                    (part, _, _) => {
                        if let Err(error) = part {
                            tracing::warn!(%error, "content cannot be read to be announced");
                            next_sweep = next_sweep.map(|next| next.min(Instant::now() + RETRY));
                        }
                        sweep = None;
                        stats.end_sweep();
                    }
                }
            }
            () = announcer.queue.changed.notified() => {}
            () = sleep(wake) => {}
        }
    }
}

fn next_interval(settings: &AnnounceSettings) -> Option<Instant> {
    let interval = Some(settings.interval).filter(|interval| !interval.is_zero())?;
    Instant::now().checked_add(interval)
}

fn sweep_job(key: Multihash) -> Job {
    Job {
        key,
        origin: Origin::Sweep,
        done: None,
        _place: None,
    }
}

/// Reads the next part of a run; for ever where there is none.
async fn read(sweep: Option<&mut Sweep>) -> Result<Part, NetworkError> {
    match sweep.and_then(|sweep| sweep.reading.as_mut()) {
        Some(reading) => reading.await,
        None => std::future::pending().await,
    }
}

async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

async fn announce(router: Router, job: Job) -> (Origin, bool) {
    let key = RecordKey::from(job.key.as_bytes().to_vec());
    let mut found = router.ask(&Request::Provide(key), false);
    let mut announced = false;
    while let Some(found) = found.next().await {
        announced |= matches!(found, Found::Announced);
    }
    if let Some(done) = job.done {
        // Who asked may have gone.
        let _ = done.send(announced);
    }
    (job.origin, announced)
}
