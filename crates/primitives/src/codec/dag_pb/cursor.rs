//! Lazily decoded links of a node, for readers with many open nodes.

use bytes::Bytes;

use super::super::CodecError;
use super::super::protobuf::Reader;
use super::{Link, Part, malformed, read_link, scan, scan_link};

/// The links of a node, read from its bytes as they are asked for: holds the block, whatever its links are.
#[derive(Clone, Debug)]
pub struct Links {
    bytes: Bytes,
    data: Option<Bytes>,
    at: usize,
}

impl Links {
    /// Begins at the first link.
    ///
    /// # Errors
    /// As [`super::Node::decode`]: the whole node is checked here.
    pub fn new(bytes: Bytes) -> Result<Self, CodecError> {
        let mut data = None;
        scan(&bytes, |part| {
            match part {
                Part::Data(range) => data = Some(bytes.slice(range)),
                Part::Link(link) => drop(read_link(link)),
            }
            Ok(())
        })?;
        Ok(Self { bytes, data, at: 0 })
    }

    /// The `Data` field.
    #[must_use]
    pub fn data(&self) -> Option<&Bytes> {
        self.data.as_ref()
    }

    /// The block's length in bytes.
    #[must_use]
    pub fn block_len(&self) -> usize {
        self.bytes.len()
    }

    fn advance(&mut self) -> Result<Option<Link>, CodecError> {
        loop {
            let whole = Reader::new(&self.bytes);
            let mut reader = whole.within(&(self.at..self.bytes.len()));
            if reader.is_empty() {
                return Ok(None);
            }
            let (field, _) = reader.tag().map_err(malformed)?;
            let range = reader.bytes().map_err(malformed)?;
            self.at = reader.at();
            if field == 2 {
                let link = scan_link(whole.within(&range), range.start)?;
                return Ok(Some(read_link(link)));
            }
        }
    }
}

impl Iterator for Links {
    type Item = Link;

    fn next(&mut self) -> Option<Link> {
        // The node was checked when this was made.
        self.advance().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::dag_pb::Node;
    use crate::{Cid, Codec, Multihash};

    fn node(count: u8) -> Node {
        let link = |at: u8| Link {
            cid: Cid::v1(Codec::RAW, Multihash::sha2_256(&[at])),
            name: (at != 3).then(|| format!("{at:03}").into()),
            size: (at != 4).then_some(u64::from(at)),
        };
        Node {
            links: (0..count).map(link).collect(),
            data: Some(Bytes::from_static(b"data")),
        }
    }

    #[test]
    fn gives_what_decoding_gives() {
        for count in [0, 1, 9, 200] {
            let bytes = Bytes::from(node(count).encode());
            let whole = Node::decode(&bytes).unwrap();
            // Data may also stand first.
            let (links, data) = bytes.split_at(bytes.len() - 6);
            for bytes in [bytes.clone(), Bytes::from([data, links].concat())] {
                let links = Links::new(bytes.clone()).unwrap();
                assert_eq!(links.data(), whole.data.as_ref());
                assert_eq!(links.block_len(), bytes.len());
                assert_eq!(links.collect::<Vec<_>>(), whole.links);
            }
        }
    }

    #[test]
    fn refuses_what_decoding_refuses() {
        let bytes = node(2).encode();
        for end in 1..bytes.len() {
            let cut = Bytes::copy_from_slice(&bytes[..end]);
            assert_eq!(
                Links::new(cut.clone()).err(),
                Node::decode(&cut).err(),
                "{end}"
            );
        }
    }
}
