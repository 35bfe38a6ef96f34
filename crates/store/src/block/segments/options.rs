//! How a store is opened, and what opening it found.

use std::io;
use std::ops::Range;

use super::engine::Limits;
use super::recover::OpenPlan;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Only read: nothing on disk is changed, not even to repair it.
    pub read_only: bool,
    /// Bytes at which a segment is sealed and the next one begun.
    pub segment_size: u64,
    /// Bytes of memory for the index's cache.
    pub cache_size: usize,
    /// Blocks that may wait for the index (about 150 bytes each); writers wait beyond.
    pub max_pending: usize,
    /// Bytes of the file that is given up when the disk is full, so that a collection can run.
    pub reserve: u64,
    /// Segments that are kept open for reading.
    pub open_files: usize,
    /// Read what was written into the page cache while nothing else is done: it is likely what is asked for next.
    pub warm_writes: bool,
    /// Hash every block that is read. Otherwise its checksum is checked, where it has one.
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

/// Bytes of a segment that were no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The segment's number.
    pub segment: u32,
    /// Which bytes of it.
    pub bytes: Range<u64>,
    /// Where they were copied to, below the store's directory.
    pub copy: String,
}

/// What opening a store found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenReport {
    /// There was no store before.
    pub created: bool,
    /// Why the index was rebuilt from the segments, if it was. Blocks removed before may be back then, unpinned.
    pub reindexed: Option<String>,
    /// Records that were read because the index did not know them yet.
    pub replayed: u64,
    /// Segments whose incomplete last record was cut off, and where.
    pub cut: Vec<(u32, u64)>,
    /// What was damaged.
    pub damaged: Vec<Damage>,
    /// Segments that are gone, or shorter than they were.
    pub lost: Vec<LostSegment>,
    /// Blocks that are still missing because their segments were lost, whenever that was.
    pub lost_blocks: u64,
}

/// A segment that is gone, or of which a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostSegment {
    /// Its number.
    pub segment: u32,
    /// Whether a part of it is still there.
    pub partly: bool,
    /// Blocks that were in what is gone.
    pub blocks: u64,
    /// Bytes of those blocks.
    pub bytes: u64,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("the block store is in use by another process")]
    InUse,
    /// It was written by a later version.
    #[error("the block store has format {found}, and this version knows {known}")]
    Format {
        /// Its format.
        found: u32,
        /// The format that is known here.
        known: u32,
    },
    /// `store.json` is not there, though other parts of a store are.
    #[error("store.json of the block store is missing")]
    IdentityMissing,
    /// The folder of the segments is not there, though the store has had segments.
    #[error("the folder `segments` of the block store is missing")]
    SegmentsMissing,
    /// `store.json` makes no sense.
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
