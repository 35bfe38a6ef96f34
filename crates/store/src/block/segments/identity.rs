//! `store.json`: which store this is.

use std::io;

use serde::{Deserialize, Serialize};

use super::super::disk::{self, Disk};
use super::index::Owner;
use super::options::OpenError;

const PATH: &str = "store.json";
/// The only format so far.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Identity {
    /// Format of the whole store.
    format: u32,
    /// Made once, at random.
    store: String,
    /// Grows whenever the index is made anew, so that an older copy of an index is known for one.
    generation: u64,
}

/// Reads the identity; `None` when there is none.
pub(super) fn read(disk: &dyn Disk) -> Result<Option<Owner>, OpenError> {
    let Some(bytes) = disk::read_small(disk, PATH, 1 << 16).map_err(|source| OpenError::Io {
        action: "read store.json of",
        source,
    })?
    else {
        return Ok(None);
    };
    let identity: Identity =
        serde_json::from_slice(&bytes).map_err(|error| OpenError::Identity {
            reason: error.to_string(),
        })?;
    if identity.format != FORMAT {
        return Err(OpenError::Format {
            found: identity.format,
            known: FORMAT,
        });
    }
    if identity.store.is_empty()
        || !identity
            .store
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err(OpenError::Identity {
            reason: "the id is not letters and digits".to_owned(),
        });
    }
    Ok(Some(Owner {
        store: identity.store,
        generation: identity.generation,
    }))
}

/// Writes the identity, durably.
pub(super) fn write(disk: &dyn Disk, owner: &Owner) -> Result<(), OpenError> {
    let identity = Identity {
        format: FORMAT,
        store: owner.store.clone(),
        generation: owner.generation,
    };
    let mut bytes = serde_json::to_vec_pretty(&identity).map_err(|error| OpenError::Identity {
        reason: error.to_string(),
    })?;
    bytes.push(b'\n');
    disk::replace(disk, "", PATH, &bytes).map_err(|source| OpenError::Io {
        action: "write store.json of",
        source,
    })
}

/// A new id: 128 random bits in hexadecimal.
pub(super) fn fresh_id() -> io::Result<String> {
    use std::hash::{BuildHasher as _, RandomState};
    // The standard library's hash keys come from the system's generator; a store id need not be secret.
    let half = || RandomState::new().hash_one(std::time::SystemTime::now());
    Ok(format!("{:016x}{:016x}", half(), half()))
}
