//! The links of nodes in the index: by (id, codec) of the node, as block ids.
//!
//! A row is written with the node if its bytes are available, and otherwise when it is first needed. It is a list of
//! items, each a varint whose low two bits are its kind:
//!
//! | kind | rest of the varint | then |
//! |---|---|---|
//! | 0: a block without links | its id, as a zigzag difference to the item before | |
//! | 1: an inner node | its id, likewise | codec as varint, multihash |
//! | 2: an absent block or an identity CID | length | CID |
//!
//! A row is valid only while all ids in it are alive: a block that was removed and written again has another id, and
//! then the row is rebuilt from the node's bytes.

use std::sync::LazyLock;

use cairn_primitives::{Cid, CidList, Codec, Multihash, multihash, varint};
use redb::{ReadableTable as _, WriteTransaction};

use super::super::links;
use super::index::{BLOCKS, LINKS, lookup};

/// Links of a node above which they are not kept with it.
const MOST: usize = 8192;

/// Maximum number of links of a node that are stored in a row. A node with more is read each time its links are needed,
/// which takes less memory.
pub(super) const MOST_KEPT: usize = 1 << 17;

/// What a node that was just written links to.
#[derive(Clone, Debug)]
pub(super) struct NewLinks {
    pub(super) id: u64,
    pub(super) codec: Codec,
    pub(super) cids: CidList,
}

/// The links of a block that is about to be written, for its row. `None` where it can have no links, has too many, or
/// cannot be read: then nothing is kept, and whoever needs them finds out.
pub(super) fn of(cid: &Cid, data: &[u8]) -> Option<CidList> {
    if !links::may_link(cid.codec()) {
        return None;
    }
    let cids = links::of(cid, data).ok()?;
    (cids.len() <= MOST).then_some(cids)
}

/// Writes the rows of nodes whose blocks are in the index. Children that are not there yet are kept by CID.
pub(super) fn insert(
    transaction: &WriteTransaction,
    fresh: &[NewLinks],
) -> Result<(), redb::Error> {
    if fresh.is_empty() {
        return Ok(());
    }
    let blocks = transaction.open_table(BLOCKS)?;
    let mut table = transaction.open_table(LINKS)?;
    for node in fresh {
        let mut row = RowWriter::default();
        for cid in &node.cids {
            let found = lookup(&blocks, cid.hash().as_bytes())?;
            row.link(&cid, found.map(|entry| entry.id));
        }
        table.insert((node.id, node.codec.0), row.finish(node.codec).as_slice())?;
    }
    Ok(())
}

/// Removes the rows of nodes.
pub(super) fn remove(
    transaction: &WriteTransaction,
    ids: impl Iterator<Item = u64>,
) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(LINKS)?;
    for id in ids {
        let codecs: Vec<u64> = table
            .range((id, 0)..=(id, u64::MAX))?
            .map(|row| row.map(|(key, _)| key.value().1))
            .collect::<Result<_, _>>()?;
        for codec in codecs {
            table.remove((id, codec))?;
        }
    }
    Ok(())
}

/// An inner node whose links are to be followed.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) codec: Codec,
    pub(super) key: Multihash,
}

/// A link.
#[derive(Debug)]
pub(super) enum StoredLink {
    Leaf(u64),
    Inner(Node),
    Other(Cid),
}

impl StoredLink {
    /// The CID of a block that had no id.
    pub(super) fn other(&self) -> Option<&Cid> {
        match self {
            Self::Other(cid) => Some(cid),
            Self::Leaf(_) | Self::Inner(_) => None,
        }
    }
}

/// The multihash of no bytes at all.
static EMPTY: LazyLock<Multihash> = LazyLock::new(|| {
    Multihash::wrap(multihash::IDENTITY, &[]).unwrap_or_else(|_| Multihash::sha2_256(&[]))
});

/// Writes a row.
#[derive(Default)]
pub(super) struct RowWriter {
    out: Vec<u8>,
    last: u64,
}

impl RowWriter {
    /// The row of a node of this codec.
    pub(super) fn finish(mut self, codec: Codec) -> Vec<u8> {
        if self.out.is_empty() && !links::no_links_is_final(codec) {
            self.other(&Cid::v1(Codec::RAW, EMPTY.clone()));
        }
        self.out
    }

    fn id(&mut self, id: u64, kind: u64) {
        let difference = id.wrapping_sub(self.last).cast_signed();
        let zigzag = ((difference << 1) ^ (difference >> 63)).cast_unsigned();
        self.last = id;
        varint::encode(zigzag << 2 | kind, &mut self.out);
    }

    /// A block without links.
    pub(super) fn leaf(&mut self, id: u64) {
        self.id(id, 0);
    }

    /// An inner node.
    pub(super) fn inner(&mut self, id: u64, codec: Codec, key: &Multihash) {
        self.id(id, 1);
        varint::encode(codec.0, &mut self.out);
        self.out.extend_from_slice(key.as_bytes());
    }

    /// A link by CID, and the id of its block if that is here. Of identity CIDs, only those that may link are listed.
    pub(super) fn link(&mut self, cid: &Cid, id: Option<u64>) {
        let may_link = links::may_link(cid.codec());
        if cid.hash().identity_data().is_some() {
            if may_link {
                self.other(cid);
            }
            return;
        }
        match id {
            Some(id) if may_link => self.inner(id, cid.codec(), cid.hash()),
            Some(id) => self.leaf(id),
            None => self.other(cid),
        }
    }

    /// An absent block, or an identity CID.
    fn other(&mut self, cid: &Cid) {
        varint::encode((cid.encoded_len() as u64) << 2 | 2, &mut self.out);
        cid.write(&mut self.out);
    }
}

/// Reads a row; `None` when it is damaged.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Vec<StoredLink>> {
    let mut items = Vec::new();
    let mut last = 0u64;
    while !bytes.is_empty() {
        let (number, used) = varint::decode(bytes).ok()?;
        bytes = bytes.get(used..)?;
        let (kind, rest) = (number & 3, number >> 2);
        if kind == 2 {
            let len = usize::try_from(rest).ok()?;
            items.push(StoredLink::Other(Cid::from_bytes(bytes.get(..len)?).ok()?));
            bytes = bytes.get(len..)?;
            continue;
        }
        last = last.wrapping_add((rest >> 1) ^ (rest & 1).wrapping_neg());
        match kind {
            0 => items.push(StoredLink::Leaf(last)),
            1 => {
                let (codec, used) = varint::decode(bytes).ok()?;
                let (key, len) = Multihash::read(bytes.get(used..)?).ok()?;
                bytes = bytes.get(used + len..)?;
                items.push(StoredLink::Inner(Node {
                    id: last,
                    codec: Codec(codec),
                    key,
                }));
            }
            _ => return None,
        }
    }
    Some(items)
}
