//! How blocks are named: version, hash function, inlining.

use crate::cid::{Cid, Codec, Version};
use crate::multihash::{self, HashFunction, Multihash};

use super::BuildError;

/// Names blocks the way one `add` asks for.
#[derive(Clone, Debug)]
pub struct CidMaker {
    version: Version,
    function: HashFunction,
    inline_limit: Option<usize>,
}

impl CidMaker {
    /// A maker without inlining. CIDv0 takes sha2-256 only.
    pub fn new(version: Version, function: HashFunction) -> Result<Self, BuildError> {
        if version == Version::V0 && function.code() != multihash::SHA2_256 {
            return Err(BuildError::V0Hash);
        }
        Ok(Self {
            version,
            function,
            inline_limit: None,
        })
    }

    /// Blocks of at most so many bytes become part of their CID (`identity`). The limit is
    /// [`multihash::MAX_DIGEST`] at most.
    pub fn with_inline(mut self, limit: usize) -> Result<Self, BuildError> {
        if limit > multihash::MAX_DIGEST {
            return Err(BuildError::InlineLimit(limit));
        }
        self.inline_limit = Some(limit);
        Ok(self)
    }

    /// The version of dag-pb CIDs. Raw blocks have version 1 always.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Names a block.
    pub fn make(&self, codec: Codec, data: &[u8]) -> Result<Cid, BuildError> {
        if self.inline_limit.is_some_and(|limit| data.len() <= limit) {
            let hash = Multihash::wrap(multihash::IDENTITY, data)?;
            return Ok(Cid::v1(codec, hash));
        }
        let hash = if self.function.code() == multihash::SHA2_256 {
            Multihash::sha2_256(data)
        } else {
            self.function.digest(data)?
        };
        if self.version == Version::V0 && codec == Codec::DAG_PB {
            return Cid::v0(hash).map_err(|_| BuildError::V0Hash);
        }
        Ok(Cid::v1(codec, hash))
    }
}
