//! An exchange that asks another one for what is late.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_store::Exchange;
use cairn_store::exchange::{Arrival, ExchangeError, Session, SessionRequest, Wants};
use futures_util::StreamExt as _;
use futures_util::stream::{self, SelectAll};
use tokio::sync::oneshot;
use tokio::time::Sleep;

/// Asks the first exchange for all blocks, and the second for those that it does not have after a while. Whatever comes first is
/// the answer.
pub struct Fallback {
    first: Arc<dyn Exchange>,
    second: Arc<dyn Exchange>,
    after: Duration,
}

impl Fallback {
    /// Combines two exchanges; the second is asked after the given time.
    #[must_use]
    pub fn new(first: Arc<dyn Exchange>, second: Arc<dyn Exchange>, after: Duration) -> Self {
        Self {
            first,
            second,
            after,
        }
    }
}

impl Exchange for Fallback {
    fn session(&self, request: SessionRequest) -> Arc<dyn Session> {
        Arc::new(FallbackSession {
            first: self.first.session(request.clone()),
            second: self.second.session(request),
            after: self.after,
        })
    }
}

struct FallbackSession {
    first: Arc<dyn Session>,
    second: Arc<dyn Session>,
    after: Duration,
}

/// A want without an answer yet.
#[derive(Default)]
struct Want {
    /// Ends the request to the second exchange when the want is dropped.
    end: Option<oneshot::Sender<()>>,
    /// The first exchange does not have the block, or ended.
    not_first: bool,
    /// The second one was asked.
    asked_second: bool,
    /// The second one does not have it, or ended.
    not_second: bool,
}

struct Batch {
    wants: HashMap<Cid, Want>,
    first: Option<Wants>,
    second: Arc<dyn Session>,
    /// One for each CID that the second one was asked for.
    late: SelectAll<Wants>,
    delay: Option<Pin<Box<Sleep>>>,
    error: Option<ExchangeError>,
}

impl Session for FallbackSession {
    fn want(&self, cids: Vec<Cid>) -> Wants {
        let wants = cids.iter().cloned().map(|cid| (cid, Want::default()));
        let batch = Batch {
            wants: wants.collect(),
            first: Some(self.first.want(cids)),
            second: Arc::clone(&self.second),
            late: SelectAll::new(),
            delay: Some(Box::pin(tokio::time::sleep(self.after))),
            error: None,
        };
        stream::unfold(batch, |mut batch| async move {
            let next = batch.next().await?;
            Some((next, batch))
        })
        .boxed()
    }
}

/// What happened to a batch.
enum Event {
    First(Option<Result<Arrival, ExchangeError>>),
    Late(Option<Result<Arrival, ExchangeError>>),
    Delayed,
}

impl Batch {
    async fn next(&mut self) -> Option<Result<Arrival, ExchangeError>> {
        loop {
            if self.wants.is_empty() {
                return None;
            }
            if let Some(missing) = self.missing() {
                return Some(missing);
            }
            match self.event().await {
                Event::First(Some(Ok(Arrival::Block(block))))
                | Event::Late(Some(Ok(Arrival::Block(block)))) => {
                    // It may have come from both.
                    let is_wanted = self.wants.remove(block.cid()).is_some();
                    if is_wanted {
                        return Some(Ok(Arrival::Block(block)));
                    }
                }
                Event::First(Some(Ok(Arrival::Missing(cid)))) => {
                    if let Some(want) = self.wants.get_mut(&cid) {
                        want.not_first = true;
                        self.ask_second(vec![cid]);
                    }
                }
                Event::Late(Some(Ok(Arrival::Missing(cid)))) => {
                    if let Some(want) = self.wants.get_mut(&cid) {
                        want.not_second = true;
                    }
                }
                Event::First(ended) => {
                    self.error = ended.and_then(Result::err).or(self.error.take());
                    self.first = None;
                    for want in self.wants.values_mut() {
                        want.not_first = true;
                    }
                    self.ask_second(self.wants.keys().cloned().collect());
                }
                Event::Late(Some(Err(error))) => {
                    tracing::debug!(%error, "the second exchange failed");
                }
                Event::Late(None) => {
                    let asked = self.wants.values_mut().filter(|want| want.asked_second);
                    asked.for_each(|want| want.not_second = true);
                }
                Event::Delayed => {
                    self.delay = None;
                    self.ask_second(self.wants.keys().cloned().collect());
                }
                Event::Late(Some(Ok(_))) => {}
            }
        }
    }

    async fn event(&mut self) -> Event {
        let first = async {
            match &mut self.first {
                Some(first) => first.next().await,
                None => std::future::pending().await,
            }
        };
        let delay = async {
            match &mut self.delay {
                Some(delay) => delay.as_mut().await,
                None => std::future::pending().await,
            }
        };
        let is_late = !self.late.is_empty()
            || self
                .wants
                .values()
                .any(|want| want.asked_second && !want.not_second);
        tokio::select! {
            biased;
            event = first => Event::First(event),
            event = self.late.next(), if is_late => Event::Late(event),
            () = delay => Event::Delayed,
        }
    }

    /// Each CID by itself, so that a want ends when its block has come from elsewhere.
    fn ask_second(&mut self, cids: Vec<Cid>) {
        for cid in cids {
            if let Some(want) = self.wants.get_mut(&cid)
                && !want.asked_second
            {
                let (end, ended) = oneshot::channel();
                want.asked_second = true;
                want.end = Some(end);
                let wants = self.second.want(vec![cid]);
                self.late.push(wants.take_until(ended).boxed());
            }
        }
    }

    /// A want that neither exchange can answer. If the first one failed, its error ends all that is left, once nothing can come any
    /// more from the second.
    fn missing(&mut self) -> Option<Result<Arrival, ExchangeError>> {
        let is_missing = |want: &Want| want.not_first && want.not_second;
        if self.error.is_some() {
            if !self.wants.values().all(is_missing) {
                return None;
            }
            self.wants.clear();
            return self.error.take().map(Err);
        }
        let mut wants = self.wants.iter();
        let cid = wants.find(|(_, want)| is_missing(want))?.0.clone();
        self.wants.remove(&cid);
        Some(Ok(Arrival::Missing(cid)))
    }
}
