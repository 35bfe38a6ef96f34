//! All content, in the order of its keys in the DHT.
//!
//! Neighbours in this order have the same closest peers, so a run over all content finds the connections open that it needs. The
//! order is made with bounded memory: content is read once for each part of it that fits, and of what comes after the part before,
//! the smallest keys are kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cairn_primitives::Multihash;
use cairn_store::network::{AnnouncedContent, NetworkError};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use libp2p::kad::{KBucketKey, RecordKey};

/// A place in the key space of the DHT: the SHA-256 digest of a key.
type Place = [u8; 32];

/// One part of all content.
#[derive(Debug, Default)]
pub(super) struct Part {
    keys: BTreeMap<Place, Multihash>,
    /// Whether there is more after it.
    more: bool,
}

impl Part {
    /// Reads the `size` smallest keys after a place, or from the beginning.
    pub(super) async fn read(
        content: Arc<dyn AnnouncedContent>,
        after: Option<Place>,
        size: usize,
    ) -> Result<Self, NetworkError> {
        let mut part = Self::default();
        let mut cids = content.cids();
        while let Some(cid) = cids.next().await {
            let key = cid?.hash().clone();
            let place = place(&key);
            if after.is_some_and(|after| place <= after) {
                continue;
            }
            let is_beyond = || {
                let last = part.keys.last_key_value();
                last.is_some_and(|(last, _)| place > *last)
            };
            if part.keys.len() >= size.max(1) && is_beyond() {
                part.more = true;
                continue;
            }
            part.keys.insert(place, key);
            if part.keys.len() > size.max(1) {
                part.keys.pop_last();
                part.more = true;
            }
        }
        Ok(part)
    }
}

fn place(key: &Multihash) -> Place {
    let key = KBucketKey::new(RecordKey::from(key.as_bytes().to_vec()));
    key.hashed_bytes().try_into().unwrap_or_default()
}

/// A run over all content.
pub(super) struct Sweep {
    size: usize,
    keys: VecDeque<Multihash>,
    after: Option<Place>,
    pub(super) reading: Option<BoxFuture<'static, Result<Part, NetworkError>>>,
}

impl Sweep {
    /// Begins a run that holds so many keys in memory.
    pub(super) fn new(content: Arc<dyn AnnouncedContent>, size: usize) -> Self {
        Self {
            size,
            keys: VecDeque::new(),
            after: None,
            reading: Some(Box::pin(Part::read(content, None, size))),
        }
    }

    /// Takes over what was read.
    pub(super) fn add(&mut self, part: Part, content: Arc<dyn AnnouncedContent>) {
        self.after = part.keys.last_key_value().map(|(place, _)| *place);
        self.keys.extend(part.keys.into_values());
        self.reading = part.more.then(|| -> BoxFuture<'static, _> {
            Box::pin(Part::read(content, self.after, self.size))
        });
    }

    pub(super) fn pop(&mut self) -> Option<Multihash> {
        self.keys.pop_front()
    }

    /// Whether the next part may be read: there are few keys left of the one before.
    pub(super) fn wants_part(&self) -> bool {
        self.reading.is_some() && self.keys.is_empty()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.reading.is_none() && self.keys.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use cairn_primitives::{Cid, Codec};
    use futures_util::stream::{self, BoxStream};

    use super::*;

    struct Numbers(u32);

    impl AnnouncedContent for Numbers {
        fn cids(&self) -> BoxStream<'static, Result<Cid, NetworkError>> {
            // Each twice.
            let numbers = (0..self.0).chain(0..self.0);
            let cids = numbers.map(|number| {
                let hash = Multihash::sha2_256(&number.to_be_bytes());
                Ok(Cid::v1(Codec::RAW, hash))
            });
            stream::iter(cids).boxed()
        }
    }

    async fn sweep(count: u32, size: usize) -> (Vec<Multihash>, usize) {
        let content: Arc<dyn AnnouncedContent> = Arc::new(Numbers(count));
        let mut sweep = Sweep::new(Arc::clone(&content), size);
        let (mut found, mut parts) = (Vec::new(), 0);
        while !sweep.has_ended() {
            if sweep.wants_part() {
                let part = sweep.reading.take().unwrap().await.unwrap();
                assert!(part.keys.len() <= size);
                sweep.add(part, Arc::clone(&content));
                parts += 1;
            }
            found.extend(sweep.pop());
        }
        (found, parts)
    }

    #[tokio::test]
    async fn everything_comes_once_in_order_with_bounded_memory() {
        let (whole, parts) = sweep(1000, 5000).await;
        assert_eq!((whole.len(), parts), (1000, 1));
        assert!(whole.is_sorted_by_key(place));
        let (pieces, parts) = sweep(1000, 99).await;
        assert_eq!((pieces, parts), (whole, 11));
        assert_eq!(sweep(0, 10).await, (Vec::new(), 1));
    }
}
