//! Pins what is assigned to this peer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::{Cid, with_causes};
use cairn_store::shared::{Claimed, ClusterPin, Lease, Outcome, SharedError};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Cluster, PeerInfo};
use crate::backend::import::CarOptions;
use crate::backend::{BackendError, PinOptions};
use crate::releases::is_requested;

/// How long a pin that failed waits for its next attempt, at first; each failure doubles it.
const RETRY: Duration = Duration::from_secs(30);

/// The longest such time.
const RETRY_MOST: Duration = Duration::from_secs(12 * 60);

/// How often it is checked that the rows name no work that nobody does.
const CHECK: Duration = Duration::from_secs(60);

/// Maximum length of the text of an error, in bytes.
const ERROR: usize = 1_000;

/// The pins that are worked on.
#[derive(Default)]
struct Running {
    tasks: JoinSet<bool>,
    pins: HashMap<Id, Cid>,
}

impl Running {
    fn len(&self) -> usize {
        self.tasks.len()
    }

    fn start(&mut self, cid: Cid, task: impl Future<Output = bool> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.pins.insert(id, cid);
    }

    /// Waits until one ends; whether its end was recorded. Waits forever while there is none.
    async fn next(&mut self) -> bool {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.end(ended),
            None => std::future::pending().await,
        }
    }

    /// As [`Running::next`]; `None` if none has ended.
    fn try_next(&mut self) -> Option<bool> {
        let ended = self.tasks.try_join_next_with_id()?;
        Some(self.end(ended))
    }

    fn end(&mut self, ended: Result<(Id, bool), JoinError>) -> bool {
        let (id, recorded) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!("a pin of the cluster panicked; it is queued again");
                }
                (error.id(), false)
            }
        };
        self.pins.remove(&id);
        recorded
    }

    fn cids(&self) -> Vec<Cid> {
        self.pins.values().cloned().collect()
    }
}

impl Cluster {
    /// Pins what is assigned until the token is cancelled. At most
    /// [`concurrent_pins`](super::ClusterSettings::concurrent_pins) at once; the rest waits in the rows.
    pub(super) async fn work(self: Arc<Self>, stop: CancellationToken) {
        let mut running = Running::default();
        // Whether rows may say that this peer is pinning what it is not: the answer to a claim was lost, or an end could not be
        // recorded.
        let mut doubt = false;
        let mut checked = Instant::now();
        loop {
            while let Some(recorded) = running.try_next() {
                doubt |= !recorded;
            }
            if let Some(lease) = self.lease() {
                // A claim whose answer was lost may even take place later.
                if doubt || checked.elapsed() >= CHECK {
                    doubt = !self.requeue(&lease, &running.cids()).await;
                    checked = Instant::now();
                }
                let room = self.settings.concurrent_pins.saturating_sub(running.len());
                if room > 0 {
                    match self.claim(&lease, room).await {
                        Some(claimed) => self.start(&lease, claimed, &mut running),
                        None => doubt = true,
                    }
                }
            }
            if running.len() >= self.settings.concurrent_pins {
                // There may be more, but no room: wait for one to end.
                tokio::select! {
                    biased;
                    () = stop.cancelled() => break,
                    recorded = running.next() => doubt |= !recorded,
                }
                continue;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.work.notified() => {}
                () = tokio::time::sleep(self.poll()) => {}
            }
        }
        // What is dropped here is queued again when this peer joins the next time.
        running.tasks.shutdown().await;
    }

    fn start(self: &Arc<Self>, lease: &Lease, claimed: Vec<Claimed>, running: &mut Running) {
        for claim in claimed {
            let (own, lease) = (Arc::clone(self), lease.clone());
            running.start(claim.pin.cid.clone(), async move {
                own.pin_claimed(&lease, claim).await
            });
        }
    }

    /// Takes work; `None` if it is not known whether there was any.
    async fn claim(&self, lease: &Lease, limit: usize) -> Option<Vec<Claimed>> {
        match self.context.rows().claim_holdings(lease, limit).await {
            Ok(claimed) => Some(claimed),
            Err(SharedError::Unreachable(_) | SharedError::Closed) => None,
            Err(error) => {
                tracing::warn!(%error, "cannot take work from the cluster");
                None
            }
        }
    }

    /// Queues again what this peer does not work on, against its rows; whether that is done.
    async fn requeue(&self, lease: &Lease, working: &[Cid]) -> bool {
        let requeued = self.context.rows().requeue_holdings(lease, working).await;
        requeued.unwrap_or(false)
    }

    /// Pins what was claimed; whether its end was recorded.
    async fn pin_claimed(&self, lease: &Lease, claim: Claimed) -> bool {
        let Claimed { pin, attempts } = claim;
        // Nobody unpins it between the pin and the row that says so.
        let lock = self.context.lock(&pin.cid).await;
        let outcome = match self.pin_here(&pin).await {
            Ok(()) => Outcome::Pinned,
            Err(error) => {
                let text = describe(&error);
                tracing::info!(cid = %pin.cid, attempts, error = text, "cannot pin for the cluster");
                let doubled = RETRY.saturating_mul(1 << attempts.min(8));
                Outcome::Failed {
                    error: text,
                    retry: doubled.min(RETRY_MOST),
                }
            }
        };
        let done = self
            .context
            .rows()
            .finish_holding(lease, &pin, outcome)
            .await;
        // Its row wants the content, whatever state it has.
        drop(lock);
        done.unwrap_or_else(|error| {
            tracing::warn!(cid = %pin.cid, %error, "cannot record a pin of the cluster");
            false
        })
    }

    /// Pins content here: from what is here, from a peer of the cluster that has it, or from the network.
    async fn pin_here(&self, pin: &ClusterPin) -> Result<(), BackendError> {
        let backend = self.context.backend();
        let options = PinOptions {
            recursive: !pin.direct,
            name: pin.name.clone(),
            stall: Some(self.settings.stall),
            narrows: pin.direct && !self.others_want_all(&pin.cid).await?,
            ..PinOptions::default()
        };
        if self.lacks(pin).await? {
            if self.pull(pin, &options).await {
                return Ok(());
            }
            for origin in &pin.origins {
                if let Ok(address) = origin.parse()
                    && let Err(error) = backend.connect(&address).await
                {
                    tracing::debug!(origin, %error, "cannot connect to an origin");
                }
            }
            // What nobody has does not hold up what others have.
            if !backend.probe(&pin.cid).await? {
                return Err(BackendError::NotFound {
                    cid: pin.cid.clone(),
                });
            }
        }
        backend.pin(&pin.cid, options).await?;
        Ok(())
    }

    /// Whether anything but the pin of a CID wants all of its DAG.
    async fn others_want_all(&self, cid: &Cid) -> Result<bool, BackendError> {
        let rows = self.context.rows();
        let wanted = async {
            if is_requested(&**rows, self.peer(), cid).await? {
                return Ok(true);
            }
            // The other form of the CID is another pin of the same content.
            let forms = [Some(cid.to_v1()), cid.to_v0()];
            for form in forms.into_iter().flatten().filter(|form| form != cid) {
                if (rows.cluster_pin(&form).await?).is_some_and(|pin| !pin.direct) {
                    return Ok(true);
                }
            }
            Ok::<_, SharedError>(false)
        };
        wanted
            .await
            .map_err(|error| BackendError::failed("tell who wants the content", error))
    }

    /// Whether content is missing here.
    async fn lacks(&self, pin: &ClusterPin) -> Result<bool, BackendError> {
        if pin.direct {
            return Ok(self.importer()?.block(&pin.cid).await?.is_none());
        }
        Ok(!self.context.backend().has(&pin.cid).await?)
    }

    /// Copies content from a peer that has it, and pins it; whether there was one.
    async fn pull(&self, pin: &ClusterPin, options: &PinOptions) -> bool {
        let root = &pin.cid;
        let holders = match self.context.rows().content_holders(root).await {
            Ok(holders) => holders,
            Err(error) => {
                tracing::debug!(%root, %error, "cannot tell which peers have the content");
                return false;
            }
        };
        let Ok(seen) = self.seen().await else {
            return false;
        };
        let mut sources: Vec<PeerInfo> = seen
            .into_iter()
            .filter(|peer| {
                peer.alive && peer.info.id != self.peer() && holders.contains(&peer.info.id)
            })
            .map(|peer| peer.info)
            .collect();
        if !sources.is_empty() {
            // Different peers begin with different sources.
            let first = root.to_bytes().iter().fold(self.peer().len(), |sum, byte| {
                sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
            });
            let places = sources.len();
            sources.rotate_left(first % places);
        }
        for source in sources {
            match self.pull_from(&source, pin, options).await {
                Ok(()) => return true,
                Err(error) => {
                    tracing::warn!(%root, peer = source.id, error = describe(&*error), "cannot copy content from a peer");
                }
            }
        }
        false
    }

    async fn pull_from(
        &self,
        source: &PeerInfo,
        pin: &ClusterPin,
        pin_options: &PinOptions,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let token = self.peer_token().await?;
        let depth = pin.direct.then_some(0);
        let archive = self.link.dag(source, &pin.cid, depth, token).await?;
        let options = CarOptions {
            allow_big_block: true,
            ..CarOptions::default()
        };
        let importer = self.importer()?;
        let imported = importer.import_car(options, archive).await?;
        let is_complete = imported.is_whole && imported.roots == [pin.cid.clone()];
        if pin_options.recursive && is_complete {
            importer
                .pin_imported(&pin.cid, &pin_options.name, &[&imported.keep])
                .await?;
        } else {
            // It may be only a part, if the other peer has less than it should: the rest is fetched.
            let backend = self.context.backend();
            backend.pin(&pin.cid, pin_options.clone()).await?;
            drop(imported.keep);
        }
        Ok(())
    }
}

/// An error with its causes, within the bound of the rows.
pub(super) fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = with_causes(error);
    text.truncate(text.floor_char_boundary(ERROR));
    text
}
