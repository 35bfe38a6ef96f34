//! The options of `add`, and their conversion to [`ImportOptions`].
//!
//! The rules are Kubo's, see <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-add>: an option that is
//! given beats the configuration (`Import.*`), which beats the default; a hash other than sha2-256 asks for CIDv1;
//! CIDv1 asks for raw leaves; mode and mtime forbid them.

use cairn_primitives::Version;
use cairn_primitives::multihash::{HashError, HashFunction, MAX_DIGEST, SHA2_256};
use cairn_primitives::unixfs::Mtime;
use cairn_primitives::unixfs::chunker::ChunkerSpec;
use cairn_primitives::unixfs::directory::{DEFAULT_THRESHOLD, SizeEstimation};
use cairn_primitives::unixfs::hamt::DEFAULT_FANOUT;
use cairn_primitives::unixfs::layout::{DEFAULT_MAX_LINKS, FileLayout};

use super::error::{ImportError, OptionError};
use super::options::{FileMeta, ImportOptions};

/// Bytes up to which a block goes into its CID, once that is asked for.
const INLINE_LIMIT: i64 = 32;
/// Maximum length of the name of a pin, in bytes.
const MAX_PIN_NAME: usize = 255;

/// The `Import` section of the configuration; `None` is the default.
#[derive(Clone, Debug, Default)]
pub struct ImportDefaults {
    /// `Import.CidVersion`.
    pub cid_version: Option<i64>,
    /// `Import.UnixFSRawLeaves`.
    pub raw_leaves: Option<bool>,
    /// `Import.UnixFSChunker`.
    pub chunker: Option<String>,
    /// `Import.HashFunction`.
    pub hash: Option<String>,
    /// `Import.UnixFSDAGLayout` is `trickle`.
    pub trickle: Option<bool>,
    /// `Import.UnixFSFileMaxLinks`.
    pub max_file_links: Option<i64>,
    /// `Import.UnixFSDirectoryMaxLinks`.
    pub max_directory_links: Option<i64>,
    /// `Import.UnixFSHAMTDirectoryMaxFanout`.
    pub max_hamt_fanout: Option<i64>,
    /// `Import.UnixFSHAMTDirectorySizeThreshold`, in bytes.
    pub hamt_threshold: Option<u64>,
    /// `Import.UnixFSHAMTDirectorySizeEstimation`.
    pub size_estimation: Option<SizeEstimation>,
}

/// The options of an `add`; `None` if not given.
#[derive(Clone, Debug, Default)]
pub struct AddRequest {
    /// `chunker`.
    pub chunker: Option<String>,
    /// `trickle`.
    pub trickle: Option<bool>,
    /// `raw-leaves`.
    pub raw_leaves: Option<bool>,
    /// `cid-version`.
    pub cid_version: Option<i64>,
    /// `hash`: the name of a function.
    pub hash: Option<String>,
    /// `max-file-links`.
    pub max_file_links: Option<i64>,
    /// `max-directory-links`.
    pub max_directory_links: Option<i64>,
    /// `max-hamt-fanout`.
    pub max_hamt_fanout: Option<i64>,
    /// `inline`.
    pub inline: bool,
    /// `inline-limit`, in bytes.
    pub inline_limit: Option<i64>,
    /// `only-hash`.
    pub only_hash: bool,
    /// `wrap-with-directory`.
    pub wrap: bool,
    /// `pin`; on unless it is turned off.
    pub pin: Option<bool>,
    /// `pin-name`.
    pub pin_name: Option<String>,
    /// `to-files` was given.
    pub to_files: bool,
    /// `nocopy`.
    pub nocopy: bool,
    /// `fscache`.
    pub fscache: bool,
    /// `silent`.
    pub silent: bool,
    /// `preserve-mode`.
    pub preserve_mode: bool,
    /// `preserve-mtime`.
    pub preserve_mtime: bool,
    /// `mode`, as a number; 0 is none.
    pub mode: u32,
    /// `mtime`, in seconds; 0 is none.
    pub mtime: i64,
    /// `mtime-nsecs`; 0 is none.
    pub mtime_nsecs: u64,
    /// `empty-dirs`; on unless it is turned off.
    pub empty_dirs: Option<bool>,
}

fn refuse<T>(error: OptionError) -> Result<T, ImportError> {
    Err(error.into())
}

impl AddRequest {
    /// Applies the rules.
    pub fn resolve(&self, defaults: &ImportDefaults) -> Result<ImportOptions, ImportError> {
        let inline = self.inline_limit()?;
        let (pin, pin_name) = self.pin()?;
        let (meta, mut raw_leaves) = self.meta(self.raw_leaves.or(defaults.raw_leaves))?;
        self.exclusions(pin)?;
        let hash = self.hash(defaults)?;
        if self.mtime == 0 && self.mtime_nsecs != 0 {
            return refuse(OptionError::NanosWithoutSeconds);
        }
        let max_hamt_fanout = match self.max_hamt_fanout.or(defaults.max_hamt_fanout) {
            None => DEFAULT_FANOUT,
            Some(fanout) => match usize::try_from(fanout) {
                Ok(fanout) if (8..=1024).contains(&fanout) && fanout.is_power_of_two() => fanout,
                _ => {
                    return refuse(OptionError::Fanout(fanout));
                }
            },
        };
        if self.nocopy && raw_leaves != Some(true) {
            if raw_leaves.is_some() {
                return refuse(OptionError::ReferenceLeaves);
            }
            raw_leaves = Some(true);
        }
        let version = cid_version(self.cid_version.or(defaults.cid_version), hash)?;
        let max_file_links = match self.max_file_links.or(defaults.max_file_links) {
            Some(links) if links > 0 => usize::try_from(links).unwrap_or(usize::MAX),
            _ => DEFAULT_MAX_LINKS,
        };
        let max_directory_links = self.max_directory_links.or(defaults.max_directory_links);
        let options = ImportOptions {
            chunker: self.chunker(defaults)?,
            shape: if self.trickle.or(defaults.trickle).unwrap_or(false) {
                FileLayout::Trickle
            } else {
                FileLayout::Balanced
            },
            raw_leaves: raw_leaves.unwrap_or(version == Version::V1),
            version,
            hash,
            max_file_links,
            max_directory_links: max_directory_links
                .and_then(|links| usize::try_from(links).ok())
                .unwrap_or(0),
            max_hamt_fanout,
            hamt_threshold: defaults.hamt_threshold.unwrap_or(DEFAULT_THRESHOLD),
            size_estimation: defaults.size_estimation.unwrap_or_default(),
            inline,
            only_hash: self.only_hash,
            nocopy: self.nocopy,
            fscache: self.fscache,
            silent: self.silent,
            wrap: self.wrap,
            empty_dirs: self.empty_dirs.unwrap_or(true),
            pin,
            pin_name,
            preserve_mode: self.preserve_mode && meta.mode == 0,
            preserve_mtime: self.preserve_mtime && meta.mtime.is_none(),
            meta,
        };
        // Kubo finds out when it stores the first block; to say so before any byte came is kinder.
        if !hash.is_allowed() {
            return Err(HashError::NotAllowed.into());
        }
        Ok(options)
    }

    fn inline_limit(&self) -> Result<Option<usize>, ImportError> {
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

    fn pin(&self) -> Result<(bool, String), ImportError> {
        let name = self.pin_name.clone().unwrap_or_default();
        if name.len() > MAX_PIN_NAME {
            return refuse(OptionError::PinName {
                length: name.len(),
                most: MAX_PIN_NAME,
            });
        }
        Ok((self.pin.unwrap_or(true) && !self.only_hash, name))
    }

    /// Mode and mtime live in UnixFS nodes, which raw leaves are not.
    fn meta(&self, raw_leaves: Option<bool>) -> Result<(FileMeta, Option<bool>), ImportError> {
        let mtime = if self.mtime == 0 {
            None
        } else {
            match u32::try_from(self.mtime_nsecs) {
                Ok(nanos @ ..=999_999_999) => Some(Mtime {
                    seconds: self.mtime,
                    nanos: Some(nanos).filter(|&nanos| nanos > 0),
                }),
                _ => return refuse(OptionError::Nanos),
            }
        };
        let meta = FileMeta {
            mode: self.mode,
            mtime,
        };
        if !(self.preserve_mode || self.preserve_mtime || self.mode != 0 || mtime.is_some()) {
            return Ok((meta, raw_leaves));
        }
        if raw_leaves == Some(true) {
            return refuse(OptionError::RawLeavesMetadata);
        }
        Ok((meta, Some(false)))
    }

    fn exclusions(&self, pin: bool) -> Result<(), ImportError> {
        if self.only_hash && self.to_files {
            return refuse(OptionError::OnlyHashToFiles);
        }
        if !pin && self.pin_name.is_some() {
            return refuse(OptionError::NameWithoutPin);
        }
        if self.wrap && self.to_files {
            return refuse(OptionError::WrapToFiles);
        }
        Ok(())
    }

    fn hash(&self, defaults: &ImportDefaults) -> Result<HashFunction, ImportError> {
        let given = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
        let name = given(&self.hash)
            .or_else(|| given(&defaults.hash))
            .unwrap_or_else(|| "sha2-256".into());
        Ok(HashFunction::from_name(&name.to_lowercase())?)
    }

    fn chunker(&self, defaults: &ImportDefaults) -> Result<ChunkerSpec, ImportError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let text = given(&self.chunker)
            .or_else(|| given(&defaults.chunker))
            .unwrap_or_else(|| "default".into());
        Ok(text.parse::<ChunkerSpec>()?)
    }
}

fn cid_version(asked: Option<i64>, hash: HashFunction) -> Result<Version, ImportError> {
    let asked = asked.unwrap_or(-1);
    if hash.code() == SHA2_256 {
        return match asked {
            ..=0 => Ok(Version::V0),
            1 => Ok(Version::V1),
            _ => refuse(OptionError::CidVersion(asked)),
        };
    }
    match asked {
        0 => refuse(OptionError::V0Hash),
        1 | -1 => Ok(Version::V1),
        _ => refuse(OptionError::CidVersion(asked)),
    }
}
