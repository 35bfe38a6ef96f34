//! A compact list of CIDs.

use std::fmt;

use crate::cid::Cid;

/// CIDs in their binary form, one after another.
///
/// The links of a block take no more bytes here than in the block itself. A [`Cid`] takes more than 48 bytes even if its
/// binary form has only four.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CidList {
    bytes: Vec<u8>,
    count: usize,
}

impl CidList {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            count: 0,
        }
    }

    /// An empty list with capacity for this many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            count: 0,
        }
    }

    /// Appends a CID.
    pub fn push(&mut self, cid: &Cid) {
        cid.write(&mut self.bytes);
        self.count += 1;
    }

    /// Number of CIDs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The CIDs in order, decoded on each call.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            bytes: &self.bytes,
            left: self.count,
        }
    }

    /// Their binary forms.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their binary forms.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// The CIDs of a [`CidList`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl Iterator for Iter<'_> {
    type Item = Cid;

    fn next(&mut self) -> Option<Cid> {
        // What was written here can be read.
        let (cid, used) = Cid::read(self.bytes).ok()?;
        self.bytes = self.bytes.get(used..)?;
        self.left -= 1;
        Some(cid)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a CidList {
    type Item = Cid;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl Extend<Cid> for CidList {
    fn extend<T: IntoIterator<Item = Cid>>(&mut self, cids: T) {
        cids.into_iter().for_each(|cid| self.push(&cid));
    }
}

impl FromIterator<Cid> for CidList {
    fn from_iter<T: IntoIterator<Item = Cid>>(cids: T) -> Self {
        let mut list = Self::new();
        list.extend(cids);
        list
    }
}

impl PartialEq<[Cid]> for CidList {
    fn eq(&self, other: &[Cid]) -> bool {
        self.count == other.len() && self.iter().zip(other).all(|(one, other)| one == *other)
    }
}

impl<const N: usize> PartialEq<[Cid; N]> for CidList {
    fn eq(&self, other: &[Cid; N]) -> bool {
        *self == other[..]
    }
}

impl PartialEq<Vec<Cid>> for CidList {
    fn eq(&self, other: &Vec<Cid>) -> bool {
        *self == other[..]
    }
}

impl fmt::Debug for CidList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cid::Codec;
    use crate::multihash::Multihash;

    #[test]
    fn cids_come_back_in_their_order() {
        let sha2 = Multihash::sha2_256(b"block");
        let cids = vec![
            Cid::v0(sha2.clone()).unwrap(),
            Cid::v1(Codec::RAW, Multihash::wrap(0, b"").unwrap()),
            Cid::v1(Codec(0xff_ffff), sha2.clone()),
            Cid::v1(Codec::RAW, Multihash::wrap(0, &[7; 100]).unwrap()),
            Cid::v0(sha2).unwrap(),
        ];
        let list: CidList = cids.iter().cloned().collect();
        assert_eq!(list, cids);
        assert_eq!((list.len(), list.iter().len()), (5, 5));
        let bytes: Vec<u8> = cids.iter().flat_map(Cid::to_bytes).collect();
        assert_eq!(list.as_bytes(), bytes);
        assert!(CidList::new().is_empty());
        assert_ne!(list, cids[1..].to_vec());
    }
}
