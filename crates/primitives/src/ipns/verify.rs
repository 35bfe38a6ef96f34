//! Whether a record was made by the owner of its name, and which of two is newer.
//!
//! Spec: <https://specs.ipfs.tech/ipns/ipns-record/#record-verification>

use std::cmp::Ordering;
use std::time::SystemTime;

use super::sign::DOMAIN;
use super::{Record, RecordError, SEQUENCE, TTL, VALIDITY, VALIDITY_TYPE, VALUE};
use crate::keys::{PeerId, PublicKey};

impl Record {
    /// Checks that the owner of a name made this record, and that it has not ended.
    ///
    /// # Errors
    /// What is wrong with it; [`RecordError::Expired`] when everything else is right.
    pub fn verify(&self, name: &PeerId, now: SystemTime) -> Result<(), RecordError> {
        self.verify_signature(name)?;
        if self.valid_until()? < now {
            return Err(RecordError::Expired);
        }
        Ok(())
    }

    /// Checks all but the end of the record.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify_signature(&self, name: &PeerId) -> Result<(), RecordError> {
        let key = self.public_key(name)?;
        let signed = [DOMAIN, &self.fields.data].concat();
        if !key.verify(&signed, &self.fields.signature_v2) {
            return Err(RecordError::Signature);
        }
        if self.fields.has_v1() {
            self.compare_v1()?;
        }
        Ok(())
    }

    /// The key that the record must be signed with: the one in it, which must be that of the name, or the one in the name.
    ///
    /// # Errors
    /// [`RecordError::PublicKey`], [`RecordError::OtherKey`], [`RecordError::NoPublicKey`].
    pub fn public_key(&self, name: &PeerId) -> Result<PublicKey, RecordError> {
        if self.fields.public_key.is_empty() {
            return name
                .public_key()
                .map_err(RecordError::PublicKey)?
                .ok_or(RecordError::NoPublicKey);
        }
        let key = PublicKey::decode(&self.fields.public_key).map_err(RecordError::PublicKey)?;
        if key.peer_id() != *name {
            return Err(RecordError::OtherKey);
        }
        Ok(key)
    }

    /// The fields for readers of V1 must say what the signed data says.
    fn compare_v1(&self) -> Result<(), RecordError> {
        let fields = &self.fields;
        for (name, outside) in [(VALUE, &fields.value), (VALIDITY, &fields.validity)] {
            if self.bytes_of(name)? != outside {
                return Err(RecordError::Mismatch(name));
            }
        }
        for (name, outside) in [
            (VALIDITY_TYPE, fields.validity_type),
            (SEQUENCE, fields.sequence),
            (TTL, fields.ttl),
        ] {
            if self.number(name)? != outside.unwrap_or(0) {
                return Err(RecordError::Mismatch(name));
            }
        }
        Ok(())
    }

    /// Which of two records of a name that were verified is to be preferred: the one with the higher sequence number, then the
    /// one that ends later. What is equal in both is ordered by its bytes, so that everybody prefers the same one.
    #[must_use]
    pub fn preference(&self, other: &Self) -> Ordering {
        let order = |record: &Self| (record.sequence().ok(), record.valid_until().ok());
        order(self)
            .cmp(&order(other))
            .then_with(|| self.bytes.cmp(&other.bytes))
    }
}
