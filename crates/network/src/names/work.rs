//! What happens without being asked for: answers, requests to new peers, publications.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_primitives::PeerId;
use cairn_primitives::ipns::{name_of_key, routing_key};
use cairn_store::network::PubSub as _;
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::fetch;
use super::records::{Inner, Shared};
use super::topic::topic;
use crate::pubsub::Join;
use crate::streams::Incoming;

/// How long an exchange may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Exchanges at the same time, in each direction. Further requests of peers are refused, and further peers are not asked.
pub(super) const MAX_EXCHANGES: usize = 32;

/// Peers that are asked when a name is subscribed to.
const MAX_ASKED: usize = 8;

/// Answers requests of peers.
pub(super) async fn answer(shared: Shared, mut incoming: Incoming) {
    let places = Arc::new(Semaphore::new(MAX_EXCHANGES));
    while let Some((peer, stream)) = incoming.next().await {
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::debug!(%peer, "a request for a record is refused: too many are open");
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let _place = place;
            let record = |key: &[u8]| {
                let known = shared.upgrade()?.known(&name_of_key(key)?)?;
                Some(known.get()?.as_bytes().to_vec())
            };
            let answered = tokio::time::timeout(LIMIT, fetch::answer(stream, record)).await;
            if let Ok(Err(error)) = answered {
                tracing::debug!(%peer, %error, "a request for a record failed");
            }
        });
    }
}

/// Asks peers that join the topic of a name for their record.
pub(super) async fn follow(shared: Shared, mut joins: Receiver<Join>) {
    loop {
        let join = match joins.recv().await {
            Ok(join) => join,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let Some(inner) = shared.upgrade() else {
            return;
        };
        let Some(name) = name_of(&join.topic) else {
            continue;
        };
        if inner.known(&name).is_some() {
            start_asking(&inner, join.peer, &name);
        }
    }
}

/// The name of a topic.
fn name_of(topic: &str) -> Option<PeerId> {
    let key = topic.strip_prefix("/record/")?;
    name_of_key(&data_encoding::BASE64URL_NOPAD.decode(key.as_bytes()).ok()?)
}

/// Asks peers that are in the topic of a name already.
pub(super) fn ask_present(inner: &Arc<Inner>, name: &PeerId) {
    let peers = inner.pubsub.peers(Some(topic(name).as_bytes()));
    for peer in peers.into_iter().map(Into::into).take(MAX_ASKED) {
        start_asking(inner, peer, name);
    }
}

/// Asks a peer, unless too many are being asked.
fn start_asking(inner: &Arc<Inner>, peer: libp2p::PeerId, name: &PeerId) {
    let Ok(place) = Arc::clone(&inner.asking).try_acquire_owned() else {
        tracing::debug!(%peer, %name, "a peer is not asked for a record: too many are");
        return;
    };
    let (inner, name) = (Arc::clone(inner), name.clone());
    tokio::spawn(async move {
        let _place = place;
        ask(&inner, peer, &name).await;
    });
}

async fn ask(inner: &Inner, peer: libp2p::PeerId, name: &PeerId) {
    let exchange = async {
        let opened = inner.streams.open(peer, Vec::new(), fetch::PROTOCOL).await;
        fetch::request(opened.map_err(io::Error::other)?, &routing_key(name)).await
    };
    match tokio::time::timeout(LIMIT, exchange).await {
        Ok(Ok(Some(record))) => {
            if let Some(known) = inner.known(name)
                && let Err(error) = known.offer(&Bytes::from(record))
            {
                tracing::debug!(%peer, %name, %error, "a peer answered with an invalid record");
            }
        }
        Ok(Ok(None)) | Err(_) => {}
        Ok(Err(error)) => {
            tracing::debug!(%peer, %name, %error, "a peer did not answer with a record");
        }
    }
}

/// Publishes all records again and again, for peers that joined since.
pub(super) async fn publish(shared: Shared, interval: Duration) {
    let mut timer = tokio::time::interval(interval.max(Duration::from_millis(1)));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is at once.
    timer.tick().await;
    loop {
        timer.tick().await;
        let Some(inner) = shared.upgrade() else {
            return;
        };
        for (name, known) in inner.all() {
            let Some(record) = known.get() else {
                continue;
            };
            let data = record.as_bytes().to_vec();
            if let Err(error) = inner.pubsub.publish(topic(&name).into_bytes(), data).await {
                tracing::debug!(%name, %error, "a record was not published again");
            }
        }
    }
}
