//! The known records and their subscriptions.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use bytes::Bytes;
use cairn_primitives::PeerId;
use cairn_primitives::ipns::{Record, RecordError};
use cairn_store::NetworkError;
use cairn_store::network::{Message, NameTopics, PubSub as _};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;

use super::topic::topic;
use super::{Settings, work};
use crate::pubsub::{Acceptance, PubSub, Validation};
use crate::streams::Streams;

/// Why a record cannot be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopicRecordsError {
    /// The record is not valid for the name.
    #[error("the record is not valid")]
    Invalid(#[source] RecordError),
    /// The topic cannot be subscribed to or published to.
    #[error("cannot exchange records by topic")]
    Network(#[source] NetworkError),
}

/// IPNS records over messages by topic. Clones share one node; its tasks end with the last clone.
#[derive(Clone)]
pub struct TopicRecords(pub(super) Arc<Inner>);

/// What clones and tasks share.
pub(super) struct Inner {
    pub(super) pubsub: PubSub,
    pub(super) streams: Streams,
    pub(super) settings: Settings,
    /// Places for requests to peers.
    pub(super) asking: Arc<Semaphore>,
    names: Mutex<Names>,
    /// Held while a name is subscribed to, so that this happens once.
    subscribing: tokio::sync::Mutex<()>,
    tasks: Mutex<Vec<AbortHandle>>,
}

#[derive(Default)]
struct Names {
    by_name: HashMap<PeerId, Name>,
    /// Counts uses.
    time: u64,
}

struct Name {
    record: Arc<Known>,
    _validation: Validation,
    /// When it was used last.
    used: u64,
}

/// The best known record of a name. It was verified when it came.
pub(super) struct Known {
    name: PeerId,
    best: watch::Sender<Option<Record>>,
}

impl Known {
    fn new(name: PeerId) -> Self {
        Self {
            name,
            best: watch::Sender::new(None),
        }
    }

    /// Keeps a record if it is valid and better than the known one. Tells how it compares.
    pub(super) fn offer(&self, record: &Bytes) -> Result<Ordering, RecordError> {
        let record = Record::decode(record)?;
        record.verify(&self.name, SystemTime::now())?;
        let mut order = Ordering::Greater;
        self.best.send_if_modified(|best| {
            order = match &*best {
                Some(known) if is_valid(known) => record.preference(known),
                _ => Ordering::Greater,
            };
            let is_better = order == Ordering::Greater;
            if is_better {
                *best = Some(record);
            }
            is_better
        });
        Ok(order)
    }

    /// The best known record that is valid now.
    pub(super) fn get(&self) -> Option<Record> {
        let best = self.best.borrow().clone();
        best.filter(is_valid)
    }
}

/// Whether a record that was verified has not ended since.
fn is_valid(record: &Record) -> bool {
    let end = record.valid_until();
    end.is_ok_and(|end| end >= SystemTime::now())
}

impl Drop for Inner {
    fn drop(&mut self) {
        for task in self.tasks.get_mut() {
            task.abort();
        }
    }
}

impl TopicRecords {
    /// Exchanges records through the node's topics and streams. Call this in a tokio runtime.
    ///
    /// # Errors
    ///
    /// Fails if another part of the node answers the fetch protocol.
    pub fn new(
        pubsub: PubSub,
        streams: Streams,
        settings: Settings,
    ) -> Result<Self, crate::streams::AcceptError> {
        let incoming = streams.accept(super::fetch::PROTOCOL)?;
        let inner = Arc::new(Inner {
            pubsub,
            streams,
            settings,
            asking: Arc::new(Semaphore::new(work::MAX_EXCHANGES)),
            names: Mutex::default(),
            subscribing: tokio::sync::Mutex::default(),
            tasks: Mutex::default(),
        });
        let weak = || Arc::downgrade(&inner);
        let joins = inner.pubsub.joins();
        let interval = inner.settings.publish_interval;
        let tasks = [
            tokio::spawn(work::answer(weak(), incoming)).abort_handle(),
            tokio::spawn(work::follow(weak(), joins)).abort_handle(),
            tokio::spawn(work::publish(weak(), interval)).abort_handle(),
        ];
        inner.tasks.lock().extend(tasks);
        Ok(Self(inner))
    }

    /// Publishes a record to the peers of its topic, unless a better one is known.
    ///
    /// # Errors
    ///
    /// Fails if the record is not valid, or its topic cannot be subscribed to.
    pub async fn publish(&self, name: &PeerId, record: &Bytes) -> Result<(), TopicRecordsError> {
        let known = self.0.subscribe(name).await?;
        let order = known.offer(record).map_err(TopicRecordsError::Invalid)?;
        if order == Ordering::Less {
            return Ok(());
        }
        let published = self
            .0
            .pubsub
            .publish(topic(name).into_bytes(), record.to_vec());
        published.await.map_err(TopicRecordsError::Network)
    }

    /// The best known record of a name. Waits for one, up to [`Settings::max_wait`].
    ///
    /// # Errors
    ///
    /// Fails if its topic cannot be subscribed to.
    pub async fn resolve(&self, name: &PeerId) -> Result<Option<Record>, TopicRecordsError> {
        let known = self.0.subscribe(name).await?;
        let mut best = known.best.subscribe();
        let valid = best.wait_for(|best| best.as_ref().is_some_and(is_valid));
        match tokio::time::timeout(self.0.settings.max_wait, valid).await {
            Ok(Ok(best)) => Ok(best.clone()),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// The best known record of a name, without waiting and without a subscription.
    #[must_use]
    pub fn known(&self, name: &PeerId) -> Option<Record> {
        self.0.used(name)?.get()
    }
}

impl Inner {
    /// What is known of a name. Peers may ask for it: this is no use of it.
    pub(super) fn known(&self, name: &PeerId) -> Option<Arc<Known>> {
        let names = self.names.lock();
        let known = names.by_name.get(name)?;
        Some(Arc::clone(&known.record))
    }

    /// The same for this node itself, whose use of a name keeps the subscription.
    fn used(&self, name: &PeerId) -> Option<Arc<Known>> {
        let mut names = self.names.lock();
        names.time += 1;
        let now = names.time;
        let known = names.by_name.get_mut(name)?;
        known.used = now;
        Some(Arc::clone(&known.record))
    }

    /// All names with what is known of them.
    pub(super) fn all(&self) -> Vec<(PeerId, Arc<Known>)> {
        let names = self.names.lock();
        let all = names.by_name.iter();
        all.map(|(name, known)| (name.clone(), Arc::clone(&known.record)))
            .collect()
    }

    /// Subscribes to a name, unless that is done.
    async fn subscribe(self: &Arc<Self>, name: &PeerId) -> Result<Arc<Known>, TopicRecordsError> {
        if let Some(known) = self.used(name) {
            return Ok(known);
        }
        let _turn = self.subscribing.lock().await;
        if let Some(known) = self.used(name) {
            return Ok(known);
        }
        let record = Arc::new(Known::new(name.clone()));
        let checked = Arc::clone(&record);
        let validator =
            move |message: &Message| match checked.offer(&Bytes::copy_from_slice(&message.data)) {
                Ok(Ordering::Greater) => Acceptance::Accept,
                Ok(_) => Acceptance::Ignore,
                Err(_) => Acceptance::Reject,
            };
        let validation = self.pubsub.validate(topic(name), Arc::new(validator)).await;
        let validation = validation.map_err(TopicRecordsError::Network)?;
        let mut names = self.names.lock();
        if names.by_name.len() >= self.settings.max_names.max(1) {
            let used = |(name, known): (&PeerId, &Name)| (known.used, name.clone());
            if let Some((_, unused)) = names.by_name.iter().map(used).min() {
                names.by_name.remove(&unused);
            }
        }
        names.time += 1;
        let entry = Name {
            record: Arc::clone(&record),
            _validation: validation,
            used: names.time,
        };
        names.by_name.insert(name.clone(), entry);
        drop(names);
        work::ask_present(self, name);
        Ok(record)
    }
}

/// The tasks hold this, so that they do not keep the rest.
pub(super) type Shared = Weak<Inner>;

impl NameTopics for TopicRecords {
    fn names(&self) -> Vec<PeerId> {
        let names = self.0.names.lock();
        let mut names: Vec<_> = names.by_name.keys().cloned().collect();
        names.sort();
        names
    }

    fn cancel(&self, name: &PeerId) -> bool {
        self.0.names.lock().by_name.remove(name).is_some()
    }
}
