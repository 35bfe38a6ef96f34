//! The changes in a journal, and their encoding.

use cairn_primitives::{Cid, PeerId, varint};

use crate::meta::{NameRecord, Pin, PinChange, PinMode, PinOwner};

/// One change in a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::meta) enum JournalEntry {
    /// Of a pin.
    Pin(PinChange),
    /// Of the MFS root.
    MfsRoot(Cid),
    /// Of an IPNS record.
    Name(NameRecord),
}

impl JournalEntry {
    /// Encodes it.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Pin(change) => encode_pin(change, out),
            Self::MfsRoot(root) => encode_root(root, out),
            Self::Name(record) => encode_name(record, out),
        }
    }

    /// The MFS root that it sets.
    pub(super) fn as_root(&self) -> Option<&Cid> {
        match self {
            Self::MfsRoot(root) => Some(root),
            Self::Pin(_) | Self::Name(_) => None,
        }
    }
}

/// First byte of a change of the MFS root.
const MFS_ROOT: u8 = 3;

/// Encodes a change of the MFS root.
pub(in crate::meta) fn encode_root(root: &Cid, out: &mut Vec<u8>) {
    out.push(MFS_ROOT);
    let root = root.to_bytes();
    varint::encode(root.len() as u64, out);
    out.extend_from_slice(&root);
}

/// First byte of a change of an IPNS record.
const NAME: u8 = 4;

/// Encodes a change of an IPNS record.
pub(in crate::meta) fn encode_name(record: &NameRecord, out: &mut Vec<u8>) {
    out.push(NAME);
    let name = record.name.to_bytes();
    varint::encode(name.len() as u64, out);
    out.extend_from_slice(&name);
    out.extend_from_slice(&record.sequence.to_be_bytes());
    varint::encode(record.record.len() as u64, out);
    out.extend_from_slice(&record.record);
}

/// Encodes a change of a pin.
pub(in crate::meta) fn encode_pin(change: &PinChange, out: &mut Vec<u8>) {
    let (kind, cid) = match change {
        PinChange::Set(pin) => (set_kind(pin.mode, pin.owner), &pin.cid),
        PinChange::Remove(cid, PinOwner::User) => (2, cid),
        PinChange::Remove(cid, PinOwner::Services) => (7, cid),
    };
    out.push(kind);
    let cid = cid.to_bytes();
    varint::encode(cid.len() as u64, out);
    out.extend_from_slice(&cid);
    if let PinChange::Set(pin) = change {
        varint::encode(pin.name.len() as u64, out);
        out.extend_from_slice(pin.name.as_bytes());
    }
}

const fn set_kind(mode: PinMode, owner: PinOwner) -> u8 {
    match (owner, mode) {
        (PinOwner::User, PinMode::Recursive) => 0,
        (PinOwner::User, PinMode::Direct) => 1,
        (PinOwner::Services, PinMode::Recursive) => 5,
        (PinOwner::Services, PinMode::Direct) => 6,
    }
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, used) = varint::decode(bytes).ok()?;
    let rest = bytes.get(used..)?;
    let len = usize::try_from(len).ok()?;
    let taken = rest.get(..len)?;
    *bytes = rest.get(len..)?;
    Some(taken)
}

pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, used) = varint::decode(bytes).ok()?;
    *bytes = bytes.get(used..)?;
    Some(number)
}

/// Decodes the first change and advances past it; `None` if it is invalid.
pub(super) fn decode(bytes: &mut &[u8]) -> Option<JournalEntry> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    if *kind == NAME {
        return decode_name(bytes).map(JournalEntry::Name);
    }
    let cid = Cid::from_bytes(take_bytes(bytes)?).ok()?;
    let removed = |cid, owner| Some(JournalEntry::Pin(PinChange::Remove(cid, owner)));
    let (mode, owner) = match *kind {
        0 => (PinMode::Recursive, PinOwner::User),
        1 => (PinMode::Direct, PinOwner::User),
        2 => return removed(cid, PinOwner::User),
        MFS_ROOT => return Some(JournalEntry::MfsRoot(cid)),
        5 => (PinMode::Recursive, PinOwner::Services),
        6 => (PinMode::Direct, PinOwner::Services),
        7 => return removed(cid, PinOwner::Services),
        _ => return None,
    };
    let name = std::str::from_utf8(take_bytes(bytes)?).ok()?.to_owned();
    Some(JournalEntry::Pin(PinChange::Set(Pin {
        cid,
        mode,
        name,
        owner,
    })))
}

fn decode_name(bytes: &mut &[u8]) -> Option<NameRecord> {
    let name = PeerId::from_bytes(take_bytes(bytes)?).ok()?;
    let (sequence, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(NameRecord {
        name,
        sequence: u64::from_be_bytes(*sequence),
        record: take_bytes(bytes)?.to_vec().into(),
    })
}
