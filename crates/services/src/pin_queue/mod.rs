//! Pin requests of the pinning service, and the work on them.
//!
//! A request is a row until it is removed; while it is not pinned it has a place in the queue, which is fair between
//! accounts. Processes lease requests from the queue. First a peer that has the content is looked for, by many requests at
//! once; only then one takes one of the fewer places for fetching. A request that finds none, or whose blocks stop arriving,
//! waits in the queue for its next attempt, ever longer, so that dead content does not hold up the rest. One for which
//! no block has arrived for long is given up.

mod check;
mod delegates;
mod info;
mod settings;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_store::shared::{
    AccountId, Inserted, NewPin, PinFilter, PinPage, PinRequest, RequestId, SharedError,
};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

pub use self::check::{MAX_META, MAX_ORIGINS};
pub use self::delegates::PinDelegates;
pub use self::info::info;
pub use self::settings::PinQueueSettings;
use self::work::Active;
use crate::context::Context;

/// A pin as a user asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinSpec {
    /// The CID.
    pub cid: String,
    /// A name.
    pub name: Option<String>,
    /// Multiaddrs of peers that have the content, which end with `/p2p/ID`.
    pub origins: Vec<String>,
    /// The user's own metadata.
    pub meta: BTreeMap<String, String>,
    /// Makes repetitions of the request answer the first one.
    pub idempotency_key: Option<String>,
}

/// Why a request of a user fails.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// A part of the pin is invalid.
    #[error("invalid {field}: {reason}")]
    Invalid {
        /// The part: `cid`, `name`, `origins`, `meta`.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The account has no such request.
    #[error("there is no such pin request")]
    NotFound,
    /// The shared rows refuse or fail.
    #[error(transparent)]
    Rows(SharedError),
}

impl From<SharedError> for PinError {
    fn from(error: SharedError) -> Self {
        match error {
            SharedError::BadName { reason } => Self::Invalid {
                field: "name",
                reason: format!("it {reason}"),
            },
            other => Self::Rows(other),
        }
    }
}

/// The pin requests of all accounts, and this process's part of the work on them.
pub struct PinQueue {
    context: Arc<Context>,
    settings: PinQueueSettings,
    /// Places for fetching.
    fetches: Semaphore,
    /// Tells the task of new requests.
    added: Notify,
    delegates: delegates::Cache,
    active: Active,
}

impl std::fmt::Debug for PinQueue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PinQueue")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl PinQueue {
    /// Requests in the rows of a process, pinned in its backend.
    #[must_use]
    pub fn new(context: Arc<Context>, settings: PinQueueSettings) -> Self {
        Self {
            fetches: Semaphore::new(settings.fetches.clamp(1, Semaphore::MAX_PERMITS)),
            context,
            settings,
            added: Notify::new(),
            delegates: delegates::Cache::default(),
            active: Active::default(),
        }
    }

    /// Makes a request.
    ///
    /// # Errors
    /// [`PinError::Invalid`]; a quota or a reused idempotency key as [`PinError::Rows`].
    pub async fn add(&self, account: AccountId, spec: PinSpec) -> Result<PinRequest, PinError> {
        let new = self.checked(account, spec)?;
        let made = self.context.rows().insert_pin(new).await?;
        Ok(self.made(made))
    }

    /// Replaces a request by another one. The content of the old one stays until that of the new one is pinned.
    ///
    /// # Errors
    /// As [`PinQueue::add`], and [`PinError::NotFound`].
    pub async fn replace(
        &self,
        account: AccountId,
        id: &str,
        spec: PinSpec,
    ) -> Result<PinRequest, PinError> {
        let new = self.checked(account, spec)?;
        let id = parse(id)?;
        let made = self.context.rows().replace_pin(id, new).await?;
        made.map(|made| self.made(made)).ok_or(PinError::NotFound)
    }

    /// A request of an account.
    ///
    /// # Errors
    /// [`PinError::NotFound`].
    pub async fn get(&self, account: AccountId, id: &str) -> Result<PinRequest, PinError> {
        let found = self.context.rows().pin_request(account, parse(id)?).await?;
        found.ok_or(PinError::NotFound)
    }

    /// The newest requests of an account that match, and the number of all that do.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn list(
        &self,
        account: AccountId,
        filter: PinFilter,
        limit: usize,
    ) -> Result<PinPage, PinError> {
        Ok(self
            .context
            .rows()
            .pin_requests(account, filter, limit)
            .await?)
    }

    /// Removes a request.
    ///
    /// # Errors
    /// [`PinError::NotFound`].
    pub async fn delete(&self, account: AccountId, id: &str) -> Result<(), PinError> {
        if self.context.rows().delete_pin(account, parse(id)?).await? {
            Ok(())
        } else {
            Err(PinError::NotFound)
        }
    }

    /// The addresses from which content is fetched.
    pub async fn delegates(&self) -> Arc<PinDelegates> {
        self.delegates.get(&self.context).await
    }

    /// Works on requests until it is stopped.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        work::run(&self, stop).await;
    }

    fn checked(&self, account: AccountId, spec: PinSpec) -> Result<NewPin, PinError> {
        spec.check(account, self.settings.idempotency)
    }

    fn made(&self, made: Inserted) -> PinRequest {
        if matches!(made, Inserted::New(_)) {
            self.added.notify_one();
        }
        made.into_pin()
    }
}

/// The id in a text of a user: another text is the id of no request.
fn parse(id: &str) -> Result<RequestId, PinError> {
    id.parse().map_err(|_| PinError::NotFound)
}

#[cfg(test)]
mod tests;
