//! Decoding. Allocates no more than a small multiple of the message's size: counts are bounded, data is sliced.

use crate::cid::Cid;
use bytes::Bytes;

use super::{
    Entry, MAX_BLOCK, MAX_BLOCKS, MAX_CID, MAX_ENTRIES, MAX_MESSAGE, MAX_PRESENCES, Message,
    Payload, Prefix, Presence, PresenceKind, WantKind,
};

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is larger than [`MAX_MESSAGE`].
    #[error("a message of {0} bytes is too large: at most {MAX_MESSAGE}")]
    TooLarge(u64),
    /// A block is larger than [`MAX_BLOCK`].
    #[error("a block of {0} bytes is too large: at most {MAX_BLOCK}")]
    LargeBlock(usize),
    /// There are more blocks than [`MAX_BLOCKS`].
    #[error("a message has more than {MAX_BLOCKS} blocks")]
    ManyBlocks,
    /// It is no protobuf message.
    #[error("the message is not valid protobuf")]
    Protobuf,
    /// An entry has no CID, or bytes that are none.
    #[error("the message has an invalid CID")]
    Cid,
    /// A block has an invalid prefix.
    #[error("the message has a block with an invalid prefix")]
    Prefix,
}

/// The value of a field.
enum Value {
    Number(u64),
    /// The range of its bytes.
    Bytes(usize, usize),
    /// One that no field of ours has.
    Other,
}

/// Reads the fields of a range of a message.
struct Fields<'a> {
    data: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Fields<'a> {
    fn new(data: &'a [u8], at: usize, end: usize) -> Self {
        Self { data, at, end }
    }

    fn number(&mut self) -> Result<u64, DecodeError> {
        let rest = self
            .data
            .get(self.at..self.end)
            .ok_or(DecodeError::Protobuf)?;
        let mut value = 0;
        for (place, byte) in rest.iter().take(10).enumerate() {
            // The tenth byte has one bit; protobuf drops what does not fit.
            value |= u64::from(byte & 0x7f)
                .checked_shl(7 * place as u32)
                .unwrap_or(0);
            if byte & 0x80 == 0 {
                self.at += place + 1;
                return Ok(value);
            }
        }
        Err(DecodeError::Protobuf)
    }

    fn skip(&mut self, bytes: u64) -> Result<(usize, usize), DecodeError> {
        let start = self.at;
        let end = usize::try_from(bytes)
            .ok()
            .and_then(|bytes| start.checked_add(bytes))
            .filter(|end| *end <= self.end)
            .ok_or(DecodeError::Protobuf)?;
        self.at = end;
        Ok((start, end))
    }

    /// The number of the next field, and its value.
    fn next(&mut self) -> Result<Option<(u64, Value)>, DecodeError> {
        if self.at >= self.end {
            return Ok(None);
        }
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            1 => {
                self.skip(8)?;
                Value::Other
            }
            2 => {
                let length = self.number()?;
                let (start, end) = self.skip(length)?;
                Value::Bytes(start, end)
            }
            5 => {
                self.skip(4)?;
                Value::Other
            }
            _ => return Err(DecodeError::Protobuf),
        };
        match tag >> 3 {
            0 => Err(DecodeError::Protobuf),
            field => Ok(Some((field, value))),
        }
    }
}

/// A 32-bit number, of which protobuf keeps the low bits.
#[expect(clippy::cast_possible_truncation, reason = "as protobuf does")]
fn int32(value: u64) -> i32 {
    value as u32 as i32
}

/// A CID, or `None` for one that is longer than [`MAX_CID`].
fn read_cid(bytes: &[u8]) -> Result<Option<Cid>, DecodeError> {
    if bytes.len() > MAX_CID {
        return Ok(None);
    }
    Cid::from_bytes(bytes)
        .map(Some)
        .map_err(|_| DecodeError::Cid)
}

/// Reads the prefix of a CID.
///
/// # Errors
/// [`DecodeError::Prefix`] unless it is exactly four numbers.
pub fn decode_prefix(bytes: &[u8]) -> Result<Prefix, DecodeError> {
    let mut fields = Fields::new(bytes, 0, bytes.len());
    let mut number = || fields.number().map_err(|_| DecodeError::Prefix);
    let prefix = Prefix {
        version: number()?,
        codec: number()?,
        hash: number()?,
        length: number()?,
    };
    if fields.at != bytes.len() || prefix.version > 1 {
        return Err(DecodeError::Prefix);
    }
    Ok(prefix)
}

impl Message {
    /// Decodes a message without its length. Blocks are slices of it.
    ///
    /// Entries with CIDs that are too long or of identity are left out, as are those past [`MAX_ENTRIES`] and answers past
    /// [`MAX_PRESENCES`].
    ///
    /// # Errors
    /// [`DecodeError`]
    pub fn decode(data: &Bytes) -> Result<Self, DecodeError> {
        if data.len() > MAX_MESSAGE {
            return Err(DecodeError::TooLarge(data.len() as u64));
        }
        let mut message = Self::default();
        let mut fields = Fields::new(data, 0, data.len());
        while let Some((field, value)) = fields.next()? {
            match (field, value) {
                (1, Value::Bytes(start, end)) => message.read_wantlist(data, start, end)?,
                (2, Value::Bytes(start, end)) => {
                    message.push_block(Prefix::V0, data.slice(start..end))?;
                }
                (3, Value::Bytes(start, end)) => message.read_payload(data, start, end)?,
                (4, Value::Bytes(start, end)) => message.read_presence(data, start, end)?,
                (5, Value::Number(bytes)) => message.pending_bytes = int32(bytes),
                (1..=5, _) => return Err(DecodeError::Protobuf),
                _ => {}
            }
        }
        Ok(message)
    }

    fn read_wantlist(&mut self, data: &[u8], start: usize, end: usize) -> Result<(), DecodeError> {
        let mut fields = Fields::new(data, start, end);
        while let Some((field, value)) = fields.next()? {
            match (field, value) {
                (1, Value::Bytes(start, end)) => self.read_entry(data, start, end)?,
                (2, Value::Number(full)) => self.full = full != 0,
                (1..=2, _) => return Err(DecodeError::Protobuf),
                _ => {}
            }
        }
        Ok(())
    }

    fn read_entry(&mut self, data: &[u8], start: usize, end: usize) -> Result<(), DecodeError> {
        if self.wantlist.len() >= MAX_ENTRIES {
            return Ok(());
        }
        let mut fields = Fields::new(data, start, end);
        let mut cid: &[u8] = &[];
        let (mut priority, mut cancel, mut send_dont_have) = (0, false, false);
        let mut kind = WantKind::Block;
        while let Some((field, value)) = fields.next()? {
            match (field, value) {
                (1, Value::Bytes(start, end)) => cid = data.get(start..end).unwrap_or_default(),
                (2, Value::Number(number)) => priority = int32(number),
                (3, Value::Number(number)) => cancel = number != 0,
                (4, Value::Number(0)) => kind = WantKind::Block,
                (4, Value::Number(_)) => kind = WantKind::Have,
                (5, Value::Number(number)) => send_dont_have = number != 0,
                (1..=5, _) => return Err(DecodeError::Protobuf),
                _ => {}
            }
        }
        // One that is in the CID itself needs no exchange.
        if let Some(cid) = read_cid(cid)?
            && cid.hash().identity_data().is_none()
        {
            self.wantlist.push(Entry {
                cid,
                priority,
                cancel,
                kind,
                send_dont_have,
            });
        }
        Ok(())
    }

    fn read_payload(&mut self, data: &Bytes, start: usize, end: usize) -> Result<(), DecodeError> {
        let mut fields = Fields::new(data, start, end);
        let mut prefix: &[u8] = &[];
        let mut block = Bytes::new();
        while let Some((field, value)) = fields.next()? {
            match (field, value) {
                (1, Value::Bytes(start, end)) => prefix = data.get(start..end).unwrap_or_default(),
                (2, Value::Bytes(start, end)) => block = data.slice(start..end),
                (1..=2, _) => return Err(DecodeError::Protobuf),
                _ => {}
            }
        }
        self.push_block(decode_prefix(prefix)?, block)
    }

    fn push_block(&mut self, prefix: Prefix, data: Bytes) -> Result<(), DecodeError> {
        if data.len() > MAX_BLOCK {
            return Err(DecodeError::LargeBlock(data.len()));
        }
        if self.blocks.len() >= MAX_BLOCKS {
            return Err(DecodeError::ManyBlocks);
        }
        self.blocks.push(Payload { prefix, data });
        Ok(())
    }

    fn read_presence(&mut self, data: &[u8], start: usize, end: usize) -> Result<(), DecodeError> {
        if self.presences.len() >= MAX_PRESENCES {
            return Ok(());
        }
        let mut fields = Fields::new(data, start, end);
        let mut cid: &[u8] = &[];
        let mut kind = PresenceKind::Have;
        while let Some((field, value)) = fields.next()? {
            match (field, value) {
                (1, Value::Bytes(start, end)) => cid = data.get(start..end).unwrap_or_default(),
                (2, Value::Number(0)) => kind = PresenceKind::Have,
                (2, Value::Number(_)) => kind = PresenceKind::DontHave,
                (1..=2, _) => return Err(DecodeError::Protobuf),
                _ => {}
            }
        }
        if let Some(cid) = read_cid(cid)?
            && cid.hash().identity_data().is_none()
        {
            self.presences.push(Presence { cid, kind });
        }
        Ok(())
    }
}
