//! The names of codecs.
//!
//! Source: <https://github.com/multiformats/multicodec/blob/master/table.csv>

use std::fmt;

use super::CodecError;
use crate::cid::Codec;

/// Codes and names by code, and whether the table's tag is `ipld`.
const NAMES: &[(u64, &str, bool)] = &[
    (0x0050, "protobuf", false),
    (0x0051, "cbor", true),
    (0x0055, "raw", true),
    (0x0060, "rlp", false),
    (0x0063, "bencode", false),
    (0x0070, "dag-pb", true),
    (0x0071, "dag-cbor", true),
    (0x0072, "libp2p-key", true),
    (0x0078, "git-raw", true),
    (0x007b, "torrent-info", true),
    (0x007c, "torrent-file", true),
    (0x0080, "blake3-hashseq", true),
    (0x0081, "leofcoin-block", true),
    (0x0082, "leofcoin-tx", true),
    (0x0083, "leofcoin-pr", true),
    (0x0085, "dag-jose", true),
    (0x0086, "dag-cose", true),
    (0x0090, "eth-block", true),
    (0x0091, "eth-block-list", true),
    (0x0092, "eth-tx-trie", true),
    (0x0093, "eth-tx", true),
    (0x0094, "eth-tx-receipt-trie", true),
    (0x0095, "eth-tx-receipt", true),
    (0x0096, "eth-state-trie", true),
    (0x0097, "eth-account-snapshot", true),
    (0x0098, "eth-storage-trie", true),
    (0x0099, "eth-receipt-log-trie", true),
    (0x009a, "eth-receipt-log", true),
    (0x00b0, "bitcoin-block", true),
    (0x00b1, "bitcoin-tx", true),
    (0x00b2, "bitcoin-witness-commitment", true),
    (0x00c0, "zcash-block", true),
    (0x00c1, "zcash-tx", true),
    (0x00d0, "stellar-block", true),
    (0x00d1, "stellar-tx", true),
    (0x00e0, "decred-block", true),
    (0x00e1, "decred-tx", true),
    (0x00f0, "dash-block", true),
    (0x00f1, "dash-tx", true),
    (0x00fa, "swarm-manifest", true),
    (0x00fb, "swarm-feed", true),
    (0x00fc, "beeson", true),
    (0x0129, "dag-json", true),
    (0x01f0, "swhid-1-snp", true),
    (0x0200, "json", true),
    (0x0201, "messagepack", false),
    (0x0202, "car", false),
    (0x0300, "ipns-record", false),
    (0xb403, "rdfc-1", true),
    (0xb601, "json-jcs", true),
];

impl Codec {
    /// The codec of a name, as in `dag-pb`, or of a known code written as a number (`112`, `0x70`).
    ///
    /// # Errors
    /// [`CodecError::UnknownName`].
    pub fn from_name(name: &str) -> Result<Self, CodecError> {
        let number = match name.strip_prefix("0x").or_else(|| name.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => name.parse().ok(),
        };
        NAMES
            .iter()
            .find(|(code, known, _)| *known == name || Some(*code) == number)
            .map(|(code, ..)| Self(*code))
            .ok_or_else(|| CodecError::UnknownName(name.to_owned()))
    }

    /// The codec's name, when it has one here.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let at = NAMES
            .binary_search_by_key(&self.0, |(code, ..)| *code)
            .ok()?;
        NAMES.get(at).map(|(_, name, _)| *name)
    }

    /// Every codec of blocks that has a name, by code: what `ipfs cid codecs` lists.
    pub fn all() -> impl Iterator<Item = (Self, &'static str)> {
        NAMES
            .iter()
            .filter(|(.., block)| *block)
            .map(|(code, name, _)| (Self(*code), *name))
    }
}

impl fmt::Display for Codec {
    /// The name, or `Code(123)` where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "Code({})", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_lead_to_each_other() {
        assert!(NAMES.is_sorted_by_key(|(code, ..)| *code));
        assert_eq!(Codec::all().count(), 44);
        for (code, name, _) in NAMES {
            assert_eq!(Codec::from_name(name), Ok(Codec(*code)));
            assert_eq!(Codec(*code).name(), Some(*name));
        }
        assert_eq!(Codec::from_name("0x71"), Ok(Codec::DAG_CBOR));
        assert_eq!(Codec::from_name("112"), Ok(Codec::DAG_PB));
        assert_eq!(
            Codec::from_name("nope").unwrap_err().to_string(),
            "unknown codec \"nope\""
        );
        assert_eq!(Codec(99999).to_string(), "Code(99999)");
    }
}
