//! Requests of the pinning service, and the queue of those that are not pinned yet.

mod count;
mod filter;
mod id;
mod select;

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_primitives::{Cid, Multihash};
use futures_util::future::BoxFuture;

pub(super) use self::count::BUCKETS;
pub(super) use self::filter::fold;
pub use self::filter::{NameMatch, PinFilter};
pub use self::id::{BadRequestId, RequestId};
pub(super) use self::select::{Dialect, Selection, Value};
use super::{AccountId, Millis, SharedError};

/// Maximum length of the name of a pin, in characters.
pub const MAX_PIN_NAME: usize = 255;

/// Maximum number of idempotency keys that one write removes after their end.
pub(super) const EXPIRED_KEYS: i64 = 16;

/// The status of a pin request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PinState {
    /// Waiting for its turn, or for its next attempt.
    Queued,
    /// Its content is being fetched.
    Pinning,
    /// Its content is pinned.
    Pinned,
    /// It was given up.
    Failed,
}

impl PinState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Pinning, Self::Pinned, Self::Failed];

    /// Its number in a column.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Queued => 0,
            Self::Pinning => 1,
            Self::Pinned => 2,
            Self::Failed => 3,
        }
    }

    /// Its column in `pin_count`.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pinning => "pinning",
            Self::Pinned => "pinned",
            Self::Failed => "failed",
        }
    }

    /// Of a number in a column.
    pub(super) fn read(number: i64) -> Result<Self, SharedError> {
        Self::ALL
            .into_iter()
            .find(|state| state.number() == number)
            .ok_or(SharedError::Damaged {
                what: "the status of a pin request is out of range",
            })
    }
}

/// A pin request to make.
#[derive(Clone, Debug)]
pub struct NewPin {
    /// Whose it is.
    pub account: AccountId,
    /// What to pin.
    pub cid: Cid,
    /// The CID as the user wrote it.
    pub cid_text: String,
    /// Its name, at most [`MAX_PIN_NAME`] characters, without NUL.
    pub name: Option<String>,
    /// Addresses of peers that have the content.
    pub origins: Vec<String>,
    /// The user's own metadata.
    pub meta: BTreeMap<String, String>,
    /// Makes repetitions of this request answer the first one.
    pub idempotency: Option<Idempotency>,
}

/// A key that names a request, so that repeating it makes nothing new while the pin exists.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// The key, chosen by the user.
    pub key: String,
    /// How long it is known.
    pub lifetime: Duration,
}

/// A pin request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinRequest {
    /// Its id.
    pub id: RequestId,
    /// What to pin.
    pub cid: Cid,
    /// The CID as the user wrote it.
    pub cid_text: String,
    /// Its name.
    pub name: Option<String>,
    /// Addresses of peers that have the content.
    pub origins: Vec<String>,
    /// The user's own metadata.
    pub meta: BTreeMap<String, String>,
    /// Its status.
    pub state: PinState,
    /// More about the status: why it failed, or what was odd about pinning it.
    pub details: Option<String>,
    /// Sum of the sizes of its blocks, in bytes; once pinned.
    pub dag_size: Option<u64>,
    /// Size of the file or directory, in bytes; once pinned, if it is one.
    pub raw_size: Option<u64>,
    /// Where it stands in the queue, while it is queued or pinning.
    pub queue: Option<PinProgress>,
}

impl PinRequest {
    /// When it was made: unique within its account, and strictly increasing.
    #[must_use]
    pub fn created(&self) -> Millis {
        self.id.created()
    }
}

/// How far a queued or pinning request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinProgress {
    /// Attempts so far, with the current one.
    pub attempts: u64,
    /// When the next attempt begins, if it waits for that.
    pub next: Option<Millis>,
    /// Blocks that are present.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What it waits for.
    pub details: Option<String>,
}

/// A page of pin requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinPage {
    /// Number of all that match.
    pub count: u64,
    /// The newest of them, newest first.
    pub pins: Vec<PinRequest>,
}

/// What became of a new pin request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It was made.
    New(PinRequest),
    /// There was one with its idempotency key.
    Repeated(PinRequest),
}

impl Inserted {
    /// The request.
    #[must_use]
    pub fn into_pin(self) -> PinRequest {
        match self {
            Self::New(pin) | Self::Repeated(pin) => pin,
        }
    }
}

/// The right to work on a request, until it runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PinLease {
    /// Whose request.
    pub account: AccountId,
    /// Which one.
    pub created: Millis,
    /// Distinguishes this lease from others of the request.
    pub epoch: i64,
}

/// A request to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedPin {
    /// The lease.
    pub lease: PinLease,
    /// What to pin.
    pub cid: Cid,
    /// Addresses of peers that have the content.
    pub origins: Vec<String>,
    /// Attempts so far, with this one.
    pub attempts: u64,
}

/// What a worker has of a request that it renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewedPin {
    /// Its lease.
    pub lease: PinLease,
    /// Blocks that are present.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// How a request ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinEnd {
    /// The content is pinned at the peer of the lease.
    Pinned {
        /// Sum of the sizes of its blocks, in bytes.
        dag_size: u64,
        /// Size of the file or directory, in bytes, if it is one.
        raw_size: Option<u64>,
        /// What was odd about it.
        details: Option<String>,
    },
    /// It is given up.
    Failed {
        /// Why.
        details: String,
    },
}

/// What became of a write of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fenced {
    /// It was made.
    Done,
    /// The request waited too long, and is given up.
    GivenUp,
    /// The account's quota on bytes does not allow it; nothing was changed.
    OverQuota {
        /// The quota, in bytes.
        limit: u64,
    },
    /// The lease is another's by now, or the request is gone; nothing was changed.
    Lost,
}

/// Until when a request that cannot be pinned now waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// Time until the next attempt.
    pub delay: Duration,
    /// Time since the last block arrived, or since the request was made, after which it is given up.
    pub give_up: Duration,
    /// What it waits for.
    pub waits: String,
    /// Why it is given up, if it is.
    pub failure: String,
}

/// The tables of pin requests.
pub trait PinRequestRows: Send + Sync + 'static {
    /// Makes a request, and queues it.
    ///
    /// # Errors
    /// [`SharedError::Missing`] when there is no such account, [`SharedError::Quota`] when it may have no more,
    /// [`SharedError::KeyReused`] when its idempotency key names a request with another content, [`SharedError::BadName`].
    fn insert_pin(&self, new: NewPin) -> BoxFuture<'_, Result<Inserted, SharedError>>;

    /// A request of an account.
    fn pin_request(
        &self,
        account: AccountId,
        id: RequestId,
    ) -> BoxFuture<'_, Result<Option<PinRequest>, SharedError>>;

    /// The newest requests of an account that match, at most [`MAX_PAGE`](super::MAX_PAGE), and the number of all that do.
    fn pin_requests(
        &self,
        account: AccountId,
        filter: PinFilter,
        limit: usize,
    ) -> BoxFuture<'_, Result<PinPage, SharedError>>;

    /// Removes a request and makes another one, in one transaction. What the old one had pinned stays until the new one
    /// is pinned, given up or removed. `None` if there is no such request.
    ///
    /// # Errors
    /// As [`PinRequestRows::insert_pin`].
    fn replace_pin(
        &self,
        id: RequestId,
        new: NewPin,
    ) -> BoxFuture<'_, Result<Option<Inserted>, SharedError>>;

    /// Removes a request; `false` if the account has no such request.
    fn delete_pin(
        &self,
        account: AccountId,
        id: RequestId,
    ) -> BoxFuture<'_, Result<bool, SharedError>>;

    /// Leases up to `limit` requests to a peer, the next ones in turn. Another peer that had one may unpin it.
    fn lease_pins<'a>(
        &'a self,
        peer: &'a str,
        limit: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<LeasedPin>, SharedError>>;

    /// Makes leases last `lease` from now, and records the progress; returns those that are lost.
    fn renew_pins(
        &self,
        renewed: Vec<RenewedPin>,
        lease: Duration,
    ) -> BoxFuture<'_, Result<Vec<PinLease>, SharedError>>;

    /// Says that the content of a leased request is being fetched.
    fn start_pin(&self, lease: PinLease) -> BoxFuture<'_, Result<Fenced, SharedError>>;

    /// Ends the attempt of a lease, to be made again later, or gives the request up.
    fn back_off_pin(
        &self,
        lease: PinLease,
        back_off: BackOff,
    ) -> BoxFuture<'_, Result<Fenced, SharedError>>;

    /// Ends a leased request. One that is given up may be unpinned.
    fn finish_pin(
        &self,
        lease: PinLease,
        end: PinEnd,
    ) -> BoxFuture<'_, Result<Fenced, SharedError>>;

    /// Ends all leases of a peer, whose process has begun anew; the number of them.
    fn abandon_pins<'a>(&'a self, peer: &'a str) -> BoxFuture<'a, Result<u64, SharedError>>;

    /// Whether any request wants this CID to be pinned at this peer.
    fn wants_pin<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>>;

    /// Up to `limit` CIDs, of version 1, of requests that are pinned at a peer, after a CID, in the order of their bytes.
    fn pinned_at<'a>(
        &'a self,
        peer: &'a str,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Cid>, SharedError>>;

    /// Queues again all requests of a CID that are pinned at a peer, which has lost it; the number of them.
    fn requeue_pins<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<u64, SharedError>>;
}

/// Length of a hash that stands for a text in an index.
const KEY: usize = 16;

/// A hash of texts of one length. A hash of 128 bits is never met twice by chance, and an account could only confuse its own
/// rows by searching for one.
pub(super) fn text_key(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    let mut key = Multihash::sha2_256(&bytes).digest().to_vec();
    key.truncate(KEY);
    key
}

/// The columns of a new request, as both dialects write them.
#[derive(Debug)]
pub(super) struct PinColumns {
    pub(super) account: i64,
    pub(super) random: Vec<u8>,
    pub(super) cid: Vec<u8>,
    pub(super) cid_text: String,
    pub(super) name: Option<NameColumns>,
    pub(super) origins: Option<String>,
    pub(super) meta: Option<String>,
    pub(super) pairs: Vec<Vec<u8>>,
    pub(super) key: Option<KeyColumns>,
}

/// The columns of a name.
#[derive(Debug)]
pub(super) struct NameColumns {
    pub(super) name: String,
    pub(super) folded: String,
    pub(super) name_key: Vec<u8>,
    pub(super) fold_key: Vec<u8>,
}

/// The columns of an idempotency key.
#[derive(Debug)]
pub(super) struct KeyColumns {
    pub(super) key: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) lifetime: i64,
}

/// The pairs of metadata as they are searched.
pub(super) fn meta_pairs(meta: &BTreeMap<String, String>) -> Vec<Vec<u8>> {
    meta.iter()
        .map(|(key, value)| text_key(&[key, value]))
        .collect()
}

/// Metadata in a column.
pub(super) fn read_meta(text: Option<&str>) -> Result<BTreeMap<String, String>, SharedError> {
    text.map_or_else(
        || Ok(BTreeMap::new()),
        |text| json(text, "the metadata of a pin request"),
    )
}

/// Origins in a column.
pub(super) fn read_origins(text: Option<&str>) -> Result<Vec<String>, SharedError> {
    text.map_or_else(
        || Ok(Vec::new()),
        |text| json(text, "the origins of a pin request"),
    )
}

fn json<T: serde::de::DeserializeOwned>(text: &str, what: &'static str) -> Result<T, SharedError> {
    serde_json::from_str(text).map_err(|_| SharedError::Damaged { what })
}

impl NewPin {
    /// Checks it, and converts it. `replaces` is part of what an idempotency key stands for.
    pub(super) fn columns(&self, replaces: Option<RequestId>) -> Result<PinColumns, SharedError> {
        let origins =
            (!self.origins.is_empty()).then(|| serde_json::json!(self.origins).to_string());
        let meta = (!self.meta.is_empty()).then(|| serde_json::json!(self.meta).to_string());
        let name = match &self.name {
            None => None,
            Some(name) if name.chars().count() > MAX_PIN_NAME => {
                return Err(SharedError::BadName {
                    reason: "is longer than 255 characters",
                });
            }
            // PostgreSQL has no such texts.
            Some(name) if name.contains('\0') => {
                return Err(SharedError::BadName {
                    reason: "has a NUL character",
                });
            }
            Some(name) => {
                let folded = fold(name);
                Some(NameColumns {
                    name_key: text_key(&[name]),
                    fold_key: text_key(&[&folded]),
                    name: name.clone(),
                    folded,
                })
            }
        };
        let key = self.idempotency.as_ref().map(|idempotency| KeyColumns {
            key: text_key(&[&idempotency.key]),
            body: text_key(&[
                &self.cid_text,
                self.name.as_deref().unwrap_or_default(),
                origins.as_deref().unwrap_or_default(),
                meta.as_deref().unwrap_or_default(),
                &replaces.map_or_else(String::new, |id| id.to_string()),
            ]),
            lifetime: super::millis(idempotency.lifetime),
        });
        Ok(PinColumns {
            account: self.account.0,
            random: id::random()?,
            cid: super::releases::cid_key(&self.cid),
            cid_text: self.cid_text.clone(),
            name,
            origins,
            pairs: meta_pairs(&self.meta),
            meta,
            key,
        })
    }
}

/// A size as a column holds it.
pub(super) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// A count or a size in a column.
pub(super) fn unsigned(number: i64) -> Result<u64, SharedError> {
    u64::try_from(number).map_err(|_| SharedError::Damaged {
        what: "a number of a pin request is negative",
    })
}

#[cfg(test)]
mod tests;
