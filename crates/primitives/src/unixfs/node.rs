//! The UnixFS protobuf in a dag-pb node.
//!
//! Spec: <https://specs.ipfs.tech/unixfs/#data-format>

use std::fmt;

use bytes::Bytes;

use super::ReadError;
use crate::codec::dag_pb;
use crate::codec::protobuf::{BYTES, FIXED32, Reader, VARINT, WireError};
use crate::varint;

/// The bits of `mode` that are permissions; the others are kept for later use.
const PERMISSIONS: u32 = 0o7777;

/// The type of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// Bytes of a file; leaves of trickle files.
    Raw,
    /// A directory in one node.
    Directory,
    /// A file, or a part of one.
    File,
    /// Unused in practice.
    Metadata,
    /// A symbolic link; the data is its target.
    Symlink,
    /// A part of a large directory.
    HamtShard,
}

impl NodeKind {
    fn code(self) -> u64 {
        match self {
            Self::Raw => 0,
            Self::Directory => 1,
            Self::File => 2,
            Self::Metadata => 3,
            Self::Symlink => 4,
            Self::HamtShard => 5,
        }
    }

    fn from_code(code: u64) -> Option<Self> {
        Some(match code {
            0 => Self::Raw,
            1 => Self::Directory,
            2 => Self::File,
            3 => Self::Metadata,
            4 => Self::Symlink,
            5 => Self::HamtShard,
            _ => return None,
        })
    }

    /// Whether it is a directory of either form.
    #[must_use]
    pub fn is_directory(self) -> bool {
        matches!(self, Self::Directory | Self::HamtShard)
    }

    /// Whether it holds bytes of a file.
    #[must_use]
    pub fn is_file(self) -> bool {
        matches!(self, Self::Raw | Self::File)
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "Raw",
            Self::Directory => "Directory",
            Self::File => "File",
            Self::Metadata => "Metadata",
            Self::Symlink => "Symlink",
            Self::HamtShard => "HAMTShard",
        })
    }
}

/// A time of modification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mtime {
    /// Seconds since 1970, negative before.
    pub seconds: i64,
    /// Nanoseconds that count forward from `seconds`. Not written when 0 or absent; what is read may be beyond
    /// 999,999,999, see [`Mtime::is_valid`].
    pub nanos: Option<u32>,
}

impl Mtime {
    /// Whole seconds.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self {
            seconds,
            nanos: None,
        }
    }

    /// Whether the nanoseconds are absent or from 1 to 999,999,999. Kubo takes any other time as absent.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.nanos
            .is_none_or(|nanos| (1..1_000_000_000).contains(&nanos))
    }

    fn encoded_len(self) -> usize {
        1 + varint::len(self.seconds.cast_unsigned()) + if self.nanos.is_some() { 5 } else { 0 }
    }
}

/// The UnixFS part of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnixFs {
    /// The type of the node.
    pub kind: NodeKind,
    /// Content of a leaf, target of a symbolic link, bitfield of a shard.
    pub data: Option<Bytes>,
    /// Bytes of content in and below the node. File and raw nodes have it always, the others never.
    pub file_size: Option<u64>,
    /// Bytes of content below each link, in order.
    pub block_sizes: Vec<u64>,
    /// The hash function of a shard.
    pub hash_type: Option<u64>,
    /// How many slots a shard has.
    pub fanout: Option<u64>,
    /// Permissions in the low 12 bits.
    pub mode: Option<u32>,
    /// Time of modification.
    pub mtime: Option<Mtime>,
}

impl UnixFs {
    /// A node of a kind with nothing else.
    #[must_use]
    pub fn new(kind: NodeKind) -> Self {
        Self {
            kind,
            data: None,
            file_size: None,
            block_sizes: Vec::new(),
            hash_type: None,
            fanout: None,
            mode: None,
            mtime: None,
        }
    }

    /// The UnixFS part of a dag-pb node.
    pub fn of(node: &dag_pb::Node) -> Result<Self, ReadError> {
        Self::decode(node.data.as_ref().ok_or(ReadError::NoData)?)
    }

    /// Sets mode and time as Kubo does: only the permission bits, and nothing where they are zero.
    pub fn set_attributes(&mut self, mode: Option<u32>, mtime: Option<Mtime>) {
        self.mode = mode
            .map(|mode| mode & PERMISSIONS)
            .filter(|&mode| mode != 0);
        self.mtime = mtime.map(|mtime| Mtime {
            seconds: mtime.seconds,
            nanos: mtime.nanos.filter(|&nanos| nanos != 0),
        });
    }

    /// The permission bits, when any is set.
    #[must_use]
    pub fn permissions(&self) -> Option<u32> {
        self.mode
            .map(|mode| mode & PERMISSIONS)
            .filter(|&mode| mode != 0)
    }

    /// The time of modification, when it is a valid one.
    #[must_use]
    pub fn valid_mtime(&self) -> Option<Mtime> {
        self.mtime.filter(Mtime::is_valid)
    }

    /// Bytes of content as the node claims them: `filesize` of a file, the target's length of a symbolic link.
    #[must_use]
    pub fn content_size(&self) -> Option<u64> {
        match self.kind {
            NodeKind::Raw | NodeKind::File => Some(self.file_size.unwrap_or(0)),
            NodeKind::Symlink => Some(self.data.as_ref().map_or(0, Bytes::len) as u64),
            NodeKind::Directory | NodeKind::HamtShard | NodeKind::Metadata => None,
        }
    }

    /// Reads the protobuf; the data is a slice of the input. Fields that are not known are skipped, the last of
    /// a repeated single field counts, packed block sizes are taken.
    pub fn decode(bytes: &Bytes) -> Result<Self, ReadError> {
        let mut kind = None;
        let mut node = Self::new(NodeKind::Raw);
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            match reader.tag()? {
                (1, VARINT) => kind = NodeKind::from_code(reader.varint()?).or(kind),
                (2, BYTES) => node.data = Some(bytes.slice(reader.bytes()?)),
                (3, VARINT) => node.file_size = Some(reader.varint()?),
                (4, VARINT) => node.block_sizes.push(reader.varint()?),
                (4, BYTES) => {
                    let range = reader.bytes()?;
                    let mut packed = reader.within(&range);
                    while !packed.is_empty() {
                        node.block_sizes.push(packed.varint()?);
                    }
                }
                (5, VARINT) => node.hash_type = Some(reader.varint()?),
                (6, VARINT) => node.fanout = Some(reader.varint()?),
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "protobuf cuts a uint32 that is too long"
                )]
                (7, VARINT) => node.mode = Some(reader.varint()? as u32),
                (8, BYTES) => {
                    let range = reader.bytes()?;
                    node.mtime = Some(read_mtime(reader.within(&range))?);
                }
                (_, wire) => reader.skip(wire)?,
            }
        }
        node.kind = kind.ok_or(ReadError::Missing("Data.Type"))?;
        Ok(node)
    }

    /// Writes the protobuf, fields in the order of their numbers.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.write(&mut out);
        out.into()
    }

    /// Bytes that [`Self::encode`] gives.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let number = |value: Option<u64>| value.map_or(0, |value| 1 + varint::len(value));
        2 + self.data.as_ref().map_or(0, |data| bytes_len(data.len()))
            + number(self.file_size)
            + self
                .block_sizes
                .iter()
                .map(|&size| 1 + varint::len(size))
                .sum::<usize>()
            + number(self.hash_type)
            + number(self.fanout)
            + number(self.mode.map(u64::from))
            + self.mtime.map_or(0, |mtime| bytes_len(mtime.encoded_len()))
    }

    /// Appends the protobuf.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let number = |field: u8, value: u64, out: &mut Vec<u8>| {
            out.push(field << 3 | VARINT);
            varint::encode(value, out);
        };
        number(1, self.kind.code(), out);
        if let Some(data) = &self.data {
            out.push(2 << 3 | BYTES);
            varint::encode(data.len() as u64, out);
            out.extend_from_slice(data);
        }
        if let Some(size) = self.file_size {
            number(3, size, out);
        }
        for &size in &self.block_sizes {
            number(4, size, out);
        }
        if let Some(hash_type) = self.hash_type {
            number(5, hash_type, out);
        }
        if let Some(fanout) = self.fanout {
            number(6, fanout, out);
        }
        if let Some(mode) = self.mode {
            number(7, u64::from(mode), out);
        }
        if let Some(mtime) = self.mtime {
            out.push(8 << 3 | BYTES);
            varint::encode(mtime.encoded_len() as u64, out);
            number(1, mtime.seconds.cast_unsigned(), out);
            if let Some(nanos) = mtime.nanos {
                out.push(2 << 3 | FIXED32);
                out.extend_from_slice(&nanos.to_le_bytes());
            }
        }
    }
}

/// Bytes of a field whose payload has a length, its tag included.
fn bytes_len(payload: usize) -> usize {
    1 + varint::len(payload as u64) + payload
}

fn read_mtime(mut reader: Reader<'_>) -> Result<Mtime, ReadError> {
    let mut seconds = None;
    let mut nanos = None;
    while !reader.is_empty() {
        match reader.tag()? {
            (1, VARINT) => seconds = Some(reader.varint()?.cast_signed()),
            (2, FIXED32) => nanos = Some(u32::from_le_bytes(reader.fixed()?)),
            (_, wire) => reader.skip(wire)?,
        }
    }
    let seconds = seconds.ok_or(ReadError::Missing("IPFSTimestamp.seconds"))?;
    Ok(Mtime { seconds, nanos })
}

impl From<WireError> for ReadError {
    fn from(error: WireError) -> Self {
        Self::Wire(error.reason)
    }
}

#[cfg(test)]
mod tests;
