//! The options of an import: those of the configuration, and those of a request.

use cairn_primitives::unixfs::Mtime;
use cairn_primitives::unixfs::directory::SizeEstimation;

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

/// The options of an import as they were given; `None` for those that were not.
///
/// The configuration (`Import.*`) can set some of them, and a request all: [`ImportOptions::or`] adds those of the
/// configuration to those of a request. [`ImportOptions::format`] checks them by Kubo's rules: an option of the request
/// overrides the configuration, which overrides the default; a hash other than sha2-256 asks for CIDv1; CIDv1 asks for raw leaves; mode and mtime forbid them. See
/// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-add>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// `cid-version`, `Import.CidVersion`: version of the CIDs of dag-pb nodes; raw leaves have version 1 always.
    pub cid_version: Option<i64>,
    /// `hash`, `Import.HashFunction`: the name of a function.
    pub hash: Option<String>,
    /// `raw-leaves`, `Import.UnixFSRawLeaves`: whether leaves are raw blocks.
    pub raw_leaves: Option<bool>,
    /// `chunker`, `Import.UnixFSChunker`: the chunker.
    pub chunker: Option<String>,
    /// `trickle`, `Import.UnixFSDAGLayout`: the trickle layout instead of the balanced one.
    pub trickle: Option<bool>,
    /// `max-file-links`, `Import.UnixFSFileMaxLinks`: maximum number of links of a file node.
    pub max_file_links: Option<i64>,
    /// `max-directory-links`, `Import.UnixFSDirectoryMaxLinks`: maximum number of links of a basic directory; 0 for no
    /// limit.
    pub max_directory_links: Option<i64>,
    /// `max-hamt-fanout`, `Import.UnixFSHAMTDirectoryMaxFanout`: children of a HAMT node, a power of 2 from 8 to 1024.
    pub max_hamt_fanout: Option<i64>,
    /// `Import.UnixFSHAMTDirectorySizeThreshold`: size in bytes above which a directory becomes a HAMT; 0 disables
    /// HAMTs.
    pub hamt_threshold: Option<u64>,
    /// `Import.UnixFSHAMTDirectorySizeEstimation`: how the size of a directory is estimated.
    pub size_estimation: Option<SizeEstimation>,
    /// `inline`: small blocks are inlined into their CIDs.
    pub inline: bool,
    /// `inline-limit`: maximum size in bytes of those blocks.
    pub inline_limit: Option<i64>,
    /// `only-hash`: nothing is stored, no hold is taken.
    pub only_hash: bool,
    /// `wrap-with-directory`: all entries are wrapped in a directory without a name.
    pub wrap: bool,
    /// `pin`: whether the roots are to be pinned; on by default.
    pub pin: Option<bool>,
    /// `pin-name`: the pins' name.
    pub pin_name: Option<String>,
    /// `to-files` was given.
    pub to_files: bool,
    /// `nocopy`: file contents are not copied; leaves are stored as references.
    pub nocopy: bool,
    /// `fscache`: blocks that the filestore already has are not stored.
    pub fscache: bool,
    /// `silent`: no events for files. (Kubo sends those of directories anyway.)
    pub silent: bool,
    /// `preserve-mode`: each entry's own permissions are stored, unless `mode` is given.
    pub preserve_mode: bool,
    /// `preserve-mtime`: each entry's own time is stored, unless `mtime` is given.
    pub preserve_mtime: bool,
    /// `mode`: permissions to store with every entry; 0 for none.
    pub mode: u32,
    /// `mtime`: time to store with every entry, in seconds since 1970; 0 for none.
    pub mtime: i64,
    /// `mtime-nsecs`: the nanoseconds of that time; 0 for none.
    pub mtime_nsecs: u64,
    /// `empty-dirs`: empty directories below the top level are kept; on by default.
    pub empty_dirs: Option<bool>,
    /// An entry replaces an earlier one with the same path, and one below a file is an error. By default the former is
    /// an error, and the latter is skipped, as in Kubo.
    pub last_wins: bool,
}

impl ImportOptions {
    /// These options; those that are not given and that a configuration can set are taken from `defaults`.
    #[must_use]
    pub fn or(self, defaults: Self) -> Self {
        Self {
            cid_version: self.cid_version.or(defaults.cid_version),
            hash: given(self.hash).or(defaults.hash),
            raw_leaves: self.raw_leaves.or(defaults.raw_leaves),
            chunker: given(self.chunker).or(defaults.chunker),
            trickle: self.trickle.or(defaults.trickle),
            max_file_links: self.max_file_links.or(defaults.max_file_links),
            max_directory_links: self.max_directory_links.or(defaults.max_directory_links),
            max_hamt_fanout: self.max_hamt_fanout.or(defaults.max_hamt_fanout),
            hamt_threshold: self.hamt_threshold.or(defaults.hamt_threshold),
            size_estimation: self.size_estimation.or(defaults.size_estimation),
            ..self
        }
    }

    /// Whether the roots are to be pinned.
    #[must_use]
    pub fn pins(&self) -> bool {
        self.pin.unwrap_or(true) && !self.only_hash
    }

    /// Whether empty directories below the top level are kept.
    pub(super) fn keeps_empty_dirs(&self) -> bool {
        self.empty_dirs.unwrap_or(true)
    }

    /// The time to store with every entry.
    pub(super) fn given_mtime(&self) -> Option<Mtime> {
        (self.mtime != 0).then(|| Mtime {
            seconds: self.mtime,
            nanos: u32::try_from(self.mtime_nsecs)
                .ok()
                .filter(|&nanos| nanos > 0),
        })
    }

    /// The metadata that is stored with an entry that has these own permissions and time.
    pub(super) fn stored_meta(&self, own: FileMeta) -> FileMeta {
        let mode = if self.preserve_mode && self.mode == 0 {
            own.mode
        } else {
            self.mode
        };
        let mtime = match self.given_mtime() {
            None if self.preserve_mtime => own.mtime,
            given => given,
        };
        FileMeta {
            mode,
            mtime: mtime.map(normal),
        }
    }
}

/// The text, unless it is empty.
pub(super) fn given<T: AsRef<str>>(text: Option<T>) -> Option<T> {
    text.filter(|text| !text.as_ref().is_empty())
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
