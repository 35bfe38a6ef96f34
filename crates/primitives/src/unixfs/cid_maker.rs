//! Makes CIDs: version, hash function, inlining.

use crate::cid::{Cid, Codec, Version};
use crate::multihash::{self, HashFunction, Multihash};

use super::BuildError;

/// Makes the CIDs of blocks.
#[derive(Clone, Debug)]
pub struct CidMaker {
    version: Version,
    function: HashFunction,
    /// Length of the digests in bytes, where it is not the function's own.
    length: Option<usize>,
    inline_limit: Option<usize>,
}

impl CidMaker {
    /// A maker without inlining. CIDv0 requires sha2-256.
    pub fn new(version: Version, function: HashFunction) -> Result<Self, BuildError> {
        if version == Version::V0 && function.code() != multihash::SHA2_256 {
            return Err(BuildError::V0Hash);
        }
        Ok(Self {
            version,
            function,
            length: None,
            inline_limit: None,
        })
    }

    /// Makes CIDs like an existing one: version, hash function and length of the digest. For an `identity` CID, small
    /// blocks become `identity` CIDs as well, and larger ones use sha2-256.
    ///
    /// # Errors
    /// [`BuildError::Hash`] when the hash function is not known.
    pub fn like(cid: &Cid) -> Result<Self, BuildError> {
        let hash = cid.hash();
        if hash.code() == multihash::IDENTITY {
            let sha2 = HashFunction::from_code(multihash::SHA2_256)?;
            return Self::new(Version::V1, sha2)?.with_inline(multihash::MAX_DIGEST);
        }
        let function = HashFunction::from_code(hash.code())?;
        let length = hash.digest().len();
        let maker = Self::new(cid.version(), function)?;
        Ok(Self {
            length: Some(length).filter(|length| function.default_length() != Some(*length)),
            ..maker
        })
    }

    /// Inlines blocks of at most this many bytes into their CID (`identity`). The limit is at most
    /// [`multihash::MAX_DIGEST`].
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
        let hash = match self.length {
            Some(length) => self.function.digest_with_length(data, length)?,
            None => self.function.digest(data)?,
        };
        if self.version == Version::V0 && codec == Codec::DAG_PB {
            return Cid::v0(hash).map_err(|_| BuildError::V0Hash);
        }
        Ok(Cid::v1(codec, hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maker(name: &str) -> CidMaker {
        CidMaker::new(Version::V1, HashFunction::from_name(name).unwrap()).unwrap()
    }

    #[test]
    fn names_blocks_as_another_is_named() {
        let v0 = Cid::v0(Multihash::sha2_256(b"other")).unwrap();
        let cut = HashFunction::from_name("sha2-512").unwrap();
        let cut = cut.digest_with_length(b"other", 20).unwrap();
        for like in [
            v0,
            maker("blake2b-256").make(Codec::DAG_PB, b"other").unwrap(),
            Cid::v1(Codec::DAG_PB, cut),
        ] {
            let made = CidMaker::like(&like).unwrap();
            let made = made.make(Codec::DAG_PB, b"data").unwrap();
            assert_eq!(made.version(), like.version());
            assert_eq!(made.hash().code(), like.hash().code());
            assert_eq!(made.hash().digest().len(), like.hash().digest().len());
        }
        let inline = Cid::v1(
            Codec::RAW,
            Multihash::wrap(multihash::IDENTITY, b"x").unwrap(),
        );
        let inline = CidMaker::like(&inline).unwrap();
        for (length, code) in [(128, multihash::IDENTITY), (129, multihash::SHA2_256)] {
            let made = inline.make(Codec::RAW, &vec![0; length]).unwrap();
            assert_eq!(made.hash().code(), code);
        }
    }
}
