//! Where the content of the services is stored: this node, or an external Kubo.
//!
//! A backend keeps the pins of the services apart from those that its users made themselves: each stays when the other
//! is removed. Which rows want a pin is not its business; see `releases`.

mod content_size;
mod embedded;
mod error;
pub mod import;
pub mod origin;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, Multiaddr};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub use self::embedded::Embedded;
pub use self::error::BackendError;
use self::import::Import;

/// How a DAG is pinned.
#[derive(Clone, Debug)]
pub struct PinOptions {
    /// The whole DAG, or only its root block.
    pub recursive: bool,
    /// The pin's name in the backend; may be empty.
    pub name: String,
    /// How long to wait for the next block before giving up; no limit if absent.
    pub stall: Option<Duration>,
    /// Whether a recursive pin that is there becomes direct, where the backend can do that. Otherwise it stays: it contains
    /// the root, and others may want all of it.
    pub narrows: bool,
    /// Called with what was fetched so far. Must return at once.
    pub progress: Option<PinProgress>,
}

impl Default for PinOptions {
    fn default() -> Self {
        Self {
            recursive: true,
            name: String::new(),
            stall: None,
            narrows: false,
            progress: None,
        }
    }
}

/// Is called with what was fetched so far.
#[derive(Clone)]
pub struct PinProgress(pub Arc<dyn Fn(Fetched) + Send + Sync>);

impl Debug for PinProgress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PinProgress")
    }
}

/// What a pin operation has visited so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Blocks of the DAG that are present, each counted once.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The size of a pinned DAG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DagSize {
    /// Sum of the sizes of its blocks, each counted once, in bytes.
    pub blocks: u64,
    /// Size of the file or directory, without its encoding, in bytes; absent where it is not UnixFS.
    pub content: Option<u64>,
}

/// The addresses under which others reach the backend, with its peer ID at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delegates {
    /// Those that it announces to the network.
    pub announced: Vec<Multiaddr>,
    /// Those that it listens on, which may be private.
    pub listening: Vec<Multiaddr>,
}

/// Disk space of a backend, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// What its blocks take.
    pub used: u64,
    /// What it can still store.
    pub free: u64,
}

/// A pin of the services in the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendPin {
    /// Its root.
    pub cid: Cid,
    /// Whether it is recursive.
    pub recursive: bool,
}

/// A result of a backend.
pub type BackendResult<'a, T> = BoxFuture<'a, Result<T, BackendError>>;

/// Stores and pins content. What it has answered is durable. Dropping a future cancels its operation; a pin that was
/// not complete does not exist then.
pub trait Backend: Debug + Send + Sync + 'static {
    /// Pins a DAG for the services, and fetches what is absent.
    fn pin<'a>(&'a self, root: &'a Cid, options: PinOptions) -> BackendResult<'a, DagSize>;

    /// Whether the whole DAG is present, without asking the network.
    fn has<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool>;

    /// Whether the services have a pin of the root, recursive or not.
    fn is_pinned<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool>;

    /// Whether any peer is known to have the root, or it is present: asks the network for a few seconds at most.
    fn probe<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool>;

    /// Removes the pin of the services; `false` if there is none. A pin of a user stays.
    fn unpin<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool>;

    /// All pins of the services.
    fn pins(&self) -> BoxStream<'_, Result<BackendPin, BackendError>>;

    /// Connects to a peer, which may have content. Addresses that the settings forbid are refused.
    fn connect<'a>(&'a self, peer: &'a Multiaddr) -> BackendResult<'a, ()>;

    /// Under which addresses others reach it.
    fn delegates(&self) -> BackendResult<'_, Delegates>;

    /// How content is added to it; `None` if it can only fetch content.
    fn importer(&self) -> Option<&dyn Import> {
        None
    }

    /// Its disk space.
    fn space(&self) -> BackendResult<'_, Space>;

    /// Removes the blocks that nothing keeps; their CIDs, of codec raw.
    fn collect(&self) -> BackendResult<'_, Vec<Cid>> {
        Box::pin(async {
            Err(BackendError::Invalid(
                "this backend collects garbage by itself".to_owned(),
            ))
        })
    }

    /// The block that a path (`/ipfs/CID/name`, `/ipns/NAME`) leads to.
    fn resolve<'a>(&'a self, path: &'a ContentPath) -> BackendResult<'a, Cid> {
        Box::pin(async move {
            Err(BackendError::Invalid(format!(
                "this backend cannot resolve {path}"
            )))
        })
    }
}
