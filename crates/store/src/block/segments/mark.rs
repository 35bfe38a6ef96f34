//! Marking: the set of reachable block ids.
//!
//! Links come from the index (see [`super::link_rows`]), or otherwise from a node's bytes.

use std::collections::{HashMap, HashSet};

use cairn_primitives::{Cid, CidList, Codec, Multihash};

use super::super::links;
use super::super::traits::{BlockError, Root};
use super::super::unreadable::UnreadableBlocks;
use super::engine::Engine;
use super::ids::IdSet;
use super::index::{LINKS, broken};
use super::link_rows::{MOST_KEPT, Node, RowWriter, StoredLink, decode};

/// Answers for absent blocks what those link to that are kept elsewhere; see [`super::super::Collector::elsewhere`].
pub(super) type ExternalLinks<'a> =
    &'a mut dyn FnMut(&[Cid]) -> Result<Vec<Option<CidList>>, BlockError>;

/// How many absent blocks are asked for at a time.
const ASKED: usize = 1024;

/// Number of links that are looked up together.
const LOOKED_UP: usize = 8192;

/// How many new rows are written at a time.
const ROWS: usize = 4096;

/// What is reachable.
#[derive(Debug)]
pub(super) struct Marks {
    /// Reached blocks.
    pub(super) marked: IdSet,
    /// Number of absent non-recursive roots.
    pub(super) missing: u64,
    /// Blocks below recursive roots that cannot be read.
    pub(super) unseen: UnreadableBlocks,
    /// The root whose turn it is.
    root: Cid,
    /// Inner nodes whose links were followed, by codec.
    followed: HashMap<u64, IdSet>,
    absent: HashSet<Multihash>,
    /// Absent blocks that may be elsewhere, and whether their links are to be followed.
    lacking: Vec<(Cid, bool)>,
    /// Inner nodes that are elsewhere and whose links were followed.
    visited: HashSet<Cid>,
    stack: Vec<Node>,
    /// New rows.
    rows: Vec<((u64, u64), Vec<u8>)>,
}

impl Marks {
    fn new(root: Cid) -> Self {
        Self {
            marked: IdSet::default(),
            missing: 0,
            unseen: UnreadableBlocks::default(),
            root,
            followed: HashMap::new(),
            absent: HashSet::new(),
            lacking: Vec::new(),
            visited: HashSet::new(),
            stack: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Notes a block whose links cannot be determined. What ends the store ends the collection.
    fn fault(&mut self, cid: Cid, error: BlockError) -> Result<(), BlockError> {
        if matches!(error, BlockError::Closed | BlockError::Cancelled) {
            return Err(error);
        }
        self.unseen.note(&self.root, cid, Some(error));
        Ok(())
    }

    /// Marks a block; its links are followed later, once for each codec.
    fn reach(&mut self, id: u64, codec: Codec, key: &Multihash) {
        self.marked.insert(id);
        if links::may_link(codec) && self.followed.entry(codec.0).or_default().insert(id) {
            self.stack.push(Node {
                id,
                codec,
                key: key.clone(),
            });
        }
    }

    fn lack(&mut self, cid: Cid, follow: bool) {
        if !self.absent.contains(cid.hash()) {
            self.lacking.push((cid, follow));
        }
    }
}

impl Engine {
    /// Marks what the roots reach. `alive` are the ids that rows of links may count on.
    pub(super) fn mark(
        &self,
        roots: &[Root],
        alive: &IdSet,
        elsewhere: ExternalLinks<'_>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Marks, BlockError> {
        let Some(first) = roots.first() else {
            return Ok(Marks::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&[]))));
        };
        let mut marks = Marks::new(first.cid.clone());
        let mut followed = 0u32;
        // Recursive roots first: an absent block that is a root by itself as well counts as one of theirs.
        let (deep, flat): (Vec<&Root>, Vec<&Root>) = roots.iter().partition(|root| root.recursive);
        for root in deep.into_iter().chain(flat) {
            marks.root = root.cid.clone();
            if root.recursive {
                self.reach_all(&mut marks, [root.cid.clone()].into_iter(), None)?;
            } else if root.cid.hash().identity_data().is_none() {
                match self.find(root.cid.hash())? {
                    Some(found) => drop(marks.marked.insert(found.entry.id)),
                    None => marks.lack(root.cid.clone(), false),
                }
            }
            loop {
                while let Some(node) = marks.stack.pop() {
                    followed += 1;
                    if followed.is_multiple_of(1024) && cancelled() {
                        return Err(BlockError::Cancelled);
                    }
                    self.follow(&mut marks, &node, alive)?;
                    if marks.rows.len() >= ROWS {
                        self.keep_rows(&mut marks)?;
                    }
                    if marks.lacking.len() >= ASKED {
                        self.mark_external(&mut marks, elsewhere)?;
                    }
                }
                if marks.lacking.is_empty() {
                    break;
                }
                self.mark_external(&mut marks, elsewhere)?;
            }
        }
        self.keep_rows(&mut marks)?;
        Ok(marks)
    }

    /// Asks for absent blocks elsewhere, and marks what those link to that are there.
    fn mark_external(
        &self,
        marks: &mut Marks,
        elsewhere: ExternalLinks<'_>,
    ) -> Result<(), BlockError> {
        let (cids, follow): (Vec<Cid>, Vec<bool>) = marks.lacking.drain(..).unzip();
        for ((cid, follow), links) in cids.iter().zip(follow).zip(elsewhere(&cids)?) {
            match links {
                None if marks.absent.insert(cid.hash().clone()) => {
                    if follow {
                        marks.unseen.note(&marks.root, cid.clone(), None);
                    } else {
                        marks.missing += 1;
                    }
                }
                Some(links) if follow && !links.is_empty() && marks.visited.insert(cid.to_v1()) => {
                    self.reach_all(marks, links.iter(), None)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Marks what a node links to.
    fn follow(&self, marks: &mut Marks, node: &Node, alive: &IdSet) -> Result<(), BlockError> {
        let row = self.index.read(|transaction| {
            let table = transaction.open_table(LINKS)?;
            Ok(table
                .get((node.id, node.codec.0))?
                .map(|row| decode(row.value())))
        })?;
        if let Some(items) = row {
            let items = items.ok_or_else(|| broken("a row of links is damaged"))?;
            let current = items.iter().all(|item| match item {
                StoredLink::Leaf(id) | StoredLink::Inner(Node { id, .. }) => alive.contains(*id),
                StoredLink::Other(_) => true,
            }) && (!items.is_empty() || links::no_links_is_final(node.codec));
            if current {
                return self.follow_row(marks, node, items);
            }
        }
        // From the bytes, hashed: a wrong link here would cost good blocks their lives.
        let cid = Cid::v1(node.codec, node.key.clone());
        let data = match self.get(&node.key) {
            Ok(Some(data)) => data,
            Err(error) => return marks.fault(cid, error),
            Ok(None) => {
                // Removed since it was reached.
                marks.lack(cid, true);
                return Ok(());
            }
        };
        if !node.key.matches(&data).unwrap_or(true) {
            return marks.fault(cid.clone(), BlockError::Damaged { key: cid });
        }
        let children = match links::of(&cid, &data) {
            Ok(children) => children,
            Err(error) => return marks.fault(cid, error),
        };
        let kept = (children.len() <= MOST_KEPT).then_some((node.id, node.codec.0));
        self.reach_all(marks, children.iter(), kept)
    }

    /// Marks what a row tells of. Blocks that were absent when it was written and are here now get their ids.
    fn follow_row(
        &self,
        marks: &mut Marks,
        node: &Node,
        items: Vec<StoredLink>,
    ) -> Result<(), BlockError> {
        let others: Vec<&Cid> = items.iter().filter_map(StoredLink::other).collect();
        let mut found = self
            .find_all(others.iter().map(|cid| cid.hash()))?
            .into_iter();
        let mut row = RowWriter::default();
        let mut better = false;
        for item in items {
            match item {
                StoredLink::Leaf(id) => {
                    marks.marked.insert(id);
                    row.leaf(id);
                }
                StoredLink::Inner(child) => {
                    marks.reach(child.id, child.codec, &child.key);
                    row.inner(child.id, child.codec, &child.key);
                }
                StoredLink::Other(cid) => {
                    let id = found.next().flatten().map(|entry| entry.id);
                    better |= id.is_some();
                    row.link(&cid, id);
                    self.reach_link(marks, &cid, id)?;
                }
            }
        }
        if better {
            let row = row.finish(node.codec);
            marks.rows.push(((node.id, node.codec.0), row));
        }
        Ok(())
    }

    /// Marks blocks by CID, and keeps them as the links of a node.
    fn reach_all(
        &self,
        marks: &mut Marks,
        mut cids: impl Iterator<Item = Cid>,
        of: Option<(u64, u64)>,
    ) -> Result<(), BlockError> {
        let mut row = RowWriter::default();
        loop {
            let batch: Vec<Cid> = cids.by_ref().take(LOOKED_UP).collect();
            if batch.is_empty() {
                break;
            }
            let found = self.find_all(batch.iter().map(Cid::hash))?;
            for (cid, found) in batch.iter().zip(found) {
                let id = found.map(|entry| entry.id);
                if of.is_some() {
                    row.link(cid, id);
                }
                self.reach_link(marks, cid, id)?;
            }
        }
        if let Some(node) = of {
            marks.rows.push((node, row.finish(Codec(node.1))));
        }
        Ok(())
    }

    /// Marks a block by CID, given its id if it is here.
    fn reach_link(&self, marks: &mut Marks, cid: &Cid, id: Option<u64>) -> Result<(), BlockError> {
        if cid.hash().identity_data().is_some() {
            if links::may_link(cid.codec()) {
                self.reach_identity(marks, cid)?;
            }
            return Ok(());
        }
        match id {
            Some(id) => marks.reach(id, cid.codec(), cid.hash()),
            None => marks.lack(cid.clone(), true),
        }
        Ok(())
    }

    /// Follows links inside identity CIDs. Each one inside another is shorter, so this ends.
    fn reach_identity(&self, marks: &mut Marks, cid: &Cid) -> Result<(), BlockError> {
        let mut inline = vec![cid.clone()];
        while let Some(cid) = inline.pop() {
            let data = cid.hash().identity_data().unwrap_or_default();
            let children = match links::of(&cid, data) {
                Ok(children) => children,
                Err(error) => {
                    marks.fault(cid.clone(), error)?;
                    continue;
                }
            };
            for child in &children {
                if child.hash().identity_data().is_some() {
                    if links::may_link(child.codec()) {
                        inline.push(child);
                    }
                    continue;
                }
                match self.find(child.hash())? {
                    Some(found) => marks.reach(found.entry.id, child.codec(), child.hash()),
                    None => marks.lack(child, true),
                }
            }
        }
        Ok(())
    }

    fn keep_rows(&self, marks: &mut Marks) -> Result<(), BlockError> {
        let fresh = std::mem::take(&mut marks.rows);
        if fresh.is_empty() || self.read_only {
            return Ok(());
        }
        let mut rows = self.rows.lock();
        let kept = self.change(&mut rows, "keep links in", |transaction, _| {
            let mut table = transaction.open_table(LINKS)?;
            for (node, row) in &fresh {
                table.insert(*node, row.as_slice())?;
            }
            Ok(())
        });
        match kept {
            // They are only there for speed.
            Err(BlockError::Full { .. }) => Ok(()),
            other => other,
        }
    }

    /// Drops the links of nodes that are gone.
    pub(super) fn drop_stale_links(&self, alive: impl Fn(u64) -> bool) -> Result<(), BlockError> {
        let mut rows = self.rows.lock();
        self.change(&mut rows, "drop links from", |transaction, _| {
            let mut table = transaction.open_table(LINKS)?;
            table.retain(|(id, _), _| alive(id))?;
            Ok(())
        })
    }
}
