//! Checks pins that users ask for.

use std::collections::HashSet;
use std::time::Duration;

use cairn_primitives::{Cid, Multiaddr};
use cairn_store::shared::{AccountId, Idempotency, MAX_PIN_NAME, NewPin};

use super::{PinError, PinSpec};

/// Maximum number of origins of a pin.
pub const MAX_ORIGINS: usize = 20;

/// Maximum number of keys of a pin's metadata.
pub const MAX_META: usize = 1_000;

/// Maximum length of an idempotency key, in bytes.
const MAX_KEY: usize = 255;

fn invalid(field: &'static str, reason: impl Into<String>) -> PinError {
    PinError::Invalid {
        field,
        reason: reason.into(),
    }
}

impl PinSpec {
    /// The row to make of it.
    pub(super) fn check(self, account: AccountId, lifetime: Duration) -> Result<NewPin, PinError> {
        let cid: Cid = self
            .cid
            .parse()
            .map_err(|error| invalid("cid", format!("{error}")))?;
        if let Some(name) = &self.name {
            let length = name.chars().count();
            if length > MAX_PIN_NAME {
                let reason = format!("it has {length} characters where {MAX_PIN_NAME} are allowed");
                return Err(invalid("name", reason));
            }
        }
        check_origins(&self.origins)?;
        let keys = self.meta.len();
        if keys > MAX_META {
            let reason = format!("it has {keys} keys where {MAX_META} are allowed");
            return Err(invalid("meta", reason));
        }
        let idempotency = match self.idempotency_key {
            Some(key) if key.is_empty() || key.len() > MAX_KEY => {
                let reason = format!("it must have 1 to {MAX_KEY} bytes");
                return Err(invalid("Idempotency-Key", reason));
            }
            Some(key) => Some(Idempotency { key, lifetime }),
            None => None,
        };
        Ok(NewPin {
            account,
            cid,
            cid_text: self.cid,
            name: self.name,
            origins: self.origins,
            meta: self.meta,
            idempotency,
        })
    }
}

fn check_origins(origins: &[String]) -> Result<(), PinError> {
    let count = origins.len();
    if count > MAX_ORIGINS {
        let reason = format!("{count} addresses where {MAX_ORIGINS} are allowed");
        return Err(invalid("origins", reason));
    }
    let mut seen = HashSet::new();
    for text in origins {
        let address: Multiaddr = text
            .parse()
            .map_err(|error| invalid("origins", format!("{text:?}: {error}")))?;
        if address.split_peer().is_none() {
            let reason = format!("{text:?} does not end with /p2p/ and a peer ID");
            return Err(invalid("origins", reason));
        }
        if !seen.insert(text) {
            return Err(invalid("origins", format!("{text:?} is there twice")));
        }
    }
    Ok(())
}
