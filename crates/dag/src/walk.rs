//! What walks over DAGs share.

use std::collections::HashSet;

use cairn_primitives::{Cid, Codec, multihash};
use foldhash::quality::RandomState;

/// Which (codec, multihash) pairs a walk has seen.
///
/// The usual kind, a whole sha2-256, takes its 32 bytes of digest and no allocation of its own: about 40 to 75 MB a
/// million blocks. Exact: nothing is ever taken for something else.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    sha256: Vec<(Codec, HashSet<[u8; 32], RandomState>)>,
    other: HashSet<Box<[u8]>, RandomState>,
}

impl Visited {
    /// Records a block; `false` when it was recorded before. The CID's version makes no difference.
    pub(crate) fn insert(&mut self, cid: &Cid) -> bool {
        match sha256(cid) {
            Some(digest) => {
                let at = match self
                    .sha256
                    .iter()
                    .position(|(codec, _)| *codec == cid.codec())
                {
                    Some(at) => at,
                    None => {
                        self.sha256.push((cid.codec(), HashSet::default()));
                        self.sha256.len() - 1
                    }
                };
                self.sha256
                    .get_mut(at)
                    .is_some_and(|(_, set)| set.insert(digest))
            }
            None => self.other.insert(cid.to_v1().to_bytes().into_boxed_slice()),
        }
    }

    /// Whether a block was recorded.
    pub(crate) fn contains(&self, cid: &Cid) -> bool {
        match sha256(cid) {
            Some(digest) => self
                .sha256
                .iter()
                .any(|(codec, set)| *codec == cid.codec() && set.contains(&digest)),
            None => self.other.contains(cid.to_v1().to_bytes().as_slice()),
        }
    }
}

fn sha256(cid: &Cid) -> Option<[u8; 32]> {
    // Codecs are a handful; one that is not is kept in the set that costs more, so that looking it up stays cheap.
    let usual = matches!(
        cid.codec(),
        Codec::RAW | Codec::DAG_PB | Codec::DAG_CBOR | Codec::DAG_JSON | Codec::DAG_JOSE
    );
    if !usual || cid.hash().code() != multihash::SHA2_256 {
        return None;
    }
    cid.hash().digest().try_into().ok()
}

/// Whether blocks of a codec can have links at all.
pub(crate) fn may_link(codec: Codec) -> bool {
    !matches!(
        codec,
        Codec::RAW | Codec::LIBP2P_KEY | Codec::CBOR | Codec::JSON
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_primitives::Multihash;

    #[test]
    fn versions_are_one_and_codecs_are_not() {
        let hash = Multihash::sha2_256(b"x");
        let mut seen = Visited::default();
        assert!(seen.insert(&Cid::v0(hash.clone()).unwrap()));
        assert!(!seen.insert(&Cid::v1(Codec::DAG_PB, hash.clone())));
        assert!(seen.insert(&Cid::v1(Codec::RAW, hash.clone())));
        assert!(seen.insert(&Cid::v1(Codec(0x9999), hash.clone())));
        assert!(!seen.insert(&Cid::v1(Codec(0x9999), hash.clone())));
        assert!(seen.contains(&Cid::v1(Codec(0x9999), hash.clone())));
        assert!(!seen.contains(&Cid::v1(Codec::DAG_CBOR, hash)));
        let inline = Cid::v1(Codec::RAW, Multihash::wrap(0, b"x").unwrap());
        assert!(seen.insert(&inline) && !seen.insert(&inline) && seen.contains(&inline));
    }
}
