//! A streaming decoder of CARs of both versions.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes};

use super::{CarError, header, v2};
use crate::block::Block;
use crate::cid::{Cid, CidError};
use crate::varint;

/// What a section that spans pieces is given room for before its bytes have come.
const FIRST_ROOM: usize = 64 << 10;

/// Limits of a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest header in bytes.
    pub header: usize,
    /// Largest section in bytes: CID and block.
    pub section: usize,
    /// Whether a section of length zero ends the archive, as padding; otherwise it is an error.
    pub zero_section_is_end: bool,
}

impl Default for Limits {
    /// 1 MiB of header, which is 25,000 roots; 64 MiB of section.
    fn default() -> Self {
        Self {
            header: 1 << 20,
            section: 64 << 20,
            zero_section_is_end: false,
        }
    }
}

/// What a [`Decoder`] returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The header; comes first and once.
    Header {
        /// Version of the archive, 1 or 2.
        version: u8,
        /// Its roots.
        roots: Vec<Cid>,
    },
    /// A block, which is not verified: see [`super::verify`].
    Block(Block),
}

/// Decodes an archive: push bytes, take events until there are none, push more; at the end call [`Self::finish`].
///
/// A block within one pushed piece is a slice of it; others are copied once. At most one section is buffered, and the
/// pieces that were pushed since the last event was taken.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    state: State,
    /// What is left of the data of a CARv2; none in a CARv1.
    left: Option<u64>,
    input: VecDeque<Bytes>,
    /// What has come of the length that is being read.
    length: Vec<u8>,
    /// What has come of the header or section that is being read and spans pieces.
    partial: Vec<u8>,
    /// Whether anything has come at all.
    begun: bool,
    /// Bytes that have been read.
    position: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Before the length of a header: the first one, or that of the CARv1 in a CARv2.
    HeaderLength {
        version: u8,
    },
    Header {
        version: u8,
        length: usize,
    },
    V2Header,
    /// Bytes between the header of a CARv2 and its data.
    Padding {
        left: u64,
    },
    SectionLength,
    Section {
        length: usize,
    },
    /// After the data of a CARv2, or behind a zero-length section: what follows is ignored.
    End,
    Failed(CarError),
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Decoder {
    /// A decoder at the front of an archive.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::HeaderLength { version: 1 },
            left: None,
            input: VecDeque::new(),
            length: Vec::new(),
            partial: Vec::new(),
            begun: false,
            position: 0,
        }
    }

    /// The position in the archive after the last event, in bytes. The bytes of a block end there.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Adds the next bytes.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.begun = true;
            self.input.push_back(bytes);
        }
    }

    /// The next event, or none until more bytes are pushed. An error is final and comes again.
    #[expect(
        clippy::should_implement_trait,
        reason = "none is not the end: more may be pushed"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, CarError> {
        let result = self.advance();
        if let Err(error) = &result {
            self.state = State::Failed(error.clone());
            self.input.clear();
            self.partial = Vec::new();
        }
        result
    }

    /// Whether the archive is complete, so that further bytes are ignored. Never for a CARv1, which ends with its
    /// bytes.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::End
    }

    /// Signals the end of the bytes; an error if the archive ends early. All events must have been taken.
    pub fn finish(self) -> Result<(), CarError> {
        match self.state {
            State::Failed(error) => Err(error),
            State::End => Ok(()),
            State::SectionLength if self.length.is_empty() && self.left.unwrap_or(0) == 0 => Ok(()),
            State::HeaderLength { .. } if !self.begun => Err(CarError::Empty),
            _ => Err(CarError::Truncated),
        }
    }

    fn advance(&mut self) -> Result<Option<Event>, CarError> {
        loop {
            match self.state {
                State::HeaderLength { version } => {
                    let Some(length) = self.read_length()? else {
                        return Ok(None);
                    };
                    let length = usize::try_from(length)
                        .ok()
                        .filter(|&length| length <= self.limits.header)
                        .ok_or(CarError::HeaderTooLarge)?;
                    self.claim(length as u64)?;
                    self.state = State::Header { version, length };
                }
                State::Header { version, length } => {
                    let Some(bytes) = self.read(length) else {
                        return Ok(None);
                    };
                    let header = header::decode(&bytes)?;
                    match (version, header.version) {
                        (1, 2) => self.state = State::V2Header,
                        (_, 1) => {
                            self.state = State::SectionLength;
                            return Ok(Some(Event::Header {
                                version,
                                roots: header.roots,
                            }));
                        }
                        (1, other) => return Err(CarError::Version(other)),
                        (_, other) => return Err(CarError::PayloadVersion(other)),
                    }
                }
                State::V2Header => {
                    let Some(bytes) = self.read(v2::HEADER_LEN) else {
                        return Ok(None);
                    };
                    let bytes = bytes.first_chunk().ok_or(CarError::Truncated)?;
                    let header = v2::Header::decode(bytes)?;
                    self.left = Some(header.data_size);
                    self.state = State::Padding {
                        left: header.data_offset - v2::MIN_DATA_OFFSET,
                    };
                }
                State::Padding { left } => {
                    let left = self.skip(left);
                    if left > 0 {
                        self.state = State::Padding { left };
                        return Ok(None);
                    }
                    self.state = State::HeaderLength { version: 2 };
                }
                State::SectionLength => {
                    if self.left == Some(0) && self.length.is_empty() {
                        self.state = State::End;
                        continue;
                    }
                    let Some(length) = self.read_length()? else {
                        return Ok(None);
                    };
                    if length == 0 {
                        if !self.limits.zero_section_is_end {
                            return Err(CarError::Cid(CidError::TooShort));
                        }
                        self.state = State::End;
                        continue;
                    }
                    let length = usize::try_from(length)
                        .ok()
                        .filter(|&length| length <= self.limits.section)
                        .ok_or(CarError::SectionTooLarge)?;
                    self.claim(length as u64)?;
                    self.state = State::Section { length };
                }
                State::Section { length } => {
                    let Some(mut bytes) = self.read(length) else {
                        return Ok(None);
                    };
                    let (cid, used) = Cid::read(&bytes).map_err(CarError::Cid)?;
                    bytes.advance(used);
                    self.state = State::SectionLength;
                    return Ok(Some(Event::Block(Block::new(cid, bytes))));
                }
                State::End => {
                    self.input.clear();
                    return Ok(None);
                }
                State::Failed(ref error) => return Err(error.clone()),
            }
        }
    }

    /// Counts bytes against the data of a CARv2. More than there is left are not waited for.
    fn claim(&mut self, count: u64) -> Result<(), CarError> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(count).ok_or(CarError::Truncated)?;
        }
        Ok(())
    }

    /// The length that stands before a header or a section.
    fn read_length(&mut self) -> Result<Option<u64>, CarError> {
        while let Some(front) = self.input.front_mut() {
            if front.is_empty() {
                self.input.pop_front();
                continue;
            }
            let byte = front.get_u8();
            self.position += 1;
            self.claim(1)?;
            self.length.push(byte);
            if byte < 0x80 || self.length.len() >= varint::MAX_LEN {
                let (length, _) = varint::decode(&self.length)?;
                self.length.clear();
                return Ok(Some(length));
            }
        }
        Ok(None)
    }

    /// The next `count` bytes, once all are there.
    fn read(&mut self, count: usize) -> Option<Bytes> {
        loop {
            let missing = count - self.partial.len();
            if missing == 0 {
                self.position += count as u64;
                return Some(std::mem::take(&mut self.partial).into());
            }
            let front = self.input.front_mut()?;
            if front.is_empty() {
                self.input.pop_front();
                continue;
            }
            if self.partial.is_empty() && front.len() >= count {
                self.position += count as u64;
                return Some(front.split_to(count));
            }
            if self.partial.capacity() == 0 {
                // Room grows with what comes, not with what the length claims.
                self.partial
                    .reserve_exact(count.min(FIRST_ROOM.max(2 * front.len())));
            }
            let taken = front.split_to(missing.min(front.len()));
            let grown = self.partial.len() + taken.len();
            if grown > self.partial.capacity() {
                let room = count.min(2 * grown);
                self.partial.reserve_exact(room - self.partial.len());
            }
            self.partial.extend_from_slice(&taken);
        }
    }

    /// Drops bytes; returns how many are still to be dropped.
    fn skip(&mut self, mut count: u64) -> u64 {
        while count > 0
            && let Some(front) = self.input.front_mut()
        {
            let here = usize::try_from(count).map_or(front.len(), |count| count.min(front.len()));
            front.advance(here);
            self.position += here as u64;
            count -= here as u64;
            if front.is_empty() {
                self.input.pop_front();
            }
        }
        count
    }
}
