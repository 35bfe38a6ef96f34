//! What the behaviour, the streams and the handle share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use cairn_primitives::bitswap::Version;
use cairn_primitives::keys;
use cairn_store::BlockReader;
use futures_util::task::AtomicWaker;
use libp2p::{Multiaddr, PeerId};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc};

use super::client::Client;
use super::server::Server;
use super::settings::Settings;
use crate::Providers;

/// Maps with keys that peers choose.
pub(super) type Map<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// Requests to the swarm that wait for it, at most. Further ones are dropped; timers repeat them.
const COMMANDS: usize = 1024;

/// Stores are asked for the sizes of wanted blocks by so many streams at once, at most.
const LOOKUPS: usize = 64;

/// What the behaviour asks of the swarm.
#[derive(Debug)]
pub(super) enum Command {
    /// Connect to a peer.
    Dial(PeerId, Vec<Multiaddr>),
    /// Connect to whoever has this address.
    DialAddress(Multiaddr),
    /// Disconnect and ignore a peer.
    Ban(PeerId),
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) messages_received: AtomicU64,
    pub(super) blocks_received: AtomicU64,
    pub(super) bytes_received: AtomicU64,
    pub(super) duplicate_blocks: AtomicU64,
    pub(super) duplicate_bytes: AtomicU64,
    pub(super) blocks_sent: AtomicU64,
    pub(super) bytes_sent: AtomicU64,
    /// Blocks that were not wanted or could not be verified.
    pub(super) wrong_blocks: AtomicU64,
}

/// Adds to a counter.
pub(super) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

/// A connected peer, shared by its connections.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: PeerId,
    /// The same as our type.
    pub(super) ours: keys::PeerId,
    /// Wakes the task that writes.
    pub(super) writer: Notify,
    /// Wakes the connection that has or opens the stream to write to.
    pub(super) handler: AtomicWaker,
    /// Whether something is to be written.
    pub(super) work: AtomicBool,
    /// Whether it does not speak bitswap, or is ignored.
    pub(super) unsupported: AtomicBool,
    /// Wants at this peer, and answers to it: while there are any, the connection is kept.
    pub(super) asked: AtomicUsize,
    pub(super) answers: AtomicUsize,
    /// Whether its last connection was closed.
    pub(super) gone: AtomicBool,
    /// Bytes of partly received messages.
    pub(super) receiving: AtomicUsize,
    /// When bytes were last received, in milliseconds since the start.
    heard: AtomicU64,
    /// When a message was last received or sent, likewise; zero if none was.
    exchanged: AtomicU64,
}

impl Peer {
    pub(super) fn new(id: PeerId) -> Self {
        Self {
            id,
            ours: id.into(),
            writer: Notify::new(),
            handler: AtomicWaker::new(),
            work: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            unsupported: AtomicBool::new(false),
            answers: AtomicUsize::new(0),
            gone: AtomicBool::new(false),
            receiving: AtomicUsize::new(0),
            heard: AtomicU64::new(0),
            exchanged: AtomicU64::new(0),
        }
    }

    /// Says that something is to be written.
    pub(super) fn wake(&self) {
        if !self.work.swap(true, Ordering::AcqRel) {
            self.writer.notify_one();
            self.handler.wake();
        }
    }
}

/// What everything shares.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) versions: Arc<[Version]>,
    pub(super) blocks: Arc<dyn BlockReader>,
    pub(super) providers: Arc<dyn Providers>,
    pub(super) client: Mutex<Client>,
    pub(super) server: Mutex<Server>,
    pub(super) counters: Counters,
    /// Wakes the behaviour, whose timers run only while blocks are wanted.
    pub(super) timer: AtomicWaker,
    /// Kibibytes of blocks that may be read for peers.
    pub(super) send_memory: Semaphore,
    pub(super) lookups: Semaphore,
    /// Bytes of partly received messages, and the peers that send them.
    pub(super) receiving: AtomicUsize,
    pub(super) receiving_peers: AtomicUsize,
    pub(super) closed: AtomicBool,
    commands: mpsc::Sender<Command>,
    started: Instant,
}

impl Shared {
    pub(super) fn new(
        settings: Settings,
        blocks: Arc<dyn BlockReader>,
        providers: Arc<dyn Providers>,
    ) -> (Self, mpsc::Receiver<Command>) {
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let send_memory = (settings.send_memory >> 10).clamp(4096, Semaphore::MAX_PERMITS);
        let shared = Self {
            versions: settings.protocols.clone().into(),
            blocks,
            providers,
            client: Mutex::new(Client::new(&settings)),
            server: Mutex::default(),
            counters: Counters::default(),
            timer: AtomicWaker::new(),
            send_memory: Semaphore::new(send_memory),
            lookups: Semaphore::new(LOOKUPS),
            receiving: AtomicUsize::new(0),
            receiving_peers: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            commands,
            started: Instant::now(),
            settings,
        };
        (shared, receiver)
    }

    /// Asks the swarm for something; drops it when it has too much to do.
    pub(super) fn command(&self, command: Command) {
        if let Err(error) = self.commands.try_send(command) {
            tracing::debug!("the swarm is too busy for bitswap");
            if let Command::Dial(peer, _) = error.into_inner() {
                self.client.lock().dial_failed(peer);
            }
        }
    }

    /// Changes the client's state, and asks the swarm for what it needs then.
    pub(super) fn with_client<T>(&self, change: impl FnOnce(&mut Client) -> T) -> T {
        let mut client = self.client.lock();
        let result = change(&mut client);
        let commands = client.take_commands();
        drop(client);
        for command in commands {
            self.command(command);
        }
        result
    }

    /// Milliseconds since the start.
    fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes that bytes of a peer arrived.
    pub(super) fn note_heard(&self, peer: &Peer) {
        peer.heard.store(self.millis(), Ordering::Relaxed);
    }

    /// Notes that a message was received or sent.
    pub(super) fn note_exchange(&self, peer: &Peer) {
        peer.exchanged
            .store(self.millis().max(1), Ordering::Relaxed);
    }

    /// Whether the connection to a peer is needed: something is wanted of it or to be sent, or was exchanged lately.
    pub(super) fn is_busy(&self, peer: &Peer) -> bool {
        if peer.unsupported.load(Ordering::Acquire) {
            return false;
        }
        let exchanged = peer.exchanged.load(Ordering::Relaxed);
        let passed = self.millis().saturating_sub(exchanged);
        peer.work.load(Ordering::Acquire)
            || peer.asked.load(Ordering::Relaxed) > 0
            || peer.answers.load(Ordering::Relaxed) > 0
            || (exchanged > 0 && u128::from(passed) < self.settings.linger.as_millis())
    }

    /// When bytes of a peer last arrived.
    pub(super) fn heard(&self, peer: &Peer) -> Instant {
        let millis = peer.heard.load(Ordering::Relaxed);
        self.started + std::time::Duration::from_millis(millis)
    }

    /// Makes room for more bytes of a partly received message; `false` when the peer has more than its share.
    pub(super) fn hold_received(&self, peer: &Peer, bytes: usize) -> bool {
        let own = peer.receiving.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if own == bytes && bytes > 0 {
            self.receiving_peers.fetch_add(1, Ordering::Relaxed);
        }
        let all = self.receiving.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let limit = self.settings.receive_memory;
        if all <= limit / 2 {
            return true;
        }
        let peers = self.receiving_peers.load(Ordering::Relaxed).max(1);
        all <= limit && own <= (limit / 2 / peers).max(64 << 10)
    }

    /// Gives that room back.
    pub(super) fn release_received(&self, peer: &Peer, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.receiving.fetch_sub(bytes, Ordering::Relaxed);
        if peer.receiving.fetch_sub(bytes, Ordering::Relaxed) == bytes {
            self.receiving_peers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
