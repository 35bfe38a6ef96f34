//! Ids of pin requests.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_DNSSEC;

use crate::shared::{Millis, SharedError};

/// Random bytes of an id.
const RANDOM: usize = 10;

/// Bytes of the time in an id.
const TIME: usize = 6;

/// Id of a pin request: the time of its creation, by which its row is found, and 80 random bits. Its text has only letters
/// and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId {
    created: Millis,
    random: [u8; RANDOM],
}

/// A text that is no request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a request id")]
pub struct BadRequestId;

/// Random bytes for an id.
pub(super) fn random() -> Result<Vec<u8>, SharedError> {
    let mut bytes = vec![0; RANDOM];
    getrandom::fill(&mut bytes).map_err(|source| SharedError::Database {
        action: "make an id for",
        source: std::sync::Arc::new(source),
    })?;
    Ok(bytes)
}

impl RequestId {
    /// Of the columns of a row.
    pub(in crate::shared) fn of(created: Millis, random: &[u8]) -> Result<Self, SharedError> {
        let damaged = SharedError::Damaged {
            what: "the id of a pin request is invalid",
        };
        match random.try_into() {
            Ok(random) if (0..1 << (8 * TIME)).contains(&created) => Ok(Self { created, random }),
            _ => Err(damaged),
        }
    }

    /// When the request was made.
    #[must_use]
    pub fn created(self) -> Millis {
        self.created
    }

    /// The random part.
    pub(in crate::shared) fn random(&self) -> &[u8] {
        &self.random
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(TIME + RANDOM);
        bytes.extend(self.created.to_be_bytes().iter().skip(8 - TIME));
        bytes.extend(self.random);
        out.write_str(&BASE32_DNSSEC.encode(&bytes))
    }
}

impl FromStr for RequestId {
    type Err = BadRequestId;

    fn from_str(text: &str) -> Result<Self, BadRequestId> {
        let bytes = BASE32_DNSSEC
            .decode(text.as_bytes())
            .map_err(|_| BadRequestId)?;
        let (time, random) = bytes.split_at_checked(TIME).ok_or(BadRequestId)?;
        let id = Self {
            created: time
                .iter()
                .fold(0, |number, byte| number << 8 | Millis::from(*byte)),
            random: random.try_into().map_err(|_| BadRequestId)?,
        };
        // One text for one id: letters of the other case are decoded as well.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(BadRequestId)
        }
    }
}
