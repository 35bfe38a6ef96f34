//! Drops received messages that nobody here wants, or that come too fast, before the library keeps them.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use libp2p::gossipsub::{DataTransform, Message, RawMessage, TopicHash};
use parking_lot::Mutex;

use super::shared::Shared;

/// Bytes that a message takes besides payload and topic.
const OVERHEAD: usize = 512;

/// A step of the library's processing, which sees each message first. It changes none.
pub struct Admission {
    shared: Arc<Shared>,
    budget: Mutex<Budget>,
}

impl Admission {
    pub(super) fn new(shared: Arc<Shared>, bytes_per_second: u32) -> Self {
        Self {
            shared,
            budget: Mutex::new(Budget::new(bytes_per_second, Instant::now())),
        }
    }
}

impl DataTransform for Admission {
    fn inbound_transform(&self, raw: RawMessage) -> Result<Message, io::Error> {
        let RawMessage {
            source,
            data,
            sequence_number,
            topic,
            ..
        } = raw;
        if !self.shared.topics.read().contains(topic.as_str()) {
            return Err(io::Error::other("not subscribed to the topic"));
        }
        let bytes = data.len() + topic.as_str().len() + OVERHEAD;
        if !self.budget.lock().take(bytes, Instant::now()) {
            tracing::debug!(%topic, "a message is dropped: messages arrive too fast");
            return Err(io::Error::other("messages arrive too fast"));
        }
        Ok(Message {
            source,
            data,
            sequence_number,
            topic,
        })
    }

    fn outbound_transform(&self, _: &TopicHash, data: Vec<u8>) -> Result<Vec<u8>, io::Error> {
        Ok(data)
    }
}

/// Bytes that may still be received. Grows with time up to two seconds' worth.
#[derive(Debug)]
struct Budget {
    available: f64,
    per_second: f64,
    updated: Instant,
}

impl Budget {
    fn new(bytes_per_second: u32, now: Instant) -> Self {
        let per_second = f64::from(bytes_per_second);
        Self {
            available: 2.0 * per_second,
            per_second,
            updated: now,
        }
    }

    fn take(&mut self, bytes: usize, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.updated).as_secs_f64();
        self.updated = now;
        let grown = self.available + elapsed * self.per_second;
        self.available = grown.min(2.0 * self.per_second);
        #[expect(clippy::cast_precision_loss, reason = "below the size of a frame")]
        let bytes = bytes as f64;
        if bytes > self.available {
            return false;
        }
        self.available -= bytes;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_budget_refills_up_to_two_seconds() {
        let start = Instant::now();
        let mut budget = Budget::new(1000, start);
        assert!(budget.take(2000, start));
        assert!(!budget.take(1, start));
        assert!(budget.take(500, start + Duration::from_millis(500)));
        assert!(!budget.take(500, start + Duration::from_millis(501)));
        let late = start + Duration::from_secs(1000);
        assert!(budget.take(2000, late));
        assert!(!budget.take(1, late));
    }
}
