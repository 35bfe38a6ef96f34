//! IPNS records: what the owner of a key says that its name points to.
//!
//! A record is a protobuf with a signed DAG-CBOR map in it, and for old readers the same fields once more with a signature of
//! their own (V1). Only the map and its signature (V2) are relied on.
//!
//! Spec: <https://specs.ipfs.tech/ipns/ipns-record/>

mod error;
pub mod fetch;
mod fields;
mod sign;
mod verify;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use bytes::Bytes;

pub use self::error::RecordError;
pub use self::sign::RecordOptions;

use self::fields::Fields;
use crate::cid::Cid;
use crate::codec::dag_cbor;
use crate::ipld::Ipld;
use crate::keys::PeerId;
use crate::path::ContentPath;
use crate::rfc3339;

/// Longest record, in bytes.
pub const MAX_RECORD: usize = 10 << 10;
/// For how long a new record is valid where nothing else is asked for.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(48 * 3600);
/// For how long a new record may be cached where nothing else is asked for.
pub const DEFAULT_TTL: Duration = Duration::from_secs(5 * 60);
/// The kind of validity that the spec knows: the record ends at a time.
pub const VALIDITY_EOL: u64 = 0;

/// What precedes the name in a routing key.
const SPACE: &[u8] = b"/ipns/";

/// What a record without a value points to: a CID of no bytes.
const NO_VALUE: &str = "/ipfs/bafkqaaa";

const VALUE: &str = "Value";
const VALIDITY: &str = "Validity";
const VALIDITY_TYPE: &str = "ValidityType";
const SEQUENCE: &str = "Sequence";
const TTL: &str = "TTL";

/// A record that can be read. Whether its owner made it, [`Record::verify`] tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    bytes: Bytes,
    fields: Fields,
    data: Ipld,
}

/// How a record is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureType {
    /// For old readers as well.
    V1AndV2,
    /// For those of today alone.
    V2,
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// [`RecordError::TooLarge`], [`RecordError::Protobuf`], [`RecordError::NoData`], [`RecordError::Data`],
    /// [`RecordError::Field`] when the data is not a map.
    pub fn decode(bytes: &Bytes) -> Result<Self, RecordError> {
        if bytes.len() > MAX_RECORD {
            return Err(RecordError::TooLarge);
        }
        let fields = Fields::decode(bytes)?;
        if fields.data.is_empty() {
            return Err(RecordError::NoData);
        }
        let data = dag_cbor::decode(&fields.data)?;
        if !matches!(data, Ipld::Map(_)) {
            return Err(RecordError::Field("the data"));
        }
        Ok(Self {
            bytes: bytes.clone(),
            fields,
            data,
        })
    }

    /// The record as it was read or made.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What the name points to. A bare CID, as old programs wrote it, counts as its path.
    ///
    /// # Errors
    /// [`RecordError::Field`], [`RecordError::Value`].
    pub fn value(&self) -> Result<ContentPath, RecordError> {
        let value = self.bytes_of(VALUE)?;
        match value.first() {
            None => ContentPath::new(NO_VALUE).map_err(|_| RecordError::Value),
            Some(b'/') => ContentPath::new(value).map_err(|_| RecordError::Value),
            Some(_) => Cid::from_bytes(value)
                .map(ContentPath::from_cid)
                .map_err(|_| RecordError::Value),
        }
    }

    /// The kind of validity: [`VALIDITY_EOL`].
    ///
    /// # Errors
    /// [`RecordError::Field`].
    pub fn validity_type(&self) -> Result<u64, RecordError> {
        self.number(VALIDITY_TYPE)
    }

    /// When the record ends.
    ///
    /// # Errors
    /// [`RecordError::Field`], [`RecordError::ValidityType`], [`RecordError::Validity`].
    pub fn valid_until(&self) -> Result<SystemTime, RecordError> {
        match self.validity_type()? {
            VALIDITY_EOL => time(self.bytes_of(VALIDITY)?).ok_or(RecordError::Validity),
            other => Err(RecordError::ValidityType(other)),
        }
    }

    /// The end of the record as it stands there: RFC 3339.
    ///
    /// # Errors
    /// As [`Self::valid_until`].
    pub fn validity(&self) -> Result<&str, RecordError> {
        self.valid_until()?;
        std::str::from_utf8(self.bytes_of(VALIDITY)?).map_err(|_| RecordError::Validity)
    }

    /// Which of several records of a name is the newest: it has the highest number.
    ///
    /// # Errors
    /// [`RecordError::Field`].
    pub fn sequence(&self) -> Result<u64, RecordError> {
        self.number(SEQUENCE)
    }

    /// For how long the record may be cached.
    ///
    /// # Errors
    /// [`RecordError::Field`].
    pub fn ttl(&self) -> Result<Duration, RecordError> {
        self.number(TTL).map(Duration::from_nanos)
    }

    /// For how long what it says may be cached from `now` on: its time to live, or what is left until it ends.
    #[must_use]
    pub fn cache_for(&self, now: SystemTime) -> Option<Duration> {
        let left = self.valid_until().ok()?.duration_since(now);
        Some(self.ttl().ok()?.min(left.unwrap_or_default()))
    }

    /// How it is signed.
    #[must_use]
    pub fn signature_type(&self) -> SignatureType {
        if self.fields.has_v1() {
            SignatureType::V1AndV2
        } else {
            SignatureType::V2
        }
    }

    fn bytes_of(&self, field: &'static str) -> Result<&Bytes, RecordError> {
        match self.data.get(field) {
            Some(Ipld::Bytes(bytes)) => Ok(bytes),
            _ => Err(RecordError::Field(field)),
        }
    }

    fn number(&self, field: &'static str) -> Result<u64, RecordError> {
        match self.data.get(field) {
            Some(Ipld::Integer(number)) => {
                u64::try_from(*number).map_err(|_| RecordError::Field(field))
            }
            _ => Err(RecordError::Field(field)),
        }
    }
}

/// The key of the record of a name where records are looked up: `/ipns/` and the bytes of the peer ID.
#[must_use]
pub fn routing_key(name: &PeerId) -> Vec<u8> {
    [SPACE, &name.to_bytes()[..]].concat()
}

/// The name of a routing key; `None` if it is another one.
#[must_use]
pub fn name_of_key(key: &[u8]) -> Option<PeerId> {
    PeerId::from_bytes(key.strip_prefix(SPACE)?).ok()
}

/// Reads a time.
fn time(text: &[u8]) -> Option<SystemTime> {
    let (seconds, nanos) = rfc3339::parse(std::str::from_utf8(text).ok()?)?;
    rfc3339::to_system(seconds, nanos)
}

/// Writes a time from 1970 on.
fn written(time: SystemTime) -> Option<String> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    rfc3339::format(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())
}
