//! `store.json`: which store this is.

use std::io;

use serde::{Deserialize, Serialize};

use super::super::disk::{self, Access, Disk};
use super::index::IndexOwner;
use super::options::OpenError;
use super::record;
use super::recover::{io_error, segments};

const PATH: &str = "store.json";
/// The only format so far.
const FORMAT: u32 = 1;
/// Segment numbers that are skipped when the used ones are unknown.
const GAP: u32 = 1000;

#[derive(Serialize, Deserialize)]
struct Identity {
    /// Format of the whole store.
    format: u32,
    /// Made once, at random.
    store: String,
    /// Grows whenever the index is rebuilt, so that an older copy of an index is known for one.
    generation: u64,
    /// All segments that were ever begun have numbers below this one. Absent in stores of older programs.
    #[serde(default)]
    segments: u32,
    /// Id of the rows that belong to this store. Absent until they are bound, and in stores of older programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<String>,
}

/// What `store.json` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoreCard {
    pub(super) owner: IndexOwner,
    /// Above the numbers of all segments that were ever begun.
    pub(super) segments: u32,
    /// Id of the rows that belong to the store.
    pub(super) rows: Option<String>,
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Reads the identity; `None` when there is none.
pub(super) fn read(disk: &dyn Disk) -> Result<Option<StoreCard>, OpenError> {
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
    if !is_id(&identity.store) {
        return Err(OpenError::Identity {
            reason: "the id is not letters and digits".to_owned(),
        });
    }
    Ok(Some(StoreCard {
        owner: IndexOwner {
            store: identity.store,
            generation: identity.generation,
        },
        segments: identity.segments,
        rows: identity.rows,
    }))
}

/// Writes the identity, durably.
pub(super) fn write(disk: &dyn Disk, card: &StoreCard) -> Result<(), OpenError> {
    let identity = Identity {
        format: FORMAT,
        store: card.owner.store.clone(),
        generation: card.owner.generation,
        segments: card.segments,
        rows: card.rows.clone(),
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

/// Names that only a store has: where one of them is and `store.json` is not, that was lost.
const REMAINS: [&str; 3] = [super::index::PATH, crate::meta::JOURNAL, "reserve"];

/// Whether there is something of a store.
pub(super) fn has_remains(disk: &dyn Disk) -> Result<bool, OpenError> {
    for name in REMAINS {
        match disk.open(name, Access::Read, false) {
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error("look into")(error)),
        }
    }
    Ok(!segments(disk)?.is_empty())
}

/// The store that a segment's header names.
fn named_by(disk: &dyn Disk, number: u32) -> Option<String> {
    let file = disk.open(&record::path(number), Access::Read, false).ok()?;
    let mut front = vec![0; 512];
    let read = file.read_at(0, &mut front).ok()?;
    front.truncate(read);
    let mark = b"cairn-segment-1/";
    let at = front.windows(mark.len()).position(|part| part == mark)?;
    let rest = front.get(at + mark.len()..)?;
    let end = rest.iter().position(|byte| *byte == b'/')?;
    let id = std::str::from_utf8(rest.get(..end)?).ok()?;
    is_id(id).then(|| id.to_owned())
}

/// Writes `store.json` again from what else knows the store's id: its segments, or else `known`, from elsewhere. The
/// index is rebuilt at the next opening.
pub(super) fn restore(disk: &dyn Disk, known: Option<&str>) -> Result<(), OpenError> {
    let numbers = segments(disk)?;
    let named = numbers
        .iter()
        .rev()
        .find_map(|number| named_by(disk, *number));
    let store = match named.or_else(|| known.filter(|id| is_id(id)).map(str::to_owned)) {
        Some(store) => store,
        None => fresh_id().map_err(io_error("make an id for"))?,
    };
    let last = numbers.last().copied().unwrap_or(0);
    // How high the numbers went is not known for certain any more: a gap is left.
    let segments = last.saturating_add(if last == 0 { 1 } else { GAP });
    // Above every generation that was counted up: an index that is still there belongs to an older one.
    let generation = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(1 << 52, |since| {
            u64::try_from(since.as_micros()).unwrap_or(u64::MAX / 2)
        });
    write(
        disk,
        &StoreCard {
            owner: IndexOwner { store, generation },
            segments,
            rows: None,
        },
    )
}

/// A new id: 128 random bits in hexadecimal.
pub(crate) fn fresh_id() -> io::Result<String> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)?;
    Ok(data_encoding::HEXLOWER.encode(&id))
}
