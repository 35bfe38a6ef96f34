//! Single blocks, as `block put` stores them.
//!
//! Spec: <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-put>

use bytes::Bytes;
use cairn_primitives::multihash::{HashError, HashFunction, SHA2_256};
use cairn_primitives::{Block, Cid, Codec, Version};
use cairn_store::{BlockStore, Hold};

use super::format::DEFAULT_HASH;
use super::options::given;
use super::{ImportError, ImportOptions, OptionError};

/// Maximum size in bytes of a block that peers exchange; larger ones are only imported if the user insists.
///
/// Spec: <https://specs.ipfs.tech/bitswap-protocol/#block-sizes>
pub const EXCHANGE_LIMIT: usize = 2 << 20;

/// The options of a `block put`; `None` if not given.
#[derive(Clone, Debug, Default)]
pub struct BlockPutOptions {
    /// `cid-codec`: a multicodec name or number.
    pub cid_codec: Option<String>,
    /// `format`: the older name of the codec, which knows `v0`, `protobuf` and `cbor` besides.
    pub format: Option<String>,
    /// `mhtype`: a hash function's name.
    pub mhtype: Option<String>,
    /// `mhlen`: bytes of the digest; negative for the function's own length.
    pub mhlen: Option<i64>,
    /// `allow-big-block`.
    pub allow_big_block: bool,
}

/// How the CID of a block is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockFormat {
    version: Version,
    codec: Codec,
    hash: HashFunction,
    length: Option<usize>,
    allow_big_block: bool,
}

impl BlockPutOptions {
    /// Checks the options by Kubo's rules. The hash function defaults to that of `defaults`, the options of the
    /// configuration.
    ///
    /// # Errors
    /// [`ImportError::Option`] for options that are invalid, alone or in combination.
    pub fn resolve(&self, defaults: &ImportOptions) -> Result<BlockFormat, ImportError> {
        let hash = given(self.mhtype.as_deref())
            .or(given(defaults.hash.as_deref()))
            .unwrap_or(DEFAULT_HASH);
        let hash = HashFunction::from_name(hash).map_err(|_| OptionError::Hash(hash.into()))?;
        let (codec, version) = match (
            given(self.format.as_deref()),
            given(self.cid_codec.as_deref()),
        ) {
            (None, codec) => (codec.unwrap_or("raw"), Version::V1),
            (Some(_), Some(codec)) if codec != "raw" => {
                return Err(OptionError::TwoCodecs.into());
            }
            (Some(format), _) => match format {
                "v0" => ("dag-pb", Version::V0),
                "protobuf" => ("dag-pb", Version::V1),
                "cbor" => ("dag-cbor", Version::V1),
                _ => (format, Version::V1),
            },
        };
        let codec = Codec::from_name(codec).map_err(|_| OptionError::Codec(codec.into()))?;
        let length = self.mhlen.and_then(|length| usize::try_from(length).ok());
        if version == Version::V0 && (hash.code() != SHA2_256 || !matches!(length, None | Some(32)))
        {
            return Err(OptionError::V0Digest.into());
        }
        Ok(BlockFormat {
            version,
            codec,
            hash,
            length,
            allow_big_block: self.allow_big_block,
        })
    }
}

impl BlockFormat {
    /// The CID of a block; fails if the block is too large or the hash is not allowed.
    pub fn block(&self, data: Bytes) -> Result<Block, ImportError> {
        check_size(data.len(), self.allow_big_block)?;
        if !self.hash.is_allowed() {
            return Err(HashError::NotAllowed.into());
        }
        let hash = match self.length.filter(|_| self.hash.default_length().is_some()) {
            Some(length) => self.hash.digest_with_length(&data, length),
            None => self.hash.digest(&data),
        }
        .map_err(ImportError::InvalidCid)?;
        HashFunction::verify_allowed(&hash)?;
        let cid = match self.version {
            Version::V0 => Cid::v0(hash)?,
            Version::V1 => Cid::v1(self.codec, hash),
        };
        Ok(Block::new(cid, data))
    }
}

/// Refuses blocks that peers do not exchange.
pub(super) fn check_size(size: usize, allow_big_block: bool) -> Result<(), ImportError> {
    if size > EXCHANGE_LIMIT && !allow_big_block {
        Err(ImportError::BigBlock)
    } else {
        Ok(())
    }
}

/// Stores a block durably under a hold; the CID can be pinned while the hold lives.
pub async fn put_block(
    store: &dyn BlockStore,
    hold: &Hold,
    format: &BlockFormat,
    data: Bytes,
) -> Result<Cid, ImportError> {
    let block = format.block(data)?;
    let cid = block.cid.clone();
    store.put(hold, vec![block]).await?;
    Ok(cid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> BlockPutOptions {
        BlockPutOptions::default()
    }

    fn put(request: &BlockPutOptions) -> Result<String, String> {
        let block = request
            .resolve(&ImportOptions::default())
            .and_then(|format| format.block(Bytes::from_static(b"block data")));
        block
            .map(|block| block.cid.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_blocks_as_kubo_does() {
        let some = |text: &str| Some(text.to_owned());
        let raw = "bafkreiexcowy2vhpk5ywisled7jy3faigf6o7s4czfkdbsumikhevtwneu";
        let pb = "bafybeiexcowy2vhpk5ywisled7jy3faigf6o7s4czfkdbsumikhevtwneu";
        let v0 = "QmYWPg7WyMwzvvBA9nuRw5eXue1TCs4pPAm3JQYPWgihVv";
        for (request, cid) in [
            (request(), raw),
            (
                BlockPutOptions {
                    cid_codec: some("raw"),
                    ..request()
                },
                raw,
            ),
            (
                BlockPutOptions {
                    format: some("raw"),
                    ..request()
                },
                raw,
            ),
            (
                BlockPutOptions {
                    cid_codec: some("dag-pb"),
                    ..request()
                },
                pb,
            ),
            (
                BlockPutOptions {
                    format: some("protobuf"),
                    ..request()
                },
                pb,
            ),
            (
                BlockPutOptions {
                    format: some("v0"),
                    ..request()
                },
                v0,
            ),
            (
                BlockPutOptions {
                    format: some("v0"),
                    cid_codec: some("raw"),
                    ..request()
                },
                v0,
            ),
            (
                BlockPutOptions {
                    cid_codec: some("dag-cbor"),
                    ..request()
                },
                "bafyreiexcowy2vhpk5ywisled7jy3faigf6o7s4czfkdbsumikhevtwneu",
            ),
            (
                BlockPutOptions {
                    mhtype: some("blake2b-256"),
                    ..request()
                },
                "bafk2bzacecjkwxygltltzx4kkd3isgswqzktyntcvjemo3dgfxp5owrqqr7wq",
            ),
            (
                BlockPutOptions {
                    mhtype: some("sha2-256"),
                    mhlen: Some(20),
                    ..request()
                },
                "bafkrefexcowy2vhpk5ywisled7jy3faigf6o7sy",
            ),
        ] {
            assert_eq!(put(&request).as_deref(), Ok(cid), "{request:?}");
        }
    }

    #[test]
    fn refuses_what_makes_no_block() {
        let some = |text: &str| Some(text.to_owned());
        for (request, text) in [
            (
                BlockPutOptions {
                    mhtype: some("nope"),
                    ..request()
                },
                "unknown hash function \"nope\"",
            ),
            (
                BlockPutOptions {
                    cid_codec: some("nope"),
                    ..request()
                },
                "unknown codec \"nope\"",
            ),
            (
                BlockPutOptions {
                    cid_codec: some("dag-pb"),
                    format: some("v0"),
                    ..request()
                },
                "the codec is given twice: as the format and as the codec of the CID",
            ),
            (
                BlockPutOptions {
                    format: some("v0"),
                    mhtype: some("sha2-512"),
                    ..request()
                },
                "CIDv0 requires a sha2-256 digest of 32 bytes",
            ),
            (
                BlockPutOptions {
                    mhlen: Some(64),
                    ..request()
                },
                "cannot make the CID: sha2-256 has no digest of 64 bytes",
            ),
            (
                BlockPutOptions {
                    mhlen: Some(10),
                    ..request()
                },
                "the sha2-256 digest of 10 bytes is too short: at least 20 bytes",
            ),
        ] {
            assert_eq!(put(&request), Err(text.to_owned()), "{request:?}");
        }
    }

    #[test]
    fn bounds_blocks() {
        let format = request().resolve(&ImportOptions::default()).unwrap();
        let big = Bytes::from(vec![0; EXCHANGE_LIMIT + 1]);
        assert!(format.block(big.slice(1..)).is_ok());
        assert!(matches!(
            format.block(big.clone()),
            Err(ImportError::BigBlock)
        ));
        let format = BlockPutOptions {
            allow_big_block: true,
            ..request()
        }
        .resolve(&ImportOptions::default())
        .unwrap();
        assert!(format.block(big).is_ok());
    }
}
