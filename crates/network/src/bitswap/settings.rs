//! Settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_primitives::bitswap::Version;
use cairn_primitives::keys::PeerId;

/// Whether a block is withheld from a peer, as if it were absent.
pub type Deny = Arc<dyn Fn(&PeerId, &Cid) -> bool + Send + Sync>;

/// How bitswap behaves. The defaults are Kubo's where it has them.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The spoken versions, best first. Empty: bitswap is off.
    pub protocols: Vec<Version>,
    /// Whether peers get blocks. Otherwise every want is answered as if the block were absent.
    pub serve: bool,
    /// Blocks that are withheld; `None` for no denial.
    pub deny: Option<Deny>,
    /// A block of at most this size is sent instead of the answer that it is present, in bytes.
    pub replace_have: usize,
    /// Wants that are kept of all peers. Past half of it, each peer has its share, at most [`MAX_WANTS`](super::MAX_WANTS); past
    /// all of it, 32.
    pub peer_wants: usize,
    /// Blocks in memory that wait for being written to peers, in bytes.
    pub send_memory: usize,
    /// Partly received messages in memory, in bytes.
    pub receive_memory: usize,
    /// Inbound streams of one connection. Kubo opens one for each message.
    pub inbound_streams: usize,
    /// A message must arrive in this time from its first byte on, and a stream accept some bytes of one.
    pub frame_timeout: Duration,
    /// Connections are kept for this time after a message was exchanged, whatever the swarm's idle timeout is. Kubo may wait a
    /// minute before it asks again.
    pub linger: Duration,
    /// Peers that are asked at once for a block of which no provider is known.
    pub broadcast_peers: usize,
    /// A peer of which nothing was heard for this time, though blocks are expected from it, is not waited for any longer.
    /// Peers that usually answer fast get less time.
    pub answer_timeout: Duration,
    /// Without a block for this time, a session looks for providers. It does so at once where no connected peer has the block.
    pub search_delay: Duration,
    /// Time until a session looks for providers again; it doubles each time.
    pub search_again: Duration,
    /// The longest time between two such searches.
    pub search_again_max: Duration,
    /// Providers that are taken from one search.
    pub search_providers: usize,
    /// Time after which a search is ended.
    pub search_timeout: Duration,
    /// Whether a want is answered by `Arrival::Missing` once a search has found no provider and every connected peer has
    /// answered that it does not have the block. By default wants wait for a provider to appear, as in Kubo, until they are
    /// dropped: the timeout is that of the request.
    pub report_missing: bool,
    /// Wrong or unwanted blocks after which a peer is disconnected and ignored; one is forgiven every ten seconds.
    pub strikes: u32,
    /// The time for which it is ignored.
    pub ban: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            protocols: vec![Version::V1_2, Version::V1_1, Version::V1_0],
            serve: true,
            deny: None,
            replace_have: 1024,
            peer_wants: 256 << 10,
            send_memory: 256 << 20,
            receive_memory: 128 << 20,
            inbound_streams: 64,
            frame_timeout: Duration::from_secs(60),
            linger: Duration::from_secs(180),
            broadcast_peers: 128,
            answer_timeout: Duration::from_secs(5),
            search_delay: Duration::from_secs(1),
            search_again: Duration::from_secs(5),
            search_again_max: Duration::from_secs(60),
            search_providers: 10,
            search_timeout: Duration::from_secs(60),
            report_missing: false,
            strikes: 64,
            ban: Duration::from_secs(600),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("protocols", &self.protocols)
            .field("serve", &self.serve)
            .field("deny", &self.deny.is_some())
            .finish_non_exhaustive()
    }
}
