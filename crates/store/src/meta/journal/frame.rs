//! The frames of a journal.

use cairn_primitives::varint;

use super::super::sum::{PinSum, checksum};
use super::change::{JournalEntry, decode, take_number};
use super::{HEAD, State};

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
