//! The messages of one subscription, on their way to its reader.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use cairn_store::NetworkError;
use cairn_store::network::Message;
use futures_util::Stream;
use parking_lot::Mutex;

use super::shared::Shared;

/// Bytes that a message takes besides payload and topic.
const OVERHEAD: usize = 128;

/// A bounded queue. At a bound, the oldest messages are dropped and counted.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    max_messages: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Message>,
    bytes: usize,
    /// No further message comes.
    is_closed: bool,
    /// Nobody reads.
    is_abandoned: bool,
    reader: Option<Waker>,
}

impl Queue {
    pub(super) fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            max_messages: max_messages.max(1),
            max_bytes,
        }
    }

    /// A queue that takes no messages: it only keeps a topic subscribed.
    pub(super) fn silent() -> Self {
        Self {
            state: Mutex::default(),
            max_messages: 0,
            max_bytes: 0,
        }
    }

    /// Appends a message; returns how many older ones were dropped for it.
    pub(super) fn push(&self, message: &Message) -> u64 {
        if self.max_messages == 0 {
            return 0;
        }
        let mut state = self.state.lock();
        state.bytes += cost(message);
        state.messages.push_back(message.clone());
        let mut lost = 0;
        while state.messages.len() > self.max_messages
            || (state.bytes > self.max_bytes && state.messages.len() > 1)
        {
            let Some(oldest) = state.messages.pop_front() else {
                break;
            };
            state.bytes -= cost(&oldest);
            lost += 1;
        }
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
        lost
    }

    /// Ends the subscription after the messages that it has.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    /// Whether nobody reads any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.state.lock().is_abandoned
    }
}

fn cost(message: &Message) -> usize {
    message.data.len() + message.topic.len() + OVERHEAD
}

/// Reads a queue. Dropping it ends the subscription.
#[derive(Debug)]
pub(super) struct Reader {
    queue: Arc<Queue>,
    shared: Arc<Shared>,
}

impl Reader {
    pub(super) fn new(queue: Arc<Queue>, shared: Arc<Shared>) -> Self {
        Self { queue, shared }
    }
}

impl Stream for Reader {
    type Item = Result<Message, NetworkError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.queue.state.lock();
        if let Some(message) = state.messages.pop_front() {
            state.bytes -= cost(&message);
            return Poll::Ready(Some(Ok(message)));
        }
        if state.is_closed {
            return Poll::Ready(None);
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        {
            let mut state = self.queue.state.lock();
            state.is_abandoned = true;
            state.messages = VecDeque::new();
            state.bytes = 0;
        }
        self.shared.signal();
    }
}

/// Delivers a message to the readers of a topic.
pub(super) fn deliver(queues: &[Arc<Queue>], message: &Message, shared: &Shared) {
    let lost: u64 = queues.iter().map(|queue| queue.push(message)).sum();
    if lost > 0 {
        shared.lost.fetch_add(lost, Ordering::Relaxed);
        tracing::debug!(lost, "slow readers of a topic lost messages");
    }
}
