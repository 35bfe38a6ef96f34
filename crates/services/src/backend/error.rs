//! Errors of backends.

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Cid;

/// Why an operation of a backend failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The backend does not answer; a later attempt may succeed.
    #[error("the backend cannot be reached")]
    Unreachable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// No peer that could be found has a block.
    #[error("no peer is known to have block {cid}")]
    NotFound {
        /// The block.
        cid: Cid,
    },
    /// No block arrived for the given time.
    #[error("no block of {root} arrived for {} s", .after.as_secs())]
    Stalled {
        /// What was pinned.
        root: Cid,
        /// The time.
        after: Duration,
    },
    /// An address may not be dialled.
    #[error("{address} may not be dialled: {reason}")]
    Forbidden {
        /// The address.
        address: String,
        /// Why.
        reason: &'static str,
    },
    /// The request cannot be fulfilled with this content.
    #[error("{0}")]
    Invalid(String),
    /// Content cannot be imported.
    #[error(transparent)]
    Import(#[from] cairn_dag::import::ImportError),
    /// Content could not be received from the caller.
    #[error("the content could not be received")]
    Source(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// There is no space left.
    #[error("there is no space left in the store")]
    Full,
    /// Another failure.
    #[error("cannot {action}")]
    Failed {
        /// The failed action: `pin`, `import`.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl BackendError {
    /// Another failure of an action.
    pub(crate) fn failed(
        action: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Failed {
            action,
            source: Arc::new(source),
        }
    }
}
