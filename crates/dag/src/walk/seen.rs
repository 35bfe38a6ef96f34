//! The blocks that a walk has visited.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use cairn_primitives::{Cid, Codec, Version, multihash};
use foldhash::quality::RandomState;
use hashbrown::HashTable;

/// Values by the digest of a block.
type Digests<V> = HashMap<[u8; 32], V, RandomState>;

/// Which (codec, multihash) pairs a walk has seen, each with a value.
///
/// Keys with sha2-256 take their 32 bytes of digest and no allocation: about 40 to 75 MB per million blocks. Others
/// are stored in binary form in one buffer, with at most 13 bytes for each in a table. Exact: there are no false
/// positives.
#[derive(Debug)]
pub(crate) struct SeenMap<V> {
    sha256: Vec<(Codec, Digests<V>)>,
    other: OtherKeys<V>,
}

/// Which (codec, multihash) pairs a walk has seen.
pub(crate) type Visited = SeenMap<()>;

impl<V> Default for SeenMap<V> {
    fn default() -> Self {
        Self {
            sha256: Vec::new(),
            other: OtherKeys::default(),
        }
    }
}

impl<V: Copy> SeenMap<V> {
    /// Sets the value of a block; the value before. The CID's version makes no difference.
    pub(crate) fn set(&mut self, cid: &Cid, value: V) -> Option<V> {
        let Some(digest) = sha256(cid) else {
            return self.other.set(&binary(cid), value);
        };
        let at = match self
            .sha256
            .iter()
            .position(|(codec, _)| *codec == cid.codec())
        {
            Some(at) => at,
            None => {
                self.sha256.push((cid.codec(), HashMap::default()));
                self.sha256.len() - 1
            }
        };
        self.sha256
            .get_mut(at)
            .and_then(|(_, map)| map.insert(digest, value))
    }

    /// The value of a block that was seen.
    pub(crate) fn get(&self, cid: &Cid) -> Option<V> {
        match sha256(cid) {
            Some(digest) => self
                .sha256
                .iter()
                .find(|(codec, _)| *codec == cid.codec())
                .and_then(|(_, map)| map.get(&digest).copied()),
            None => self.other.get(&binary(cid)),
        }
    }
}

impl Visited {
    /// Records a block; `false` when it was recorded before.
    pub(crate) fn insert(&mut self, cid: &Cid) -> bool {
        self.set(cid, ()).is_none()
    }

    /// As [`Self::insert`], for walks that a second visit costs nothing but time: blocks that stand in their own CIDs are
    /// not remembered. They are finite wherever they stand, and there is nothing to read for them.
    pub(crate) fn enter(&mut self, cid: &Cid) -> bool {
        cid.hash().identity_data().is_some() || self.insert(cid)
    }

    /// Whether a block was recorded.
    pub(crate) fn contains(&self, cid: &Cid) -> bool {
        self.get(cid).is_some()
    }
}

/// As [`SeenMap`], with separate entries for the two CID versions of a block.
#[derive(Debug)]
pub(crate) struct SeenByVersion<V>([SeenMap<V>; 2]);

impl<V> Default for SeenByVersion<V> {
    fn default() -> Self {
        Self(Default::default())
    }
}

impl<V: Copy> SeenByVersion<V> {
    /// Sets the value of a CID; the value before.
    pub(crate) fn set(&mut self, cid: &Cid, value: V) -> Option<V> {
        let [v0, v1] = &mut self.0;
        match cid.version() {
            Version::V0 => v0.set(cid, value),
            Version::V1 => v1.set(cid, value),
        }
    }

    /// The value of a CID that was seen.
    pub(crate) fn get(&self, cid: &Cid) -> Option<V> {
        let [v0, v1] = &self.0;
        match cid.version() {
            Version::V0 => v0.get(cid),
            Version::V1 => v1.get(cid),
        }
    }
}

/// Keys of any length: in one allocation, behind their lengths, found through a table of where they begin.
#[derive(Debug)]
struct OtherKeys<V> {
    keys: Vec<u8>,
    table: HashTable<(u32, V)>,
    hasher: RandomState,
    /// Keys past the first 4 GiB, which no table of 32-bit positions finds.
    past: HashMap<Box<[u8]>, V, RandomState>,
}

impl<V> Default for OtherKeys<V> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::default(),
            past: HashMap::default(),
        }
    }
}

/// The key that begins at a place. A CID of a [`multihash::MAX_DIGEST`] digest is shorter than 255 bytes.
fn key(keys: &[u8], at: u32) -> &[u8] {
    let rest = keys.get(at as usize..).unwrap_or_default();
    rest.split_first()
        .and_then(|(length, rest)| rest.get(..usize::from(*length)))
        .unwrap_or_default()
}

impl<V: Copy> OtherKeys<V> {
    fn set(&mut self, cid: &[u8], value: V) -> Option<V> {
        let hash = self.hasher.hash_one(cid);
        let keys = &self.keys;
        if let Some((_, known)) = self.table.find_mut(hash, |(at, _)| key(keys, *at) == cid) {
            return Some(std::mem::replace(known, value));
        }
        let (Ok(at), Ok(length)) = (u32::try_from(self.keys.len()), u8::try_from(cid.len())) else {
            return self.past.insert(cid.into(), value);
        };
        self.keys.push(length);
        self.keys.extend_from_slice(cid);
        let (keys, hasher) = (&self.keys, &self.hasher);
        self.table
            .insert_unique(hash, (at, value), |(at, _)| hasher.hash_one(key(keys, *at)));
        None
    }

    fn get(&self, cid: &[u8]) -> Option<V> {
        let hash = self.hasher.hash_one(cid);
        let found = self
            .table
            .find(hash, |(at, _)| key(&self.keys, *at) == cid)
            .map(|(_, value)| *value);
        found.or_else(|| self.past.get(cid).copied())
    }
}

/// The binary form as CIDv1.
fn binary(cid: &Cid) -> Vec<u8> {
    match cid.version() {
        Version::V0 => cid.to_v1().to_bytes(),
        Version::V1 => cid.to_bytes(),
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
        assert!(seen.enter(&inline));
    }

    #[test]
    fn versions_are_two_where_it_is_asked_for() {
        let hash = Multihash::sha2_256(b"x");
        let (v0, v1) = (Cid::v0(hash.clone()).unwrap(), Cid::v1(Codec::DAG_PB, hash));
        let mut seen = SeenByVersion::default();
        assert_eq!(seen.set(&v0, 1), None);
        assert_eq!(seen.get(&v1), None);
        assert_eq!(seen.set(&v1, 2), None);
        assert_eq!((seen.set(&v0, 3), seen.get(&v0)), (Some(1), Some(3)));
    }

    #[test]
    fn many_odd_keys_stay_apart() {
        let mut seen = SeenMap::default();
        let cid = |at: u32| Cid::v1(Codec::RAW, Multihash::wrap(0, &at.to_le_bytes()).unwrap());
        for at in 0..10_000 {
            assert_eq!(seen.set(&cid(at), at), None);
        }
        for at in 0..10_000 {
            assert_eq!(seen.get(&cid(at)), Some(at));
        }
        assert_eq!(seen.get(&cid(10_000)), None);
    }
}
