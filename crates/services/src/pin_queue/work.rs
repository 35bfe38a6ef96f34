//! The work on leased requests.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::{Cid, Multiaddr, with_causes};
use cairn_store::shared::{BackOff, Fenced, LeasedPin, PinEnd, PinLease, RenewedPin, SharedError};
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::PinQueue;
use crate::backend::{BackendError, Fetched, PinOptions, PinProgress};

/// How long a lease lasts unless it is renewed.
const LEASE: Duration = Duration::from_secs(60);

/// Interval of renewals, which record the progress as well.
const RENEW: Duration = Duration::from_secs(5);

/// Interval of looking for requests of other processes, and for those whose wait is over.
const POLL: Duration = Duration::from_secs(1);

/// Interval after a failure of the rows.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long further requests are waited for after a new one, so that they are leased together.
const GATHER: Duration = Duration::from_millis(10);

/// Requests that are leased at once.
const BATCH: usize = 64;

/// How long an origin may take to answer.
const DIAL: Duration = Duration::from_secs(5);

/// A pin that takes longer than this is said to be `pinning`; content that is here already is pinned at once.
const QUICK: Duration = Duration::from_millis(200);

/// The requests that are worked on.
#[derive(Debug, Default)]
pub(super) struct Active(Mutex<HashMap<PinLease, Attempt>>);

/// The work on one request.
#[derive(Debug)]
struct Attempt {
    fetched: Progress,
    task: AbortHandle,
}

/// How far a request is.
type Progress = Arc<Mutex<Fetched>>;

impl Active {
    /// What to renew.
    fn progress(&self) -> Vec<RenewedPin> {
        let active = self.0.lock();
        let renewed = active.iter().map(|(lease, attempt)| {
            let fetched = *attempt.fetched.lock();
            RenewedPin {
                lease: *lease,
                blocks: fetched.blocks,
                bytes: fetched.bytes,
            }
        });
        renewed.collect()
    }

    /// Ends the work on a request.
    fn abort(&self, lease: &PinLease) {
        if let Some(attempt) = self.0.lock().remove(lease) {
            attempt.task.abort();
        }
    }
}

/// Removes a request from those that are worked on, however its task ends.
struct Entered<'a>(&'a Active, PinLease);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.0.lock().remove(&self.1);
    }
}

pub(super) async fn run(queue: &Arc<PinQueue>, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    let stopped = stop.clone();
    stopped
        .run_until_cancelled(lease_and_work(queue, &mut tasks))
        .await;
    tasks.shutdown().await;
    // Others need not wait for the leases to end.
    if let Err(error) = abandon(queue).await {
        tracing::debug!(error = with_causes(&error), "leases were not given back");
    }
}

async fn abandon(queue: &PinQueue) -> Result<(), SharedError> {
    let context = &queue.context;
    let count = context.rows().abandon_pins(context.peer()).await?;
    if count > 0 {
        tracing::debug!(count, "pin requests given back to the queue");
    }
    Ok(())
}

/// Leases requests and works on them, without end.
async fn lease_and_work(queue: &Arc<PinQueue>, tasks: &mut JoinSet<()>) {
    // What a process of this name leased before it ended.
    while let Err(error) = abandon(queue).await {
        tracing::warn!(error = with_causes(&error), "cannot read the pin queue");
        sleep(AFTER_FAILURE).await;
    }
    let most = queue.settings.requests.max(1);
    let mut renewal = interval(RENEW);
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut poll = Instant::now();
    // Whether there may be requests that nobody has leased.
    let mut more = true;
    loop {
        let room = most.saturating_sub(tasks.len());
        if more && room > 0 {
            let wanted = room.min(BATCH);
            let context = &queue.context;
            let leased = context.rows().lease_pins(context.peer(), wanted, LEASE);
            match leased.await {
                Ok(leased) => {
                    more = leased.len() == wanted;
                    for pin in leased {
                        start(queue, tasks, pin);
                    }
                    if more {
                        continue;
                    }
                }
                Err(error) => {
                    tracing::warn!(error = with_causes(&error), "cannot lease pin requests");
                    more = false;
                    poll = Instant::now() + AFTER_FAILURE;
                }
            }
        }
        // In this order, so that the end of many tasks keeps neither renewals nor new requests waiting.
        tokio::select! {
            biased;
            _ = renewal.tick() => renew(queue).await,
            () = sleep_until(poll) => {
                more = true;
                poll = Instant::now() + POLL;
            }
            () = queue.added.notified() => {
                sleep(GATHER).await;
                more = true;
            }
            Some(_) = tasks.join_next() => {}
        }
    }
}

fn start(queue: &Arc<PinQueue>, tasks: &mut JoinSet<()>, pin: LeasedPin) {
    let lease = pin.lease;
    let fetched = Progress::default();
    let mut active = queue.active.0.lock();
    let (queue, progress) = (Arc::clone(queue), Arc::clone(&fetched));
    let working = {
        let queue = Arc::clone(&queue);
        async move {
            let _entered = Entered(&queue.active, lease);
            if let Err(error) = attempt(&queue, &pin, &progress).await {
                // The lease ends by itself, and somebody tries again.
                tracing::warn!(cid = %pin.cid, error = with_causes(&error), "cannot record a pin request");
            }
        }
    };
    let task = tasks.spawn(working);
    active.insert(lease, Attempt { fetched, task });
}

async fn renew(queue: &PinQueue) {
    let renewed = queue.active.progress();
    if renewed.is_empty() {
        return;
    }
    match queue.context.rows().renew_pins(renewed, LEASE).await {
        Ok(lost) => {
            for lease in lost {
                queue.active.abort(&lease);
            }
        }
        Err(error) => {
            tracing::warn!(
                error = with_causes(&error),
                "cannot renew leases of pin requests"
            );
        }
    }
}

/// What came of dialling the origins of a request.
#[derive(Default)]
struct Dialled {
    connected: usize,
    notes: Vec<String>,
}

async fn dial(queue: &PinQueue, origins: &[String]) -> Dialled {
    let dials = origins.iter().map(|text| async move {
        let address: Multiaddr = text.parse().ok()?;
        match timeout(DIAL, queue.context.backend().connect(&address)).await {
            Ok(Ok(())) => Some(Ok(())),
            Ok(Err(BackendError::Forbidden { reason, .. })) => {
                Some(Err(format!("origin {text} is not dialled: {reason}")))
            }
            // Best effort: an origin that does not answer is no failure.
            Ok(Err(_)) | Err(_) => None,
        }
    });
    let mut dialled = Dialled::default();
    for outcome in join_all(dials).await.into_iter().flatten() {
        match outcome {
            Ok(()) => dialled.connected += 1,
            Err(note) => dialled.notes.push(note),
        }
    }
    dialled
}

/// One attempt to pin the content of a request.
async fn attempt(
    queue: &PinQueue,
    pin: &LeasedPin,
    progress: &Progress,
) -> Result<(), SharedError> {
    let settings = &queue.settings;
    let backend = queue.context.backend();
    let search = timeout(settings.search, backend.probe(&pin.cid));
    let (dialled, found) = tokio::join!(dial(queue, &pin.origins), search);
    let waits = match found {
        Ok(Ok(true)) => None,
        // One that was named as an origin may have it, whatever others say.
        _ if dialled.connected > 0 => None,
        Ok(Ok(false)) | Err(_) => Some("no peer that has the content was found".to_owned()),
        Ok(Err(error)) => Some(with_causes(&error)),
    };
    match waits {
        None => fetch(queue, pin, progress, &dialled.notes).await,
        Some(waits) => back_off(queue, pin, waits, &dialled.notes).await,
    }
}

/// Fetches and pins the content of a request.
async fn fetch(
    queue: &PinQueue,
    pin: &LeasedPin,
    progress: &Progress,
    notes: &[String],
) -> Result<(), SharedError> {
    let rows = queue.context.rows();
    // Until the row says so: whoever releases the same CID waits, and then finds that it is wanted.
    let _lock = queue.context.lock(&pin.cid).await;
    let Ok(_place) = queue.fetches.acquire().await else {
        return Ok(());
    };
    let reported = Arc::clone(progress);
    let options = PinOptions {
        stall: Some(queue.settings.stall_of(pin.attempts)),
        progress: Some(PinProgress(Arc::new(move |fetched| {
            *reported.lock() = fetched;
        }))),
        ..PinOptions::default()
    };
    let mut pinning = queue.context.backend().pin(&pin.cid, options);
    let pinned = match timeout(QUICK, &mut pinning).await {
        Ok(pinned) => pinned,
        Err(_) => {
            if rows.start_pin(pin.lease).await? == Fenced::Lost {
                return Ok(());
            }
            pinning.await
        }
    };
    let size = match pinned {
        Ok(size) => size,
        Err(error @ BackendError::Invalid(_)) => {
            let details = joined(with_causes(&error), notes);
            let end = PinEnd::Failed { details };
            return rows.finish_pin(pin.lease, end).await.map(drop);
        }
        Err(error) => {
            record(queue, pin.lease, progress).await?;
            return back_off(queue, pin, with_causes(&error), notes).await;
        }
    };
    let end = PinEnd::Pinned {
        dag_size: size.blocks,
        raw_size: size.content,
        details: (!notes.is_empty()).then(|| notes.join("; ")),
    };
    match rows.finish_pin(pin.lease, end).await? {
        Fenced::OverQuota { limit } => {
            let details = format!(
                "the account's quota of {limit} bytes is too small for its {} bytes",
                size.blocks
            );
            let end = PinEnd::Failed { details };
            if rows.finish_pin(pin.lease, end).await? == Fenced::Lost {
                release(queue, &pin.cid).await?;
            }
            Ok(())
        }
        Fenced::Lost => release(queue, &pin.cid).await,
        Fenced::Done | Fenced::GivenUp => Ok(()),
    }
}

/// Has a pin looked at that was made for a request which is gone.
async fn release(queue: &PinQueue, cid: &Cid) -> Result<(), SharedError> {
    let context = &queue.context;
    context.rows().add_release(context.peer(), cid).await
}

/// Records what has arrived since the last renewal, from which on the time until a request is given up counts.
async fn record(queue: &PinQueue, lease: PinLease, progress: &Progress) -> Result<(), SharedError> {
    let Fetched { blocks, bytes, .. } = *progress.lock();
    let renewed = RenewedPin {
        lease,
        blocks,
        bytes,
    };
    let rows = queue.context.rows();
    rows.renew_pins(vec![renewed], LEASE).await.map(drop)
}

/// Ends the attempt: the request waits for its next one, or is given up.
async fn back_off(
    queue: &PinQueue,
    pin: &LeasedPin,
    waits: String,
    notes: &[String],
) -> Result<(), SharedError> {
    let settings = &queue.settings;
    let minutes = settings.give_up.as_secs() / 60;
    let failure = format!("given up: no block arrived for {minutes} minutes; {waits}");
    let back_off = BackOff {
        delay: settings.wait_after(pin.attempts),
        give_up: settings.give_up,
        failure: joined(failure, notes),
        waits: joined(waits, notes),
    };
    let rows = queue.context.rows();
    rows.back_off_pin(pin.lease, back_off).await.map(drop)
}

fn joined(text: String, notes: &[String]) -> String {
    if notes.is_empty() {
        text
    } else {
        format!("{text}; {}", notes.join("; "))
    }
}
