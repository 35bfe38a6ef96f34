//! Bitswap: exchanging blocks with peers.
//!
//! Speaks [bitswap](https://specs.ipfs.tech/bitswap-protocol/) 1.2.0, 1.1.0 and 1.0.0. [`new`] returns the [`Behaviour`] for
//! the swarm and the handle [`Bitswap`]: an [`Exchange`](cairn_store::Exchange) that opens sessions, and a
//! [`BlockExchange`](cairn_store::network::BlockExchange) with the counters.
//!
//! Messages and their encoding are [`cairn_primitives::bitswap`].
//!
//! | part | contains |
//! |---|---|
//! | `handler/` | the streams of one connection: a task per inbound stream, and one that writes |
//! | `client/` | wants, sessions, what peers have, the search for providers |
//! | `server/` | what peers want, the queues of answers, ledgers |
//! | `behaviour`, `handle`, `shared` | their composition |
//!
//! The swarm's task only opens and closes connections. Blocks never pass through it: the task of a stream reads a message,
//! hashes its blocks, and hands them to the sessions that want them. The state of client and server is in a lock each, which is
//! held for table updates only, never while hashing, reading the store or writing to a stream.
//!
//! # Bounds
//!
//! | what | bound | at the bound |
//! |---|---|---|
//! | a message | 4 MiB | the stream is reset |
//! | a block | 2 MiB | the stream is reset; larger blocks are not sent |
//! | a CID in a message | 168 bytes | the entry is ignored |
//! | wants that are kept of a peer | 1,024 | wants for absent blocks, then those of lower priority, are dropped; then new ones |
//! | wants that are kept of all peers | [`Settings::peer_wants`] | each peer has its share of them |
//! | queued answers of a peer | 1,024, and 1 MiB of blocks in memory | further ones wait for the stream |
//! | blocks read for all peers | [`Settings::send_memory`] | peers take turns, one message each |
//! | inbound streams of a connection | [`Settings::inbound_streams`] | further ones are reset |
//! | partly received messages | [`Settings::receive_memory`] | streams of peers with more than their share are reset |
//! | wants sent to a peer | 1,024 | wants wait for an answer, or for another peer |
//! | peers asked by a broadcast | [`Settings::broadcast_peers`] | the next broadcast asks others |

mod behaviour;
mod client;
mod handle;
mod handler;
mod protocol;
mod server;
mod settings;
mod shared;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use cairn_primitives::bitswap::{MAX_BLOCK, MAX_CID, MAX_MESSAGE, Version};
use cairn_store::BlockReader;

pub use behaviour::Behaviour;
pub use handle::Bitswap;
pub use settings::{Deny, Settings};

use crate::Providers;

/// Wants that a peer keeps of another, at most.
pub const MAX_WANTS: usize = 1024;

/// Creates the behaviour and its handle.
///
/// `blocks` are the blocks that peers may get; received ones are not stored there but returned by sessions. After new blocks
/// were stored, call [`Bitswap::notify`], or let a [`NotifyingStore`](cairn_store::block::NotifyingStore) do it. The behaviour must be polled inside a tokio runtime.
#[must_use]
pub fn new(
    settings: Settings,
    blocks: Arc<dyn BlockReader>,
    providers: Arc<dyn Providers>,
) -> (Behaviour, Bitswap) {
    let (shared, commands) = shared::Shared::new(settings, blocks, providers);
    let shared = Arc::new(shared);
    (
        Behaviour::new(Arc::clone(&shared), commands),
        Bitswap::new(shared),
    )
}
