//! How files and directories become DAGs, made from the options of an import.

use cairn_primitives::Version;
use cairn_primitives::multihash::{HashError, HashFunction, MAX_DIGEST, SHA2_256};
use cairn_primitives::unixfs::CidMaker;
use cairn_primitives::unixfs::chunker::ChunkerSpec;
use cairn_primitives::unixfs::directory::{DEFAULT_THRESHOLD, Sharding};
use cairn_primitives::unixfs::hamt::DEFAULT_FANOUT;
use cairn_primitives::unixfs::layout::{DEFAULT_MAX_LINKS, FileLayout};

use super::error::{ImportError, OptionError};
use super::options::ImportOptions;

/// Default maximum size in bytes of blocks that are inlined into their CID, if inlining is requested.
const INLINE_LIMIT: i64 = 32;
/// Maximum length of a pin name, in bytes.
const MAX_PIN_NAME: usize = 255;
/// The default hash function.
pub(super) const DEFAULT_HASH: &str = "sha2-256";

/// How files and directories become DAGs. [`ImportOptions::format`] makes one by Kubo's rules.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DagFormat {
    /// How CIDs are made.
    pub cid: CidMaker,
    /// Whether leaves are raw blocks; `None` if the version of the file's CID decides.
    pub raw_leaves: Option<bool>,
    /// The chunker.
    pub chunker: ChunkerSpec,
    /// The layout of files.
    pub shape: FileLayout,
    /// Maximum number of links of a file node; at least 2.
    pub max_file_links: usize,
    /// When a directory becomes a HAMT, and the form of that HAMT.
    pub sharding: Sharding,
}

fn refuse<T>(error: OptionError) -> Result<T, ImportError> {
    Err(error.into())
}

impl ImportOptions {
    /// Checks the options and converts them to a [`DagFormat`].
    ///
    /// # Errors
    /// [`ImportError::Option`] and others for options that are invalid, alone or in combination.
    pub fn format(&self) -> Result<DagFormat, ImportError> {
        let inline = self.inlined()?;
        self.check_pin_name()?;
        let raw_leaves = self.leaves_with_meta()?;
        self.check_exclusions()?;
        let hash = self.hash_function()?;
        if self.mtime == 0 && self.mtime_nsecs != 0 {
            return refuse(OptionError::NanosWithoutSeconds);
        }
        let sharding = self.sharding()?;
        let raw_leaves = self.leaves_of_references(raw_leaves)?;
        let version = cid_version(self.cid_version, hash)?;
        let chunker = self.chunker.as_deref().unwrap_or_default().parse()?;
        // Kubo fails when it stores the first block. An error before the first byte is easier to handle.
        if !hash.is_allowed() {
            return Err(HashError::NotAllowed.into());
        }
        let cid = CidMaker::new(version, hash)?;
        Ok(DagFormat {
            cid: match inline {
                Some(limit) => cid.with_inline(limit)?,
                None => cid,
            },
            raw_leaves,
            chunker,
            shape: match self.trickle {
                Some(true) => FileLayout::Trickle,
                _ => FileLayout::Balanced,
            },
            max_file_links: match self.max_file_links {
                Some(links) if links > 0 => usize::try_from(links).unwrap_or(usize::MAX),
                _ => DEFAULT_MAX_LINKS,
            },
            sharding,
        })
    }

    fn inlined(&self) -> Result<Option<usize>, ImportError> {
        if !self.inline {
            return Ok(None);
        }
        let limit = self.inline_limit.unwrap_or(INLINE_LIMIT);
        match usize::try_from(limit) {
            Ok(bytes) if bytes <= MAX_DIGEST => Ok(Some(bytes)),
            // Not even an empty block is that small.
            Err(_) => Ok(None),
            Ok(_) => refuse(OptionError::InlineLimit {
                limit,
                most: MAX_DIGEST,
            }),
        }
    }

    fn check_pin_name(&self) -> Result<(), ImportError> {
        match self.pin_name.as_deref().unwrap_or_default().len() {
            ..=MAX_PIN_NAME => Ok(()),
            length => refuse(OptionError::PinName {
                length,
                most: MAX_PIN_NAME,
            }),
        }
    }

    /// Mode and mtime are stored in UnixFS nodes, and raw leaves are not UnixFS nodes.
    fn leaves_with_meta(&self) -> Result<Option<bool>, ImportError> {
        if self.mtime != 0 && self.mtime_nsecs > 999_999_999 {
            return refuse(OptionError::Nanos);
        }
        if !(self.preserve_mode || self.preserve_mtime || self.mode != 0 || self.mtime != 0) {
            return Ok(self.raw_leaves);
        }
        if self.raw_leaves == Some(true) {
            return refuse(OptionError::RawLeavesMetadata);
        }
        Ok(Some(false))
    }

    /// Leaves that are references to files must be raw.
    fn leaves_of_references(&self, raw_leaves: Option<bool>) -> Result<Option<bool>, ImportError> {
        match raw_leaves {
            Some(false) if self.nocopy => refuse(OptionError::ReferenceLeaves),
            _ if self.nocopy => Ok(Some(true)),
            raw_leaves => Ok(raw_leaves),
        }
    }

    fn check_exclusions(&self) -> Result<(), ImportError> {
        if self.only_hash && self.to_files {
            return refuse(OptionError::OnlyHashToFiles);
        }
        if !self.pins() && self.pin_name.is_some() {
            return refuse(OptionError::NameWithoutPin);
        }
        if self.wrap && self.to_files {
            return refuse(OptionError::WrapToFiles);
        }
        Ok(())
    }

    fn sharding(&self) -> Result<Sharding, ImportError> {
        let fanout = match self.max_hamt_fanout {
            None => DEFAULT_FANOUT,
            Some(fanout) => match usize::try_from(fanout) {
                Ok(fanout) if (8..=1024).contains(&fanout) && fanout.is_power_of_two() => fanout,
                _ => return refuse(OptionError::Fanout(fanout)),
            },
        };
        let max_links = self.max_directory_links;
        Ok(Sharding {
            max_links: max_links
                .and_then(|links| usize::try_from(links).ok())
                .unwrap_or(0),
            fanout,
            threshold: self.hamt_threshold.unwrap_or(DEFAULT_THRESHOLD),
            estimation: self.size_estimation.unwrap_or_default(),
        })
    }

    fn hash_function(&self) -> Result<HashFunction, ImportError> {
        let name = self.hash.as_deref().filter(|name| !name.is_empty());
        let name = name.unwrap_or(DEFAULT_HASH).to_lowercase();
        Ok(HashFunction::from_name(&name)?)
    }
}

impl DagFormat {
    /// Kubo's defaults, with CIDs made by `cid`.
    #[must_use]
    pub fn new(cid: CidMaker) -> Self {
        Self {
            cid,
            raw_leaves: None,
            chunker: ChunkerSpec::default(),
            shape: FileLayout::Balanced,
            max_file_links: DEFAULT_MAX_LINKS,
            sharding: Sharding::default(),
        }
    }

    /// Whether the leaves of files are raw blocks.
    #[must_use]
    pub fn has_raw_leaves(&self) -> bool {
        self.raw_leaves.unwrap_or(self.cid.version() == Version::V1)
    }
}

fn cid_version(requested: Option<i64>, hash: HashFunction) -> Result<Version, ImportError> {
    let requested = requested.unwrap_or(-1);
    if hash.code() == SHA2_256 {
        return match requested {
            ..=0 => Ok(Version::V0),
            1 => Ok(Version::V1),
            _ => refuse(OptionError::CidVersion(requested)),
        };
    }
    match requested {
        0 => refuse(OptionError::V0Hash),
        1 | -1 => Ok(Version::V1),
        _ => refuse(OptionError::CidVersion(requested)),
    }
}
