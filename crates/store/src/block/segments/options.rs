//! Options for opening a store, and the report.

use std::io;
use std::ops::Range;

use super::engine::Limits;
use super::recover::OpenPlan;

/// Options for opening a store.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Read-only: nothing on disk is changed, not even for repairs.
    pub read_only: bool,
    /// Size in bytes at which a segment is sealed and the next one is started.
    pub segment_size: u64,
    /// Size of the index cache, in bytes.
    pub cache_size: usize,
    /// Maximum number of blocks that wait for the index (about 150 bytes each); at the bound writers wait.
    pub max_pending: usize,
    /// Size of the reserve file in bytes, which is freed on a full disk so that a collection can run.
    pub reserve: u64,
    /// Maximum number of segments that are kept open.
    pub open_files: usize,
    /// Whether to read written blocks into the page cache while idle: they are likely to be read next.
    pub warm_writes: bool,
    /// Whether to hash every block that is read. Otherwise its checksum is verified, if it has one.
    pub verify_reads: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            segment_size: 512 << 20,
            cache_size: 32 << 20,
            max_pending: 256 << 10,
            reserve: 16 << 20,
            open_files: 256,
            warm_writes: true,
            verify_reads: false,
        }
    }
}

impl Options {
    pub(super) fn plan(&self, reindex: bool) -> OpenPlan {
        let limits = Limits {
            segment: self.segment_size.max(1 << 20),
            buffer: 3 << 20,
            pending: self.max_pending.max(1024),
            unsynced: 24 << 20,
            grow: (1 << 20, 16 << 20),
            ahead: 256 << 10,
            margin: 8 << 20,
            sweep: 16 << 10,
            moves: 512 << 10,
            shrink_from: 128 << 20,
            cache: self.cache_size,
            recent: 4 << 20,
            files: self.open_files,
            warm_writes: self.warm_writes,
            verify_reads: self.verify_reads,
        };
        OpenPlan {
            limits,
            read_only: self.read_only,
            reserve: self.reserve,
            fresh_id: None,
            reindex,
        }
    }
}

/// A damaged range of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The segment's number.
    pub segment: u32,
    /// The range.
    pub bytes: Range<u64>,
    /// The copy of the range, relative to the store's directory.
    pub copy: String,
}

/// The report of opening a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenReport {
    /// The store was created.
    pub created: bool,
    /// Why the index was rebuilt from the segments, if it was. Removed blocks may be back then, unpinned.
    pub reindexed: Option<String>,
    /// Number of records that were replayed because the index did not have them.
    pub replayed: u64,
    /// Segments whose incomplete last record was cut off, and the offsets.
    pub cut: Vec<(u32, u64)>,
    /// The damaged ranges.
    pub damaged: Vec<Damage>,
    /// Segments that are missing, or shorter than before.
    pub lost: Vec<LostSegment>,
    /// Number of blocks that are missing because their segments were lost at any time.
    pub lost_blocks: u64,
}

/// A segment that is missing, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostSegment {
    /// Its number.
    pub segment: u32,
    /// Whether a part of it is left.
    pub partly: bool,
    /// Number of blocks in the missing part.
    pub blocks: u64,
    /// Total size of those blocks, in bytes.
    pub bytes: u64,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("the block store is in use by another process")]
    InUse,
    /// It was written by a newer version.
    #[error("the block store has format {found}, but this version supports {known}")]
    Format {
        /// Its format.
        found: u32,
        /// The supported format.
        known: u32,
    },
    /// `store.json` is missing, though other files of a store exist.
    #[error("store.json of the block store is missing")]
    IdentityMissing,
    /// The directory of the segments is missing, though the store had segments.
    #[error("the directory `segments` of the block store is missing")]
    SegmentsMissing,
    /// `store.json` is invalid.
    #[error("store.json of the block store is damaged: {reason}")]
    Identity {
        /// What is wrong with it.
        reason: String,
    },
    /// The disk failed.
    #[error("cannot {action} the block store")]
    Io {
        /// What was being done.
        action: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}
