//! The frames of a journal, and the changes in them.

use cairn_primitives::{Cid, varint};

use super::super::sum::{PinSum, checksum};
use super::super::{Pin, PinChange, PinMode};
use super::{HEAD, State};

/// One change, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::meta) enum JournalEntry {
    /// Of a pin.
    Pin(PinChange),
    /// Of the root of the mutable file system.
    MfsRoot(Cid),
}

impl JournalEntry {
    pub(super) fn as_root(&self) -> Option<&Cid> {
        match self {
            Self::MfsRoot(root) => Some(root),
            Self::Pin(_) => None,
        }
    }
}

/// First byte of a change that names the root of the mutable file system; those of pins are lower.
const MFS_ROOT: u8 = 3;

/// Encodes a new root of the mutable file system.
pub(in crate::meta) fn encode_root(root: &Cid, out: &mut Vec<u8>) {
    out.push(MFS_ROOT);
    let root = root.to_bytes();
    varint::encode(root.len() as u64, out);
    out.extend_from_slice(&root);
}

/// Encodes a change of a pin.
pub(in crate::meta) fn encode_pin(change: &PinChange, out: &mut Vec<u8>) {
    let (kind, cid) = match change {
        PinChange::Set(pin) => (mode_kind(pin.mode), &pin.cid),
        PinChange::Remove(cid) => (2, cid),
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

const fn mode_kind(mode: PinMode) -> u8 {
    match mode {
        PinMode::Recursive => 0,
        PinMode::Direct => 1,
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

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, used) = varint::decode(bytes).ok()?;
    *bytes = bytes.get(used..)?;
    Some(number)
}

fn decode(bytes: &mut &[u8]) -> Option<JournalEntry> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    let cid = Cid::from_bytes(take_bytes(bytes)?).ok()?;
    let mode = match *kind {
        0 => PinMode::Recursive,
        1 => PinMode::Direct,
        2 => return Some(JournalEntry::Pin(PinChange::Remove(cid))),
        MFS_ROOT => return Some(JournalEntry::MfsRoot(cid)),
        _ => return None,
    };
    let name = std::str::from_utf8(take_bytes(bytes)?).ok()?.to_owned();
    Some(JournalEntry::Pin(PinChange::Set(Pin { cid, mode, name })))
}

/// A frame of changes.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) state: State,
    /// Whether it is a part of the whole set at the front.
    pub(super) whole: bool,
    pub(super) changes: Vec<JournalEntry>,
}

pub(super) fn encode_frame(state: &State, whole: bool, changes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD]);
    out.push(u8::from(whole));
    varint::encode(state.turn, out);
    varint::encode(state.sum.count, out);
    out.extend_from_slice(&state.sum.sum.to_le_bytes());
    out.extend_from_slice(changes);
    seal(out, start);
}

/// Fills in the head of the frame that begins at `start`.
pub(super) fn seal(out: &mut [u8], start: usize) {
    let Some((head, payload)) = out
        .get_mut(start..)
        .and_then(|frame| frame.split_at_mut_checked(HEAD))
    else {
        return;
    };
    let len = u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    let sum: [u8; 8] = checksum(payload);
    for (to, from) in head.iter_mut().zip(len.into_iter().chain(sum)) {
        *to = from;
    }
}

pub(super) fn decode_frame(mut bytes: &[u8]) -> Option<Frame> {
    let bytes = &mut bytes;
    let (whole, rest) = bytes.split_first()?;
    *bytes = rest;
    let turn = take_number(bytes)?;
    let count = take_number(bytes)?;
    let (sum, rest) = bytes.split_first_chunk::<16>()?;
    *bytes = rest;
    let sum = u128::from_le_bytes(*sum);
    let mut changes = Vec::new();
    while !bytes.is_empty() {
        changes.push(decode(bytes)?);
    }
    Some(Frame {
        state: State {
            turn,
            sum: PinSum { count, sum },
        },
        whole: *whole == 1,
        changes,
    })
}
