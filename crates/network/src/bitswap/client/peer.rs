//! What the client knows of a connected peer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::wantlist::Wantlist;
use crate::bitswap::shared::Peer;

/// Blocks that are first wanted of a peer at once. Each that comes soon adds one, which doubles them each round trip.
const FIRST_WINDOW: f64 = 16.0;
const MIN_WINDOW: f64 = 2.0;
const MAX_WINDOW: f64 = 768.0;

/// Blocks may come so much later than the fastest did, and the window still grows.
const PROMPT: Duration = Duration::from_millis(150);

/// Past this the window shrinks: more would only wait at the peer.
const LATE: Duration = Duration::from_millis(1000);

/// Time without a sign of life for which even the fastest peer is waited for.
const PATIENCE: Duration = Duration::from_millis(2500);

/// Unasked blocks that are hashed nevertheless: they may have crossed a cancel.
const SLACK: u64 = 64;

pub(super) struct ClientPeer {
    pub(super) peer: Arc<Peer>,
    pub(super) list: Wantlist,
    /// Whether it answers that it has a block or does not.
    pub(super) presences: bool,
    /// Blocks that are expected from it.
    pub(super) expected: usize,
    window: f64,
    fastest: Option<Duration>,
    /// Mean time between two blocks while any are expected.
    pub(super) block_time: Option<Duration>,
    /// When it last sent a message or was first asked for a block.
    pub(super) active: Instant,
    /// It did not answer in time: others are asked instead until it does.
    pub(super) silent: bool,
    /// Wants that were sent to it, and blocks that it sent.
    sent: u64,
    received: u64,
    strikes: u32,
    forgiven: Instant,
}

impl ClientPeer {
    pub(super) fn new(peer: Arc<Peer>, now: Instant) -> Self {
        Self {
            peer,
            list: Wantlist::default(),
            presences: true,
            expected: 0,
            window: FIRST_WINDOW,
            fastest: None,
            block_time: None,
            active: now,
            silent: false,
            sent: 0,
            received: 0,
            strikes: 0,
            forgiven: now,
        }
    }

    /// Notes that its wantlist has an entry that is to be sent.
    pub(super) fn list_changed(&self) {
        self.peer.asked.store(self.list.len(), Ordering::Relaxed);
        self.peer.wake();
    }

    /// How many more blocks may be asked for.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within bounds"
    )]
    pub(super) fn room(&self) -> usize {
        (self.window as usize).saturating_sub(self.expected)
    }

    /// When it would have sent one more block: the fewer and the faster, the sooner.
    pub(super) fn wait(&self) -> Duration {
        let each = self.block_time.unwrap_or(Duration::from_millis(1));
        each.saturating_mul(u32::try_from(self.expected + 1).unwrap_or(u32::MAX))
    }

    /// The time without a sign of life after which it is not waited for any longer.
    pub(super) fn patience(&self, most: Duration) -> Duration {
        let usual = self.fastest.map(|fastest| fastest * 8 + PATIENCE);
        usual.map_or(most, |usual| usual.min(most))
    }

    /// Notes that it was asked for one more block.
    pub(super) fn ask(&mut self, now: Instant) {
        if self.expected == 0 {
            self.active = now;
        }
        self.expected += 1;
    }

    /// Notes that one block is no longer expected of it.
    pub(super) fn unask(&mut self) {
        self.expected = self.expected.saturating_sub(1);
    }

    /// Notes that a block came `latency` after it was asked for.
    pub(super) fn arrived(&mut self, latency: Duration) {
        let fastest = *self
            .fastest
            .insert(self.fastest.map_or(latency, |f| f.min(latency)));
        if latency < fastest * 2 + PROMPT {
            self.window = (self.window + 1.0).min(MAX_WINDOW);
        } else if latency > fastest * 4 + LATE {
            self.window = (self.window * 0.95).max(MIN_WINDOW);
        }
    }

    /// Notes a message with so many expected blocks.
    pub(super) fn note_message(&mut self, blocks: usize, now: Instant) {
        if let Ok(blocks) = u32::try_from(blocks)
            && blocks > 0
        {
            let each = now.saturating_duration_since(self.active) / blocks;
            self.block_time = Some(self.block_time.map_or(each, |mean| (mean * 3 + each) / 4));
        }
        self.active = now;
        self.silent = false;
    }

    /// Notes that it does not answer.
    pub(super) fn give_up(&mut self) {
        self.silent = true;
        self.window = (self.window / 2.0).max(MIN_WINDOW);
    }

    pub(super) fn note_sent(&mut self, wants: usize) {
        self.sent += wants as u64;
    }

    /// How many of `blocks` received ones may have been asked for.
    pub(super) fn allow(&mut self, blocks: usize) -> usize {
        let allowed = (self.sent + SLACK).saturating_sub(self.received);
        self.received += blocks as u64;
        usize::try_from(allowed).unwrap_or(usize::MAX).min(blocks)
    }

    /// Counts wrong blocks; the sum, from which one is taken every ten seconds.
    pub(super) fn strike(&mut self, by: usize, now: Instant) -> u32 {
        let passed = now.saturating_duration_since(self.forgiven).as_secs() / 10;
        if passed > 0 {
            self.forgiven = now;
            let passed = u32::try_from(passed).unwrap_or(u32::MAX);
            self.strikes = self.strikes.saturating_sub(passed);
        }
        self.strikes = self
            .strikes
            .saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        self.strikes
    }
}
