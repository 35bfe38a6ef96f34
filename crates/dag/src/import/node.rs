//! Single nodes, as `dag put` stores them: read in one codec, stored in another.
//!
//! Spec: <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-put>

use bytes::Bytes;
use cairn_primitives::codec::{self, CodecError};
use cairn_primitives::multihash::{HashError, HashFunction};
use cairn_primitives::{Block, Cid, Codec};

use super::block::check_size;
use super::format::DEFAULT_HASH;
use super::options::given;
use super::{ImportError, ImportOptions};

/// The options of a `dag put`.
#[derive(Clone, Debug)]
pub struct NodePutOptions {
    /// `input-codec`: the multicodec name or number of what comes in.
    pub input_codec: String,
    /// `store-codec`: the multicodec name or number of what is stored.
    pub store_codec: String,
    /// `hash`: a hash function's name.
    pub hash: Option<String>,
    /// `allow-big-block`.
    pub allow_big_block: bool,
}

/// How nodes are read and named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFormat {
    input: Codec,
    store: Codec,
    hash: HashFunction,
    allow_big_block: bool,
}

impl NodePutOptions {
    /// Checks the options by Kubo's rules. The hash function defaults to that of `defaults`, the options of the
    /// configuration.
    ///
    /// # Errors
    /// A codec or a hash function that does not exist.
    pub fn resolve(&self, defaults: &ImportOptions) -> Result<NodeFormat, ImportError> {
        let input = Codec::from_name(&self.input_codec)?;
        let store = Codec::from_name(&self.store_codec)?;
        let name = given(self.hash.as_deref())
            .or(given(defaults.hash.as_deref()))
            .unwrap_or(DEFAULT_HASH);
        let hash = match HashFunction::from_name(name) {
            Ok(hash) => hash,
            // A multicodec that is not a hash function gets another error than an unknown name.
            Err(_) => HashFunction::from_code(Codec::from_name(name)?.0)
                .map_err(ImportError::InvalidCid)?,
        };
        Ok(NodeFormat {
            input,
            store,
            hash,
            allow_big_block: self.allow_big_block,
        })
    }
}

impl NodeFormat {
    /// Reads a node and writes its block. Takes time that grows with the node.
    ///
    /// # Errors
    /// [`ImportError::Codec`] when the bytes are not in the input's codec, or what they mean has no form in the stored one;
    /// [`ImportError::BigBlock`]; a digest that nothing is stored under.
    pub fn block(&self, data: &Bytes) -> Result<Block, ImportError> {
        let encoded = codec::convert(self.input, self.store, data)?;
        check_size(encoded.len(), self.allow_big_block)?;
        if !self.hash.is_allowed() {
            return Err(HashError::NotAllowed.into());
        }
        let hash = self
            .hash
            .digest(&encoded)
            .map_err(ImportError::InvalidCid)?;
        HashFunction::verify_allowed(&hash)?;
        Ok(Block::new(Cid::v1(self.store, hash), encoded.into()))
    }
}

impl From<CodecError> for ImportError {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(input: &str, store: &str, hash: Option<&str>, data: &[u8]) -> Result<String, String> {
        let request = NodePutOptions {
            input_codec: input.to_owned(),
            store_codec: store.to_owned(),
            hash: hash.map(str::to_owned),
            allow_big_block: false,
        };
        let block = request
            .resolve(&ImportOptions::default())
            .and_then(|format| format.block(&Bytes::copy_from_slice(data)));
        block
            .map(|block| block.cid.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_nodes_as_kubo_does() {
        for (input, store, hash, data, cid) in [
            (
                "dag-json",
                "dag-cbor",
                None,
                br#"{"z":1,"a":2}"#.as_slice(),
                "bafyreict7652aw6iqam64idru4hidtox5lhu3vd2b4vhqusanc5emtf7r4",
            ),
            (
                "dag-json",
                "dag-json",
                None,
                br#"{"z":1,"a":2}"#,
                "baguqeeraykmfyw5g67jkkxtwr6jesdfasoeosw6eztfz7xyrwfpu2qxzhzzq",
            ),
            (
                "dag-cbor",
                "dag-cbor",
                None,
                b"\xa1\x61x\x18\x64",
                "bafyreidcgnhfwoqmreunkp76polduxsaw6k3sjv5m2qlgjp3ia44ppct7q",
            ),
            (
                "raw",
                "raw",
                None,
                b"rawrawraw",
                "bafkreic5useyi2tufusy2425qm2b55u6yrhvd5ju5qc4kxd53fjo3wjuxq",
            ),
            (
                "dag-json",
                "dag-cbor",
                Some("sha2-512"),
                br#"{"h":1}"#,
                "bafyrgqhe2wpwt467ayjgvmubhrmfnstq2gggs3hp46ejmugcl4uhb3segklbbiel4a2iq5qbira2nz7azf3vezood5hkawt7ehse7wn2u47cm",
            ),
        ] {
            assert_eq!(put(input, store, hash, data).as_deref(), Ok(cid));
        }
    }

    #[test]
    fn refuses_what_cannot_be_read_or_written() {
        for (input, store, hash, data, text) in [
            ("nope", "raw", None, "", "unknown codec \"nope\""),
            ("raw", "nope", None, "", "unknown codec \"nope\""),
            ("raw", "raw", Some("nope"), "", "unknown codec \"nope\""),
            (
                "raw",
                "raw",
                Some("dag-pb"),
                "",
                "cannot make the CID: unknown hash function 0x70",
            ),
            (
                "raw",
                "raw",
                Some("md5"),
                "",
                "the hash function is not secure enough to be used",
            ),
            (
                "eth-block",
                "raw",
                None,
                "",
                "no decoder for the codec 0x90",
            ),
            (
                "raw",
                "eth-block",
                None,
                "",
                "no encoder for the codec 0x90",
            ),
            (
                "dag-json",
                "dag-cbor",
                None,
                r#"{"a":1,"a":2}"#,
                "the map key \"a\" occurs twice",
            ),
        ] {
            assert_eq!(
                put(input, store, hash, data.as_bytes()),
                Err(text.to_owned())
            );
        }
        // Kubo reads this as null and then answers nothing.
        assert!(put("dag-json", "dag-cbor", None, b"{nope").is_err());
        assert!(put("dag-json", "dag-cbor", None, br#"{"a":"#).is_err());
    }
}
