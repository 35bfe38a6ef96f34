//! CARs of what a path leads to, as gateways serve them.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/trustless-gateway/>, sections *dag-scope*, *entity-bytes* and *CAR dups*.

use std::ops::Range;

use bytes::Bytes;
use cairn_primitives::unixfs::hamt::ShardNode;
use cairn_primitives::{Cid, Codec};
use futures_util::Stream;

use super::car::{Car, CarError, EAGER_LEVELS, Sections};
use crate::error::NodeError;
use crate::fetch::{Blocks, ReadAhead, decode_links};
use crate::resolve::Traced;
use crate::unixfs;
use crate::walk::Visited;

/// Bytes that the open nodes of an entity may take. Files and directories that programs write take a few hundred KiB;
/// beyond this the CAR is cut off.
const MAX_OPEN: usize = 32 << 20;

/// The bytes of a file that a CAR is to have, counted from its front, or from its end if negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub from: i64,
    /// The last byte, which belongs to the range; `None` for the end of the file.
    pub to: Option<i64>,
}

impl ByteRange {
    /// The bytes of a file of `size` bytes; empty if there are none.
    fn within(self, size: u64) -> Range<u64> {
        let from_end = |back: i64| size.checked_sub(back.unsigned_abs());
        let start = if self.from < 0 {
            from_end(self.from).unwrap_or(0)
        } else {
            self.from.unsigned_abs()
        };
        let end = match self.to {
            None => size,
            Some(to) if to < 0 => from_end(to).map_or(0, |last| last + 1),
            Some(to) => to.unsigned_abs().saturating_add(1),
        };
        start.min(size)..end.min(size)
    }
}

/// What a CAR has of the block that a path leads to. It always has the blocks of the path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CarScope {
    /// Only the block.
    Block,
    /// What reads a file, or lists a directory; only the block of anything else. With a range, what reads those bytes of
    /// a file.
    Entity(Option<ByteRange>),
    /// Everything below it.
    #[default]
    All,
}

/// Options of a CAR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CarOptions {
    /// What it has.
    pub scope: CarScope,
    /// Whether a block is written wherever it is linked, instead of once.
    pub duplicates: bool,
}

/// Whether a block is written at all: one that stands in its own CID is not.
pub(super) fn is_stored(cid: &Cid) -> bool {
    cid.hash().identity_data().is_none()
}

/// Writes a CARv1 whose root is the block that a path leads to: the blocks of the path, then those of the scope, depth
/// first. Blocks that stand in their own CIDs are left out.
#[derive(Debug)]
pub struct PathCar(Inner);

enum Inner {
    All(Box<Car>),
    Entity(Box<Entity>),
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::All(_) => "All",
            Self::Entity(_) => "Entity",
        })
    }
}

impl PathCar {
    /// Opens it.
    ///
    /// # Errors
    /// [`CarError::Root`] when the last block cannot be read, or one of the path can no longer be.
    pub async fn open(
        blocks: &Blocks,
        traced: &Traced,
        options: CarOptions,
    ) -> Result<Self, CarError> {
        let read = |cid: Cid| async move {
            let data = blocks.get(&cid).await;
            data.map_err(|error| CarError::Root(error.into()))
        };
        let mut before = Vec::with_capacity(traced.passed.len());
        for cid in &traced.passed {
            before.push((cid.clone(), read(cid.clone()).await?));
        }
        let last = &traced.resolved.cid;
        let data = read(last.clone()).await?;
        let inner = if options.scope == CarScope::All {
            let car = Car::below(blocks.clone(), before, (last, data), options.duplicates)?;
            Inner::All(Box::new(car))
        } else {
            let entity = Entity::open(blocks.clone(), before, (last, data), options);
            Inner::Entity(Box::new(entity.map_err(CarError::Root)?))
        };
        Ok(Self(inner))
    }

    /// The next bytes, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CarError> {
        match &mut self.0 {
            Inner::All(car) => car.next().await,
            Inner::Entity(entity) => entity.next().await,
        }
    }

    /// The same as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, CarError>> + Send {
        futures_util::stream::try_unfold(self, |mut car| async move {
            Ok(car.next().await?.map(|frame| (frame, car)))
        })
    }
}

/// The blocks of one file or directory.
struct Entity {
    blocks: Blocks,
    kind: EntityKind,
    duplicates: bool,
    seen: Visited,
    levels: Vec<(ReadAhead<Range<u64>>, usize)>,
    /// Bytes that the levels hold.
    held: usize,
    out: Sections,
}

#[derive(Clone, Debug)]
enum EntityKind {
    /// Only its block.
    Block,
    /// A file, of which these bytes are wanted.
    File(Range<u64>),
    /// A sharded directory.
    Shards,
}

impl Entity {
    fn open(
        blocks: Blocks,
        before: Vec<(Cid, Bytes)>,
        (cid, data): (&Cid, Bytes),
        options: CarOptions,
    ) -> Result<Self, NodeError> {
        let mut entity = Self {
            blocks,
            kind: EntityKind::Block,
            duplicates: options.duplicates,
            seen: Visited::default(),
            levels: Vec::new(),
            held: 0,
            out: Sections::new(cid),
        };
        for (cid, data) in before {
            entity.write(&cid, data);
        }
        let mut whole = 0..0;
        if let CarScope::Entity(range) = options.scope
            && cid.codec() == Codec::DAG_PB
            // Anything else than UnixFS is its block.
            && let Ok(fs) = unixfs::of_links(cid, &decode_links(cid, data.clone())?)
        {
            if fs.kind.is_file() {
                let size = unixfs::file_node(cid, &data)?.size;
                whole = 0..size;
                let wanted = range.map_or(whole.clone(), |range| range.within(size));
                entity.kind = EntityKind::File(wanted);
            } else if fs.kind.is_directory() {
                entity.kind = EntityKind::Shards;
            }
        }
        entity.visit(cid, data, &whole)?;
        Ok(entity)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, CarError> {
        loop {
            if let Some(frame) = self.out.next() {
                return Ok(Some(frame));
            }
            let Some((links, held)) = self.levels.last_mut() else {
                return Ok(self.out.rest());
            };
            tokio::task::consume_budget().await;
            let (seen, duplicates) = (&self.seen, self.duplicates);
            let wanted = |cid: &Cid| duplicates || !seen.contains(cid);
            let Some((cid, part, data)) = links.next(wanted).await else {
                self.held -= *held;
                self.levels.pop();
                continue;
            };
            let visited = match data {
                Ok(data) => self.visit(&cid, data, &part),
                Err(error) => Err(error.into()),
            };
            visited.map_err(|error| CarError::Block { cid, error })?;
        }
    }

    fn write(&mut self, cid: &Cid, data: Bytes) {
        if is_stored(cid) && (self.seen.insert(cid) || self.duplicates) {
            self.out.write(cid, data);
        }
    }

    /// Writes a block, which holds a part of the file, and continues with those of its links that are wanted.
    fn visit(&mut self, cid: &Cid, data: Bytes, part: &Range<u64>) -> Result<(), NodeError> {
        let links: Vec<(Cid, Range<u64>)> = match &self.kind {
            _ if cid.codec() != Codec::DAG_PB => Vec::new(),
            EntityKind::Block => Vec::new(),
            EntityKind::File(wanted) => {
                let node = unixfs::file_node(cid, &data)?;
                let at = |offset: u64| part.start.saturating_add(offset);
                let absolute = node
                    .children
                    .into_iter()
                    .map(|child| (child.cid, at(child.range.start)..at(child.range.end)));
                let overlaps = |part: &Range<u64>| {
                    part.start < part.end && part.start < wanted.end && part.end > wanted.start
                };
                let wants_any = wanted.start < wanted.end;
                absolute
                    .filter(|(_, part)| wants_any && overlaps(part))
                    .collect()
            }
            EntityKind::Shards => {
                let links = decode_links(cid, data.clone())?;
                let fs = unixfs::of_links(cid, &links)?;
                match ShardNode::new(&fs, links.collect()) {
                    Ok(shard) => shard.shards().map(|cid| (cid.clone(), 0..0)).collect(),
                    // A directory that is not sharded.
                    Err(_) if self.levels.is_empty() => Vec::new(),
                    Err(error) => return Err(unixfs::unreadable(cid, error)),
                }
            }
        };
        self.write(cid, data);
        if links.is_empty() {
            return Ok(());
        }
        let held = links.len() * size_of::<(Cid, Range<u64>)>() + size_of::<ReadAhead<()>>();
        self.held += held;
        if self.held > MAX_OPEN {
            return Err(NodeError::TooMuchOpen { cid: cid.clone() });
        }
        let ahead = ReadAhead::new(self.blocks.clone(), links);
        // What each level holds read adds up: deep levels hold nothing.
        let ahead = if self.levels.len() < EAGER_LEVELS {
            ahead
        } else {
            ahead.one_by_one()
        };
        self.levels.push((ahead, held));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_count_from_either_end() {
        for (from, to, expected) in [
            (0, None, 0..100),
            (0, Some(0), 0..1),
            (10, Some(19), 10..20),
            (10, Some(1000), 10..100),
            (-10, None, 90..100),
            (-1000, None, 0..100),
            (-1000, Some(-3), 0..98),
            (10, Some(-1), 10..100),
            (100, None, 100..100),
            (0, Some(-101), 0..0),
            (i64::MIN, Some(i64::MAX), 0..100),
        ] {
            let range = ByteRange { from, to }.within(100);
            assert_eq!(range, expected, "{from}:{to:?}");
        }
        let empty = ByteRange {
            from: 7,
            to: Some(3),
        }
        .within(100);
        assert!(empty.start >= empty.end);
        assert_eq!(ByteRange { from: 0, to: None }.within(0), 0..0);
    }
}
