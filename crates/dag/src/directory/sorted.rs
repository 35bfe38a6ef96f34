//! The entries of a directory sorted by name, in bounded memory.

use cairn_primitives::unixfs::directory::Entry;
use cairn_primitives::{ByteString, Cid, varint};

use super::Entries;
use crate::error::NodeError;

/// Bytes of entries that are sorted at a time. A larger directory is read several times, once for each such part;
/// only its nodes are read again, not the entries' blocks.
const ROOM: usize = 12 << 20;

/// What a name is sorted by: itself, then its place in the directory.
type Key = (ByteString, u64);

/// See [`Entries::sorted`].
#[derive(Debug)]
pub(super) struct Sorted {
    directory: Cid,
    /// The directory, while it is gone through; with how many entries of it have passed.
    source: Option<(Box<Entries>, u64)>,
    /// Reopens the directory.
    blocks: crate::Blocks,
    room: usize,
    /// Where the entries of this pass begin in `packed`.
    starts: Vec<usize>,
    /// Entries of this pass, each as the lengths of its name and CID, both, its size and its place.
    packed: Vec<u8>,
    /// The next entry to give out, once the pass is through.
    next: usize,
    /// The last entry of the passes before.
    after: Option<Key>,
    /// The first entry that is left for later passes.
    until: Option<Key>,
    done: bool,
}

impl Sorted {
    pub(super) fn new(source: Entries) -> Self {
        Self {
            directory: source.cid.clone(),
            blocks: source.blocks.clone(),
            source: Some((Box::new(source), 0)),
            room: ROOM,
            starts: Vec::new(),
            packed: Vec::new(),
            next: 0,
            after: None,
            until: None,
            done: false,
        }
    }

    pub(super) fn held(&self) -> usize {
        let source = self.source.as_ref().map_or(0, |(source, _)| source.held());
        self.packed.len() + self.starts.len() * size_of::<usize>() + source
    }

    /// The next entry, or `None` at the end. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Option<Entry>, NodeError> {
        loop {
            if let Some((source, place)) = &mut self.source {
                tokio::task::consume_budget().await;
                match source.next().await? {
                    Some(entry) => {
                        let key = (entry.name.clone(), *place);
                        *place += 1;
                        self.take(&entry, &key);
                    }
                    None => {
                        self.source = None;
                        self.sort();
                    }
                }
                continue;
            }
            if let Some(start) = self.starts.get(self.next) {
                self.next += 1;
                return Ok(read(&self.packed, *start).map(|(entry, _)| entry));
            }
            if self.done || self.until.is_none() {
                self.done = true;
                return Ok(None);
            }
            self.after = self
                .starts
                .last()
                .and_then(|start| read(&self.packed, *start))
                .map(|(entry, place)| (entry.name, place));
            self.starts.clear();
            self.packed.clear();
            self.next = 0;
            self.until = None;
            let source = crate::list::entries(&self.blocks, &self.directory).await?;
            self.source = Some((Box::new(source), 0));
        }
    }

    /// Keeps an entry, if it belongs to this pass.
    fn take(&mut self, entry: &Entry, key: &Key) {
        let early = self.after.as_ref().is_some_and(|after| key <= after);
        let late = self.until.as_ref().is_some_and(|until| key >= until);
        if early || late {
            return;
        }
        self.starts.push(self.packed.len());
        varint::encode(entry.name.len() as u64, &mut self.packed);
        self.packed.extend_from_slice(entry.name.as_bytes());
        entry.cid.write(&mut self.packed);
        varint::encode(entry.tree_size >> 32, &mut self.packed);
        varint::encode(entry.tree_size & 0xffff_ffff, &mut self.packed);
        varint::encode(key.1, &mut self.packed);
        if self.packed.len() + self.starts.len() * size_of::<usize>() > self.room
            && self.starts.len() > 1
        {
            self.sort();
            self.drop_half();
        }
    }

    fn sort(&mut self) {
        let packed = &self.packed;
        let sort_key = |start: &usize| {
            let (name, rest) = name_at(packed, *start).unwrap_or_default();
            // Entries stand in the order of their places, except after a sort, so the place is compared as it is.
            (name, place_of(rest))
        };
        self.starts
            .sort_unstable_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    }

    /// Leaves the later half of the entries for a later pass.
    fn drop_half(&mut self) {
        let half = self.starts.len() / 2;
        self.until = self
            .starts
            .get(half)
            .and_then(|start| read(&self.packed, *start))
            .map(|(entry, place)| (entry.name, place));
        self.starts.truncate(half.max(1));
        let mut kept = Vec::with_capacity(self.packed.len() / 2 + 1);
        for start in &mut self.starts {
            let from = std::mem::replace(start, kept.len());
            let length = length_at(&self.packed, from);
            kept.extend_from_slice(self.packed.get(from..from + length).unwrap_or_default());
        }
        self.packed = kept;
    }
}

/// The name of an entry, and what follows it.
fn name_at(packed: &[u8], start: usize) -> Option<(&[u8], &[u8])> {
    let bytes = packed.get(start..)?;
    let (length, used) = varint::decode(bytes).ok()?;
    bytes
        .get(used..)?
        .split_at_checked(usize::try_from(length).ok()?)
}

/// What follows the name: CID, size and place, and how many bytes they take.
fn rest_of(rest: &[u8]) -> Option<(Cid, u64, u64, usize)> {
    let (cid, mut at) = Cid::read(rest).ok()?;
    let mut number = || {
        let (value, used) = varint::decode(rest.get(at..)?).ok()?;
        at += used;
        Some(value)
    };
    let size = number()? << 32 | number()?;
    let place = number()?;
    Some((cid, size, place, at))
}

fn place_of(rest: &[u8]) -> u64 {
    rest_of(rest).map_or(0, |(_, _, place, _)| place)
}

fn length_at(packed: &[u8], start: usize) -> usize {
    name_at(packed, start)
        .and_then(|(name, rest)| {
            let (_, _, _, used) = rest_of(rest)?;
            Some(varint::len(name.len() as u64) + name.len() + used)
        })
        .unwrap_or_default()
}

fn read(packed: &[u8], start: usize) -> Option<(Entry, u64)> {
    let (name, rest) = name_at(packed, start)?;
    let (cid, tree_size, place, _) = rest_of(rest)?;
    let entry = Entry {
        name: name.into(),
        cid,
        tree_size,
    };
    Some((entry, place))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cairn_primitives::codec::dag_pb::{Link, Node};
    use cairn_primitives::unixfs::{NodeKind, UnixFs};
    use cairn_primitives::{Block, Codec, Multihash};
    use cairn_store::BlockWriter as _;
    use cairn_store::block::MemoryStore;

    use super::*;
    use crate::Blocks;

    #[tokio::test]
    async fn any_room_gives_one_order() {
        // Twice each name but some, in an order of their own, as only a foreign block has them.
        let links: Vec<Link> = (0..600u64)
            .map(|at| Link {
                cid: Cid::v1(Codec::RAW, Multihash::sha2_256(&at.to_le_bytes())),
                name: Some(format!("{}", at * 7919 % 400).into()),
                size: Some(at << 30),
            })
            .collect();
        let mut node = Node {
            links: Vec::new(),
            data: Some(UnixFs::new(NodeKind::Directory).encode()),
        };
        let mut data = Vec::new();
        for link in &links {
            node.links = vec![link.clone()];
            let one = node.encode();
            data.extend_from_slice(&one[..one.len() - 4]);
        }
        data.extend_from_slice(&[0x0a, 2, 8, 1]);
        let data = bytes::Bytes::from(data);
        let cid = Cid::v1(Codec::DAG_PB, Multihash::sha2_256(&data));
        let store = Arc::new(MemoryStore::default());
        let hold = store.hold();
        let block = Block::new(cid.clone(), data);
        store.put(&hold, vec![block]).await.unwrap();
        let mut expected = links;
        expected.sort_by(|a, b| a.name.cmp(&b.name));
        for room in [0, 100, 5000, 20_000, ROOM] {
            let blocks = Blocks::offline(store.clone());
            let source = Entries::open(&blocks, &cid).await.unwrap();
            let mut sorted = Sorted::new(source);
            sorted.room = room;
            let mut found = Vec::new();
            while let Some(entry) = sorted.next().await.unwrap() {
                assert!(sorted.packed.len() <= room.max(200));
                found.push(Link {
                    cid: entry.cid,
                    name: Some(entry.name),
                    size: Some(entry.tree_size),
                });
            }
            assert_eq!(found, expected, "{room}");
        }
    }
}
