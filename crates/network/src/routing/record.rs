//! Values of the DHT: IPNS records and public keys.
//!
//! Specs: <https://specs.ipfs.tech/ipns/ipns-record/#routing-record>,
//! <https://github.com/libp2p/specs/blob/master/kad-dht/README.md#entry-validation>

use std::cmp::Ordering;
use std::time::SystemTime;

use bytes::Bytes;
use cairn_primitives::ipns::{self, MAX_RECORD, Record, RecordError};
use cairn_primitives::keys::{PeerId, PublicKey};

/// Why a value is not stored under a key.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The key is of another name space than `ipns` and `pk`, or it has no peer ID.
    #[error("keys are `/ipns/` or `/pk/` and a peer ID")]
    Key,
    /// The value is too large.
    #[error("the value is larger than {MAX_RECORD} bytes")]
    TooLarge,
    /// The IPNS record is invalid.
    #[error("the IPNS record is invalid")]
    Record(#[from] RecordError),
    /// The public key is invalid, or has another peer ID.
    #[error("the public key is invalid or not that of the key")]
    PublicKey,
}

/// What precedes the peer ID in the key of a public key.
const PUBLIC_KEYS: &[u8] = b"/pk/";

/// The name space of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Ipns,
    PublicKey,
}

impl Space {
    /// The name space with a name, as in `routing get /ipns/…`.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name {
            "ipns" => Some(Self::Ipns),
            "pk" => Some(Self::PublicKey),
            _ => None,
        }
    }

    /// The key of a value: the name space, and the peer ID in binary.
    pub(super) fn key(self, peer: &PeerId) -> Vec<u8> {
        match self {
            Self::Ipns => ipns::routing_key(peer),
            Self::PublicKey => [PUBLIC_KEYS, &peer.to_bytes()[..]].concat(),
        }
    }

    fn parse(key: &[u8]) -> Option<(Self, PeerId)> {
        if let Some(peer) = ipns::name_of_key(key) {
            return Some((Self::Ipns, peer));
        }
        let peer = key.strip_prefix(PUBLIC_KEYS)?;
        Some((Self::PublicKey, PeerId::from_bytes(peer).ok()?))
    }
}

/// A value that its owner made.
#[derive(Debug)]
pub(super) enum Valid {
    Record(Box<Record>),
    PublicKey,
}

impl Valid {
    /// Checks a value.
    pub(super) fn new(key: &[u8], value: &[u8], now: SystemTime) -> Result<Self, ValueError> {
        let (space, peer) = Space::parse(key).ok_or(ValueError::Key)?;
        if value.len() > MAX_RECORD {
            return Err(ValueError::TooLarge);
        }
        match space {
            Space::Ipns => {
                let record = Record::decode(&Bytes::copy_from_slice(value))?;
                record.verify(&peer, now)?;
                Ok(Self::Record(Box::new(record)))
            }
            Space::PublicKey => {
                let key = PublicKey::decode(value).map_err(|_| ValueError::PublicKey)?;
                if key.peer_id() != peer {
                    return Err(ValueError::PublicKey);
                }
                Ok(Self::PublicKey)
            }
        }
    }

    /// When it ends; `None` if it does not.
    pub(super) fn valid_until(&self) -> Option<SystemTime> {
        match self {
            Self::Record(record) => record.valid_until().ok(),
            Self::PublicKey => None,
        }
    }

    /// Which of two values of a key is preferred: the newer one.
    pub(super) fn preference(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Record(one), Self::Record(other)) => one.preference(other),
            _ => Ordering::Equal,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use cairn_primitives::ContentPath;
    use cairn_primitives::ipns::RecordOptions;
    use cairn_primitives::keys::Keypair;

    use super::*;

    pub(in super::super) fn record(seed: u8, sequence: u64) -> (PeerId, Vec<u8>) {
        let key = Keypair::from_ed25519_seed(&[seed; 32]);
        let value = ContentPath::new("/ipfs/bafkqaaa").unwrap();
        let until = SystemTime::now() + Duration::from_secs(3600);
        let record = Record::sign(&key, &value, &RecordOptions::new(sequence, until)).unwrap();
        (key.peer_id(), record.as_bytes().to_vec())
    }

    #[test]
    fn only_what_the_owner_made_is_valid() {
        let now = SystemTime::now();
        let (peer, value) = record(1, 3);
        let key = Space::Ipns.key(&peer);
        let valid = Valid::new(&key, &value, now).unwrap();
        let newer = Valid::new(&key, &record(1, 4).1, now).unwrap();
        assert_eq!(newer.preference(&valid), Ordering::Greater);
        let later = now + Duration::from_secs(7200);
        assert_eq!(
            Valid::new(&key, &value, later).unwrap_err(),
            ValueError::Record(RecordError::Expired)
        );
        let other = Space::Ipns.key(&record(2, 0).0);
        for (key, value) in [
            (&other[..], &value[..]),
            (b"/ipns/", &value),
            (b"/other/x", &value),
            (b"", &value),
            (&key, b"nonsense"),
            (&key, &[0; MAX_RECORD + 1]),
        ] {
            assert!(Valid::new(key, value, now).is_err());
        }
    }

    #[test]
    fn public_keys_are_those_of_their_peer_ids() {
        let now = SystemTime::now();
        let own = Keypair::from_ed25519_seed(&[1; 32]);
        let key = Space::PublicKey.key(&own.peer_id());
        let value = own.public().encode();
        assert!(matches!(
            Valid::new(&key, &value, now),
            Ok(Valid::PublicKey)
        ));
        let other = Keypair::from_ed25519_seed(&[2; 32]).public().encode();
        assert_eq!(
            Valid::new(&key, &other, now).unwrap_err(),
            ValueError::PublicKey
        );
    }
}
