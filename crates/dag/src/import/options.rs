//! How an import builds its DAG.

use cairn_primitives::Version;
use cairn_primitives::multihash::HashFunction;
use cairn_primitives::unixfs::Mtime;
use cairn_primitives::unixfs::chunker::ChunkerSpec;
use cairn_primitives::unixfs::directory::SizeEstimation;
use cairn_primitives::unixfs::layout::FileLayout;

/// Unix permissions and the time of the last change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileMeta {
    /// Permissions; 0 when there are none.
    pub mode: u32,
    /// Time of the last change.
    pub mtime: Option<Mtime>,
}

impl FileMeta {
    /// Whether there is any metadata.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mode == 0 && self.mtime.is_none()
    }

    /// The permissions that are stored.
    ///
    /// Kubo reads the number as Go's `FileMode`, where the bits above the nine of `rwxrwxrwx` lie elsewhere.
    pub(super) fn permissions(&self) -> Option<u32> {
        let bits =
            ((self.mode & 0xC0_0000) >> 12) | ((self.mode & (1 << 20)) >> 11) | (self.mode & 0o777);
        (bits != 0).then_some(bits)
    }
}

/// How an import builds its DAG, and what is stored. [`super::AddRequest::resolve`] makes one by Kubo's rules.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The chunker.
    pub chunker: ChunkerSpec,
    /// The layout of files.
    pub shape: FileLayout,
    /// Whether leaves are raw blocks.
    pub raw_leaves: bool,
    /// Version of the CIDs of dag-pb nodes; raw leaves have version 1 always.
    pub version: Version,
    /// The hash function.
    pub hash: HashFunction,
    /// Maximum number of links of a file node; at least 2.
    pub max_file_links: usize,
    /// Maximum number of links of a basic directory; 0 for no limit.
    pub max_directory_links: usize,
    /// Children of a HAMT node: a power of 2 from 8 to 1024.
    pub max_hamt_fanout: usize,
    /// Size in bytes above which a directory becomes a HAMT, estimated by `size_estimation`; 0 disables HAMTs.
    pub hamt_threshold: u64,
    /// How the size of a directory is estimated.
    pub size_estimation: SizeEstimation,
    /// Maximum size in bytes of blocks that are inlined into their CID; `None` for none.
    pub inline: Option<usize>,
    /// Nothing is stored, no hold is taken.
    pub only_hash: bool,
    /// File contents are not copied; leaves are stored as references.
    pub nocopy: bool,
    /// Blocks that the filestore already has are not stored.
    pub fscache: bool,
    /// No events for files. (Kubo sends those of directories anyway.)
    pub silent: bool,
    /// All entries are wrapped in a directory without a name.
    pub wrap: bool,
    /// Whether empty directories below the top level are kept.
    pub empty_dirs: bool,
    /// Whether the roots are to be pinned.
    pub pin: bool,
    /// The pins' name.
    pub pin_name: String,
    /// Whether each entry's own permissions are stored.
    pub preserve_mode: bool,
    /// Whether each entry's own time is stored.
    pub preserve_mtime: bool,
    /// Permissions and time to store with every entry, instead of its own.
    pub meta: FileMeta,
}

impl ImportOptions {
    /// What is stored with an entry.
    pub(super) fn stored_meta(&self, own: FileMeta) -> FileMeta {
        FileMeta {
            mode: if self.preserve_mode {
                own.mode
            } else {
                self.meta.mode
            },
            mtime: if self.preserve_mtime {
                own.mtime
            } else {
                self.meta.mtime
            }
            .map(normal),
        }
    }
}

/// Moves whole seconds out of the nanoseconds.
fn normal(mtime: Mtime) -> Mtime {
    const SECOND: u32 = 1_000_000_000;
    let nanos = mtime.nanos.unwrap_or(0);
    Mtime {
        seconds: mtime.seconds.saturating_add(i64::from(nanos / SECOND)),
        nanos: Some(nanos % SECOND).filter(|&nanos| nanos > 0),
    }
}
