//! DAG-PB: MerkleDAG protobuf, the format of UnixFS files and directories.
//!
//! Spec: <https://ipld.io/specs/codecs/dag-pb/spec/>

use bytes::Bytes;

use super::CodecError;
use super::protobuf::{BYTES, Reader, VARINT, WireError};
use crate::bytestring::ByteString;
use crate::cid::Cid;
use crate::cid_list::CidList;
use crate::varint;

mod cursor;
mod value;

pub use cursor::Links;
pub use value::{from_ipld, to_ipld};

const CODEC: &str = "dag-pb";

/// A node: links in order, and data whose meaning another layer defines (mostly UnixFS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The links, in the order of the bytes.
    pub links: Vec<Link>,
    /// The `Data` field. Present and empty is not the same as absent.
    pub data: Option<Bytes>,
}

/// A link of a [`Node`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The block that is linked to.
    pub cid: Cid,
    /// The `Name` field. Kubo always writes one, empty where there is nothing to say. Usually
    /// UTF-8; what is not is kept as it is.
    pub name: Option<ByteString>,
    /// The `Tsize` field: bytes of all blocks that are reachable through the link. Only a hint.
    pub size: Option<u64>,
}

impl Node {
    /// Reads a node; its data is a slice of the input, not a copy.
    ///
    /// As the spec asks, `Data` may stand before the links, and the fields of a link are in order and not repeated.
    /// Bytes after the CID inside a link's `Hash` are ignored, as Kubo ignores them.
    pub fn decode(bytes: &Bytes) -> Result<Self, CodecError> {
        let mut node = Self::default();
        scan(bytes, |part| {
            match part {
                Part::Data(range) => node.data = Some(bytes.slice(range)),
                Part::Link(link) => {
                    if node.links.is_empty() {
                        node.links.reserve(link.like_it);
                    }
                    node.links.push(read_link(link));
                }
            }
            Ok(())
        })?;
        Ok(node)
    }

    /// Bytes of the node's block, which has this length, and of what its links say is below it. The sizes of links are what
    /// their author says: a sum that is too large is the largest number.
    #[must_use]
    pub fn tree_size(&self, length: usize) -> u64 {
        self.links.iter().fold(length as u64, |sum, link| {
            sum.saturating_add(link.size.unwrap_or(0))
        })
    }

    /// Writes the canonical form: links sorted by name (those of equal name keep their order), then data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let links_len: usize = self
            .links
            .iter()
            .map(|link| field_len(link.encoded_len()))
            .sum();
        let data_len = self.data.as_ref().map_or(0, |data| field_len(data.len()));
        let mut out = Vec::with_capacity(links_len + data_len);
        if self.links.is_sorted_by(|a, b| a.sort_key() <= b.sort_key()) {
            self.links.iter().for_each(|link| link.write(&mut out));
        } else {
            let mut sorted: Vec<&Link> = self.links.iter().collect();
            sorted.sort_by_key(|link| link.sort_key());
            sorted.iter().for_each(|link| link.write(&mut out));
        }
        if let Some(data) = &self.data {
            write_bytes(1, data, &mut out);
        }
        out
    }
}

impl Link {
    fn sort_key(&self) -> &[u8] {
        self.name.as_deref().unwrap_or_default()
    }

    fn encoded_len(&self) -> usize {
        field_len(self.cid.encoded_len())
            + self.name.as_ref().map_or(0, |name| field_len(name.len()))
            + self.size.map_or(0, |size| 1 + varint::len(size))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(0x12);
        varint::encode(self.encoded_len() as u64, out);
        out.push(0x0a);
        varint::encode(self.cid.encoded_len() as u64, out);
        self.cid.write(out);
        if let Some(name) = &self.name {
            write_bytes(2, name.as_bytes(), out);
        }
        if let Some(size) = self.size {
            out.push(0x18);
            varint::encode(size, out);
        }
    }
}

/// The CIDs of a node's links, in the order of the bytes. Checks the same things as [`Node::decode`], and builds nothing
/// else.
pub fn links(bytes: &[u8]) -> Result<CidList, CodecError> {
    let mut cids = CidList::new();
    scan(bytes, |part| {
        if let Part::Link(link) = part {
            if cids.is_empty() {
                cids = CidList::with_capacity(link.like_it * link.cid.encoded_len());
            }
            cids.push(&link.cid);
        }
        Ok(())
    })?;
    Ok(cids)
}

/// Bytes of a field whose payload has a length, its one-byte tag included.
fn field_len(payload: usize) -> usize {
    1 + varint::len(payload as u64) + payload
}

fn write_bytes(field: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(field << 3 | BYTES);
    varint::encode(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// A field of a node, found by [`scan`].
enum Part<'a> {
    Data(std::ops::Range<usize>),
    Link(RawLink<'a>),
}

/// A link whose name was not copied.
struct RawLink<'a> {
    cid: Cid,
    name: Option<&'a [u8]>,
    size: Option<u64>,
    /// How many links of this length the rest of the node can hold, this one counted, up to [`MAX_RESERVED`].
    like_it: usize,
}

/// Maximum number of links that room is made for before they have been read.
const MAX_RESERVED: usize = 512;

fn read_link(link: RawLink<'_>) -> Link {
    Link {
        cid: link.cid,
        name: link.name.map(ByteString::from),
        size: link.size,
    }
}

fn malformed(error: WireError) -> CodecError {
    CodecError::Malformed {
        codec: CODEC,
        reason: error.reason,
        at: error.at,
    }
}

/// Walks over the fields of a node, in the order of the bytes.
fn scan<'a>(
    bytes: &'a [u8],
    mut visit: impl FnMut(Part<'a>) -> Result<(), CodecError>,
) -> Result<(), CodecError> {
    let mut reader = Reader::new(bytes);
    let mut have_data = false;
    let mut links_ended = false;
    let mut have_links = false;
    while !reader.is_empty() {
        let at = reader.at();
        let fail = |reason| {
            Err(CodecError::Malformed {
                codec: CODEC,
                reason,
                at,
            })
        };
        let (field, wire) = reader.tag().map_err(malformed)?;
        if wire != BYTES {
            return fail("(PBNode) invalid wireType, expected 2");
        }
        match field {
            1 if have_data => return fail("(PBNode) duplicate Data section"),
            1 => {
                visit(Part::Data(reader.bytes().map_err(malformed)?))?;
                have_data = true;
                links_ended = have_links;
            }
            2 if links_ended => return fail("(PBNode) duplicate Links section"),
            2 => {
                let range = reader.bytes().map_err(malformed)?;
                let mut link = scan_link(reader.within(&range), range.start)?;
                link.like_it =
                    ((bytes.len() - range.start) / range.len().max(1)).clamp(1, MAX_RESERVED);
                visit(Part::Link(link))?;
                have_links = true;
            }
            _ => return fail("(PBNode) invalid fieldNumber, expected 1 or 2"),
        }
    }
    Ok(())
}

fn scan_link(mut reader: Reader<'_>, start: usize) -> Result<RawLink<'_>, CodecError> {
    let mut cid = None;
    let mut name = None;
    let mut size = None;
    while !reader.is_empty() {
        let at = reader.at();
        let fail = |reason| {
            Err(CodecError::Malformed {
                codec: CODEC,
                reason,
                at,
            })
        };
        match reader.tag().map_err(malformed)? {
            (1, _) if cid.is_some() => return fail("(PBLink) duplicate Hash section"),
            (1, _) if name.is_some() => {
                return fail("(PBLink) invalid order, found Name before Hash");
            }
            (1, _) if size.is_some() => {
                return fail("(PBLink) invalid order, found Tsize before Hash");
            }
            (1, BYTES) => {
                let range = reader.bytes().map_err(malformed)?;
                let (read, _) =
                    Cid::read(reader.slice(&range)).map_err(|source| CodecError::Link {
                        codec: CODEC,
                        at: range.start,
                        source,
                    })?;
                cid = Some(read);
            }
            (1, _) => return fail("(PBLink) wrong wireType for Hash"),
            (2, _) if name.is_some() => return fail("(PBLink) duplicate Name section"),
            (2, _) if size.is_some() => {
                return fail("(PBLink) invalid order, found Tsize before Name");
            }
            (2, BYTES) => {
                let range = reader.bytes().map_err(malformed)?;
                name = Some(reader.slice(&range));
            }
            (2, _) => return fail("(PBLink) wrong wireType for Name"),
            (3, _) if size.is_some() => return fail("(PBLink) duplicate Tsize section"),
            (3, VARINT) => size = Some(reader.varint().map_err(malformed)?),
            (3, _) => return fail("(PBLink) wrong wireType for Tsize"),
            _ => return fail("(PBLink) invalid fieldNumber, expected 1, 2 or 3"),
        }
    }
    match cid {
        Some(cid) => Ok(RawLink {
            cid,
            name,
            size,
            like_it: 1,
        }),
        None => Err(CodecError::Malformed {
            codec: CODEC,
            reason: "a link has no Hash",
            at: start,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cid() -> Cid {
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"
            .parse()
            .unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Node, CodecError> {
        Node::decode(&Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn sorts_links_and_puts_data_last() {
        let link = |name: Option<&str>| Link {
            cid: cid(),
            name: name.map(Into::into),
            size: Some(300),
        };
        let node = Node {
            links: vec![link(Some("b")), link(None), link(Some("a")), link(Some(""))],
            data: Some(Bytes::new()),
        };
        let bytes = node.encode();
        assert_eq!(&bytes[bytes.len() - 2..], [0x0a, 0x00]);
        let names: Vec<_> = read(&bytes)
            .unwrap()
            .links
            .into_iter()
            .map(|link| link.name)
            .collect();
        assert_eq!(
            names,
            [None, Some("".into()), Some("a".into()), Some("b".into())]
        );
        assert_eq!(links(&bytes).unwrap().len(), 4);
    }

    #[test]
    fn takes_data_on_either_side_of_the_links_but_once() {
        let link = Node {
            links: vec![Link {
                cid: cid(),
                name: None,
                size: None,
            }],
            data: None,
        }
        .encode();
        let data = [0x0a, 0x01, 0x07];
        let data_first = read(&[&data[..], &link[..]].concat()).unwrap();
        assert_eq!(data_first, read(&[&link[..], &data[..]].concat()).unwrap());
        for bad in [
            [&link[..], &data, &link].concat(),
            [&data[..], &link, &data].concat(),
            [&data[..], &data].concat(),
        ] {
            assert!(read(&bad).is_err());
            assert!(links(&bad).is_err());
        }
        assert_eq!(read(&[]).unwrap(), Node::default());
    }

    #[test]
    fn refuses_what_the_spec_refuses() {
        let hash = {
            let mut out = vec![0x0a, 34];
            cid().write(&mut out);
            out
        };
        let in_link = |fields: &[&[u8]]| {
            let body = fields.concat();
            [&[0x12, body.len() as u8][..], &body].concat()
        };
        let (name, size) = (&[0x12, 1, b'x'][..], &[0x18, 5][..]);
        assert!(read(&in_link(&[&hash, name, size])).is_ok());
        for fields in [
            &[name, &hash][..],
            &[size, &hash],
            &[&hash, size, name],
            &[&hash, &hash],
            &[&hash, name, name],
            &[&hash, size, size],
            &[name],
            &[],
            &[&hash, &[0x22, 0]],
            &[&hash, &[0x10, 0]],
            &[&hash, &[0x1a, 0]],
            &[&[0x08, 0]],
            &[&hash[..10]],
        ] {
            assert!(read(&in_link(fields)).is_err(), "{fields:?}");
        }
        for bad in [
            &[0x0a][..],
            &[0x0a, 5, 1],
            &[0x08, 1],
            &[0x1a, 0],
            &[0x02, 0],
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[0xff; 11],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        let latin1 = in_link(&[&hash, &[0x12, 1, 0xe9]]);
        assert_eq!(read(&latin1).unwrap().encode(), latin1);
        assert_eq!(links(&latin1).unwrap(), [cid()]);
    }
}
