//! Publishing names.

use std::cmp::Ordering;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cairn_primitives::PeerId;
use cairn_primitives::ipns::{DEFAULT_LIFETIME, DEFAULT_TTL, Record, RecordError, RecordOptions};
use cairn_primitives::keys::Keypair;
use cairn_primitives::path::ContentPath;
use cairn_store::meta::{NameRecord, RowError};
use cairn_store::names::{NameError, NameOptions};
use cairn_store::network::RecordsError;

use super::NameSystem;

/// How a name is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishOptions {
    /// For how long the record is valid from now on.
    pub lifetime: Duration,
    /// For how long it may be cached.
    pub ttl: Duration,
    /// Whether readers of V1 can read it.
    pub v1_compatible: bool,
    /// Its number, which must be higher than that of the record before; the next one if `None`.
    pub sequence: Option<u64>,
    /// Whether peers are left alone: the record is kept here only.
    pub offline: bool,
}

impl Default for PublishOptions {
    fn default() -> Self {
        Self {
            lifetime: DEFAULT_LIFETIME,
            ttl: DEFAULT_TTL,
            v1_compatible: true,
            sequence: None,
            offline: false,
        }
    }
}

/// Why a name was not published.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The number that was asked for is not higher than the one before.
    #[error(
        "the sequence number {asked} is not greater than {current}, that of the current record"
    )]
    Sequence {
        /// The number that was asked for.
        asked: u64,
        /// The number of the record that is there.
        current: u64,
    },
    /// There is no higher number.
    #[error("the current record has the highest sequence number there is")]
    LastSequence,
    /// A record that was given is older than the one that is there.
    #[error("a newer record of the name is there already: its sequence number is {current}")]
    Older {
        /// The number of the record that is there.
        current: u64,
    },
    /// The record cannot be made, or the one that was given is not valid.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The record of before cannot be had.
    #[error(transparent)]
    Before(#[from] NameError),
    /// The record was not kept.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The record is kept here, and was not told to peers.
    #[error("the record is kept here, but could not be sent to peers")]
    Peers(#[from] RecordsError),
    /// The work was cut short because the node stops.
    #[error("publishing was interrupted")]
    Interrupted,
}

impl NameSystem {
    /// Points the name of a key to a path. The record is durable when this answers; where the node has peers, they have it too.
    ///
    /// The sequence number stays the same while the path does: then the record is only given more time.
    ///
    /// # Errors
    /// See [`PublishError`]. After [`PublishError::Peers`] the record is kept all the same.
    pub async fn publish(
        &self,
        key: &Keypair,
        value: &ContentPath,
        options: &PublishOptions,
    ) -> Result<PeerId, PublishError> {
        let name = key.peer_id();
        let record = {
            let _publishing = self.publishing.lock().await;
            let sequence = self.next_sequence(&name, value, options).await?;
            let record = sign(key, value, options, sequence).await?;
            self.keep(&name, &record).await?;
            record
        };
        self.tell(&name, record.as_bytes(), options.offline).await?;
        Ok(name)
    }

    async fn next_sequence(
        &self,
        name: &PeerId,
        value: &ContentPath,
        options: &PublishOptions,
    ) -> Result<u64, PublishError> {
        let asked = options.sequence;
        let Some(before) = self.before(name, options.offline).await? else {
            return Ok(asked.unwrap_or(0));
        };
        let current = before.sequence()?;
        match asked {
            Some(asked) if asked > current => Ok(asked),
            Some(asked) => Err(PublishError::Sequence { asked, current }),
            None if before.value().is_ok_and(|before| before == *value) => Ok(current),
            None => current.checked_add(1).ok_or(PublishError::LastSequence),
        }
    }

    /// The record of before: the one that is kept, or else one that peers have. It may have expired.
    async fn before(&self, name: &PeerId, offline: bool) -> Result<Option<Record>, PublishError> {
        if let Some(kept) = self.kept(name)? {
            return Ok(Some(kept));
        }
        let Some(routing) = self.peer_records().filter(|_| !offline) else {
            return Ok(None);
        };
        // Who cannot be reached keeps nobody from publishing.
        let found = self.look_up(&*routing, name, &NameOptions::default()).await;
        Ok(found
            .ok()
            .flatten()
            .filter(|record| record.verify_signature(name).is_ok()))
    }

    /// Keeps a record that its owner signed elsewhere, and sends it to peers where there are any, unless `offline`.
    ///
    /// # Errors
    /// [`PublishError::Record`] when it is not valid, [`PublishError::Older`], and those of keeping it.
    pub async fn put(
        &self,
        name: &PeerId,
        bytes: &Bytes,
        offline: bool,
    ) -> Result<Record, PublishError> {
        let record = Record::decode(bytes)?;
        record.verify(name, SystemTime::now())?;
        {
            let _publishing = self.publishing.lock().await;
            if let Some(kept) = self.kept(name)?
                && record.preference(&kept) == Ordering::Less
            {
                return Err(PublishError::Older {
                    current: kept.sequence()?,
                });
            }
            self.keep(name, &record).await?;
        }
        self.tell(name, bytes, offline).await?;
        Ok(record)
    }

    async fn keep(&self, name: &PeerId, record: &Record) -> Result<(), PublishError> {
        let row = NameRecord {
            name: name.clone(),
            sequence: record.sequence()?,
            record: record.as_bytes().clone(),
        };
        self.rows.set_name_record(row).await?;
        self.cache.forget(&name.to_base36());
        Ok(())
    }

    async fn tell(&self, name: &PeerId, record: &Bytes, offline: bool) -> Result<(), PublishError> {
        match self.peer_records().filter(|_| !offline) {
            Some(routing) => Ok(routing.put(name, record).await?),
            None => Ok(()),
        }
    }
}

/// Signs away from the threads that answer: RSA takes its time.
async fn sign(
    key: &Keypair,
    value: &ContentPath,
    options: &PublishOptions,
    sequence: u64,
) -> Result<Record, PublishError> {
    let valid_until = SystemTime::now()
        .checked_add(options.lifetime)
        .ok_or(RecordError::Validity)?;
    let mut signing = RecordOptions::new(sequence, valid_until);
    signing.ttl = options.ttl;
    signing.v1_compatible = options.v1_compatible;
    let (key, value) = (key.clone(), value.clone());
    let signed = tokio::task::spawn_blocking(move || Record::sign(&key, &value, &signing));
    Ok(signed.await.map_err(|_| PublishError::Interrupted)??)
}
