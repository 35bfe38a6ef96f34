//! Settings for new nodes.

use cairn_primitives::Version;
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::unixfs::{BuildError, CidMaker};

use crate::import::{DagFormat, ImportError, OptionError};

/// Default limit of unflushed changes.
pub const DEFAULT_UNFLUSHED: u64 = 256;

/// Settings for new nodes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How files and directories become DAGs, unless a call overrides it. Written files always have the trickle layout.
    pub format: DagFormat,
    /// Changes that may wait for a flush; 0 for no limit.
    pub max_unflushed: u64,
}

impl Settings {
    /// Kubo's defaults: CIDv0, sha2-256.
    ///
    /// # Errors
    /// Never, as long as sha2-256 is built in.
    pub fn new() -> Result<Self, BuildError> {
        let sha2 = HashFunction::from_code(SHA2_256)?;
        Ok(Self {
            format: DagFormat::new(CidMaker::new(Version::V0, sha2)?),
            max_unflushed: DEFAULT_UNFLUSHED,
        })
    }
}

/// How CIDs are made if a call says so, otherwise `None`. A hash function implies version 1; the default hash function is
/// sha2-256, whatever the settings are.
///
/// # Errors
/// [`OptionError::CidVersion`]; [`OptionError::Hash`] for a function that is unknown or not allowed for stored blocks.
pub fn cid_maker(
    version: Option<i64>,
    hash: Option<&str>,
) -> Result<Option<CidMaker>, ImportError> {
    if version.is_none() && hash.is_none() {
        return Ok(None);
    }
    let version = match version.unwrap_or(0) {
        0 if hash.is_some() => Version::V1,
        0 => Version::V0,
        1 => Version::V1,
        other => return Err(OptionError::CidVersion(other).into()),
    };
    let function = match hash {
        Some(name) => HashFunction::from_name(&name.to_lowercase())
            .ok()
            .filter(|function| function.is_allowed())
            .ok_or_else(|| OptionError::Hash(name.to_owned()))?,
        None => HashFunction::from_code(SHA2_256).map_err(BuildError::from)?,
    };
    Ok(Some(CidMaker::new(version, function)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_function_implies_version_1() {
        assert!(cid_maker(None, None).unwrap().is_none());
        let version = |version, hash| cid_maker(version, hash).unwrap().unwrap().version();
        assert_eq!(version(Some(0), None), Version::V0);
        assert_eq!(version(Some(0), Some("sha2-256")), Version::V1);
        assert_eq!(version(None, Some("SHA2-512")), Version::V1);
        let refused = |version, hash| match cid_maker(version, hash) {
            Err(ImportError::Option(error)) => Some(error),
            _ => None,
        };
        assert_eq!(refused(Some(2), None), Some(OptionError::CidVersion(2)));
        for name in ["md4", "md5"] {
            let unknown = OptionError::Hash(name.to_owned());
            assert_eq!(refused(None, Some(name)), Some(unknown));
        }
    }
}
