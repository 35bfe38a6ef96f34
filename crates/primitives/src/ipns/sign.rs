//! Making records.
//!
//! Spec: <https://specs.ipfs.tech/ipns/ipns-record/#record-creation>

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::fields::Fields;
use super::{
    MAX_RECORD, Record, RecordError, SEQUENCE, TTL, VALIDITY, VALIDITY_EOL, VALIDITY_TYPE, VALUE,
    written,
};
use crate::codec::dag_cbor;
use crate::ipld::Ipld;
use crate::keys::Keypair;
use crate::path::ContentPath;

/// What stands before the data where it is signed.
pub(super) const DOMAIN: &[u8] = b"ipns-signature:";

/// What a new record says besides where it points.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordOptions {
    /// Its number: higher than that of the record before, unless nothing but its end changed.
    pub sequence: u64,
    /// When it ends.
    pub valid_until: SystemTime,
    /// For how long it may be cached.
    pub ttl: Duration,
    /// Whether readers of V1 can read it.
    pub v1_compatible: bool,
}

impl RecordOptions {
    /// A record that ends at a time, with [`super::DEFAULT_TTL`] and for readers of V1 as well.
    #[must_use]
    pub fn new(sequence: u64, valid_until: SystemTime) -> Self {
        Self {
            sequence,
            valid_until,
            ttl: super::DEFAULT_TTL,
            v1_compatible: true,
        }
    }
}

impl Record {
    /// Makes a record of a name: that of the key.
    ///
    /// # Errors
    /// [`RecordError::Validity`] for an end before 1970 or behind the year 9999, [`RecordError::TooLarge`],
    /// [`RecordError::Sign`].
    pub fn sign(
        key: &Keypair,
        value: &ContentPath,
        options: &RecordOptions,
    ) -> Result<Self, RecordError> {
        let value = Bytes::copy_from_slice(value.as_bytes());
        let validity = Bytes::from(written(options.valid_until).ok_or(RecordError::Validity)?);
        let ttl = u64::try_from(options.ttl.as_nanos()).unwrap_or(u64::MAX);
        let data = Ipld::Map(vec![
            (TTL.into(), Ipld::Integer(ttl.into())),
            (VALUE.into(), Ipld::Bytes(value.clone())),
            (SEQUENCE.into(), Ipld::Integer(options.sequence.into())),
            (VALIDITY.into(), Ipld::Bytes(validity.clone())),
            (VALIDITY_TYPE.into(), Ipld::Integer(VALIDITY_EOL.into())),
        ]);
        let encoded = Bytes::from(dag_cbor::encode(&data)?);
        let signed = |data: &[u8]| key.sign(data).map(Bytes::from).map_err(RecordError::Sign);
        let mut fields = Fields {
            signature_v2: signed(&[DOMAIN, &encoded].concat())?,
            data: encoded,
            ..Fields::default()
        };
        if options.v1_compatible {
            // The kind of validity by its name: what the first programs signed.
            fields.signature_v1 = signed(&[&value[..], &validity[..], b"EOL"].concat())?;
            fields.value = value;
            fields.validity_type = Some(VALIDITY_EOL);
            fields.validity = validity;
            fields.sequence = Some(options.sequence);
            fields.ttl = Some(ttl);
        }
        let public = key.public();
        if !matches!(public.peer_id().public_key(), Ok(Some(_))) {
            fields.public_key = public.encode().into();
        }
        let bytes = Bytes::from(fields.encode());
        if bytes.len() > MAX_RECORD {
            return Err(RecordError::TooLarge);
        }
        Ok(Self {
            bytes,
            fields,
            data,
        })
    }
}
