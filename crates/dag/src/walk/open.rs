//! The open nodes of a walk.

use std::collections::VecDeque;

use cairn_primitives::codec::dag_pb::Link;
use cairn_primitives::{Cid, CidList, varint};

/// Bytes of links that a walk holds beside those of its outermost open node. At the bound the outermost is set aside:
/// its links are dropped, and read again when the walk comes back to it. That costs little, since this many bytes of
/// other nodes were read in between.
pub(crate) const AHEAD_OF_LAST: usize = 8 << 20;

/// Links in their binary form, one after the other, each with a name where the walk wants names: about as long as the
/// block that they stand in.
#[derive(Clone, Debug, Default)]
pub(crate) struct PackedLinks {
    bytes: Box<[u8]>,
    at: usize,
    named: bool,
}

impl PackedLinks {
    /// Links without names.
    pub(crate) fn of(links: CidList) -> Self {
        Self::of_bytes(links.into_bytes())
    }

    /// CIDs that are in their binary form already.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self {
            bytes: bytes.into(),
            at: 0,
            named: false,
        }
    }

    /// Links with names.
    pub(crate) fn named(links: impl Iterator<Item = Link>) -> Self {
        let mut bytes = Vec::new();
        for link in links {
            let name = link.name.unwrap_or_default();
            link.cid.write(&mut bytes);
            varint::encode(name.len() as u64, &mut bytes);
            bytes.extend_from_slice(name.as_bytes());
        }
        Self {
            bytes: bytes.into(),
            at: 0,
            named: true,
        }
    }

    /// The next link with its name.
    pub(crate) fn next_named(&mut self) -> Option<(Cid, &[u8])> {
        let rest = self.bytes.get(self.at..)?;
        // What was written here can be read.
        let (cid, used) = Cid::read(rest).ok()?;
        self.at += used;
        if !self.named {
            return Some((cid, &[]));
        }
        let rest = rest.get(used..)?;
        let (length, used) = varint::decode(rest).ok()?;
        let end = used.checked_add(usize::try_from(length).ok()?)?;
        let name = rest.get(used..end)?;
        self.at += end;
        Some((cid, name))
    }

    /// The links to come, which stay where they are.
    pub(crate) fn upcoming(&self) -> impl Iterator<Item = Cid> {
        let mut at = self.at;
        std::iter::from_fn(move || {
            let (cid, next) = self.read_at(at)?;
            at = next;
            Some(cid)
        })
    }

    /// The link that begins at a position, and where the next one does.
    fn read_at(&self, at: usize) -> Option<(Cid, usize)> {
        let rest = self.bytes.get(at..)?;
        let (cid, used) = Cid::read(rest).ok()?;
        if !self.named {
            return Some((cid, at + used));
        }
        let (length, name) = varint::decode(rest.get(used..)?).ok()?;
        let length = usize::try_from(length).ok()?;
        let next = (at + used + name).checked_add(length)?;
        Some((cid, next))
    }

    /// Whether there is no further link.
    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Where the next link stands, for [`Self::skip_to`].
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes on at a place that [`Self::position`] told of the same links.
    pub(crate) fn skip_to(&mut self, position: usize) {
        self.at = position;
    }

    /// Bytes of memory.
    pub(crate) fn held(&self) -> usize {
        self.bytes.len() + size_of::<Level>()
    }
}

impl Iterator for PackedLinks {
    type Item = Cid;

    fn next(&mut self) -> Option<Cid> {
        self.next_named().map(|(cid, _)| cid)
    }
}

/// A compact stack of nodes with their positions: about 45 bytes each.
#[derive(Debug, Default)]
pub(crate) struct CompactStack {
    bytes: Vec<u8>,
    count: usize,
}

impl CompactStack {
    /// Pushes a node with the position where it continues.
    pub(crate) fn push(&mut self, node: &Cid, position: usize, flag: bool) {
        let start = self.bytes.len();
        node.write(&mut self.bytes);
        // A CID of the longest digest has fewer than 256 bytes.
        let length = self.bytes.len() - start;
        self.bytes
            .extend_from_slice(&(position as u64).to_le_bytes());
        self.bytes.push(u8::from(flag));
        self.bytes.push(u8::try_from(length).unwrap_or(u8::MAX));
        self.count += 1;
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The last of them, with its position and flag.
    pub(crate) fn last(&self) -> Option<(Cid, usize, bool)> {
        self.find()
            .map(|(node, position, flag, _)| (node, position, flag))
    }

    /// Takes the last of them out.
    pub(crate) fn pop(&mut self) -> Option<(Cid, usize, bool)> {
        let (node, position, flag, start) = self.find()?;
        self.bytes.truncate(start);
        self.count -= 1;
        Some((node, position, flag))
    }

    /// Sets the flag of the last.
    fn flag(&mut self) {
        if let Some(flag) = self.bytes.iter_mut().rev().nth(1) {
            *flag = 1;
        }
    }

    fn find(&self) -> Option<(Cid, usize, bool, usize)> {
        let (length, rest) = self.bytes.split_last()?;
        let (flag, rest) = rest.split_last()?;
        let (rest, position) = rest.split_last_chunk()?;
        let start = rest.len().checked_sub(usize::from(*length))?;
        let (node, _) = Cid::read(rest.get(start..)?).ok()?;
        let position = usize::try_from(u64::from_le_bytes(*position)).ok()?;
        Some((node, position, *flag != 0, start))
    }
}

#[derive(Debug)]
struct Level {
    node: Cid,
    links: PackedLinks,
    flag: bool,
}

/// The stack of nodes from the root of a walk to its position, each with its remaining links.
///
/// Holds [`AHEAD_OF_LAST`] bytes of links and one node's more, and about 45 bytes for each further node, however deep a
/// DAG is.
#[derive(Debug, Default)]
pub(crate) struct WalkStack {
    /// The outer nodes.
    aside: CompactStack,
    levels: VecDeque<Level>,
    held: usize,
}

/// The next step of a walk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WalkStep {
    /// Along a link, which has a name where names are wanted.
    Link(Cid, Vec<u8>),
    /// The node's links have to be read again: call [`WalkStack::again`].
    Again(Cid),
    /// All links of a node have been followed. The flag is what [`WalkStack::flag`] set.
    Left(Cid, bool),
    /// Nowhere.
    End,
}

impl WalkStack {
    /// Opens a node.
    pub(crate) fn push(&mut self, node: Cid, links: PackedLinks) {
        self.insert(Level {
            node,
            links,
            flag: false,
        });
    }

    /// As [`Self::push`], after closing the innermost nodes that have no links left: a chain of any length takes the
    /// room of one node. They are not known as left.
    pub(crate) fn push_last(&mut self, node: Cid, links: PackedLinks) {
        while self
            .levels
            .back()
            .is_some_and(|level| level.links.is_done())
        {
            self.pop();
        }
        self.push(node, links);
    }

    fn insert(&mut self, level: Level) {
        self.held += level.links.held();
        self.levels.push_back(level);
        while self.levels.len() > 1
            && let Some(outermost) = self.levels.front()
            && self.held - outermost.links.held() > AHEAD_OF_LAST
        {
            self.held -= outermost.links.held();
            if let Some(level) = self.levels.pop_front() {
                self.aside
                    .push(&level.node, level.links.position(), level.flag);
            }
        }
    }

    /// How many nodes are open.
    pub(crate) fn depth(&self) -> usize {
        self.aside.len() + self.levels.len()
    }

    /// Sets the flag of the innermost node.
    pub(crate) fn flag(&mut self) {
        if let Some(level) = self.levels.back_mut() {
            level.flag = true;
        } else {
            self.aside.flag();
        }
    }

    /// The innermost node.
    pub(crate) fn innermost(&self) -> Option<&Cid> {
        self.levels.back().map(|level| &level.node)
    }

    /// The links that are to be followed next, as far as they are known: of the innermost node, then of those around it.
    pub(crate) fn upcoming(&self) -> impl Iterator<Item = Cid> {
        self.levels
            .iter()
            .rev()
            .flat_map(|level| level.links.upcoming())
    }

    /// Goes on.
    pub(crate) fn step(&mut self) -> WalkStep {
        let Some(level) = self.levels.back_mut() else {
            return match self.aside.last() {
                Some((node, ..)) => WalkStep::Again(node),
                None => WalkStep::End,
            };
        };
        if let Some((cid, name)) = level.links.next_named() {
            return WalkStep::Link(cid, name.to_vec());
        }
        match self.pop() {
            Some(level) => WalkStep::Left(level.node, level.flag),
            None => WalkStep::End,
        }
    }

    /// Takes the links that [`WalkStep::Again`] asks for.
    pub(crate) fn again(&mut self, mut links: PackedLinks) {
        if let Some((node, position, flag)) = self.aside.pop() {
            links.skip_to(position);
            self.insert(Level { node, links, flag });
        }
    }

    /// Closes all nodes.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn pop(&mut self) -> Option<Level> {
        let level = self.levels.pop_back()?;
        self.held -= level.links.held();
        Some(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_primitives::{Codec, Multihash};

    fn cid(at: u64) -> Cid {
        Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&at.to_le_bytes()))
    }

    /// Walks a chain of nodes, each with `wide` leaves behind its link to the next, and counts what it reads and holds.
    fn walk(depth: u64, wide: u64) -> (u64, u64, usize) {
        let links = |node: u64| {
            let all: CidList = (0..=wide)
                .map(|leaf| match leaf {
                    0 if node < depth => cid(node + 1),
                    leaf => cid(1 << 40 | node << 20 | leaf),
                })
                .collect();
            PackedLinks::of(all)
        };
        let number = |wanted: &Cid| (0..=depth).find(|node| cid(*node) == *wanted);
        let mut open = WalkStack::default();
        let (mut links_seen, mut reads, mut most) = (0, 1, 0);
        open.push(cid(0), links(0));
        let mut at = 0;
        loop {
            most = most.max(open.held);
            match open.step() {
                WalkStep::Link(found, _) => {
                    links_seen += 1;
                    if at < depth && found == cid(at + 1) {
                        at += 1;
                        reads += 1;
                        open.push(found, links(at));
                    }
                }
                WalkStep::Again(node) => {
                    reads += 1;
                    open.again(links(number(&node).unwrap()));
                }
                WalkStep::Left(..) => {}
                WalkStep::End => return (links_seen, reads, most),
            }
        }
    }

    #[test]
    fn deep_and_wide_is_held_within_its_bound_and_read_twice_at_most() {
        let (links, reads, most) = walk(300, 2000);
        assert_eq!(links, 301 * 2001);
        assert!(reads <= 2 * 301, "{reads} reads");
        let one = 2001 * 36 + size_of::<Level>();
        assert!(most <= AHEAD_OF_LAST + 2 * one, "{most} bytes");
        assert!(most > AHEAD_OF_LAST / 2, "nothing was set aside");
    }

    #[test]
    fn names_and_flags_are_kept() {
        let mut open = WalkStack::default();
        let link = |name: &str| Link {
            cid: cid(1),
            name: Some(name.into()),
            size: None,
        };
        let links = || PackedLinks::named(["a", "", "ü"].map(link).into_iter());
        open.push(cid(0), links());
        assert_eq!(open.step(), WalkStep::Link(cid(1), b"a".to_vec()));
        open.flag();
        let level = open.levels.pop_back().unwrap();
        open.held = 0;
        open.insert(level);
        assert_eq!(open.step(), WalkStep::Link(cid(1), Vec::new()));
        assert_eq!(open.step(), WalkStep::Link(cid(1), "ü".into()));
        assert_eq!(open.step(), WalkStep::Left(cid(0), true));
        assert_eq!(open.step(), WalkStep::End);
    }
}
