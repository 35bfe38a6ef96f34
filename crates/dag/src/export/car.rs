//! Exports a DAG as a CAR.

use std::collections::VecDeque;

use bytes::Bytes;
use cairn_primitives::car::v1;
use cairn_primitives::{Cid, CidList, codec};
use futures_util::Stream;

use crate::error::NodeError;
use crate::fetch::{Blocks, ReadAhead};
use crate::walk::{AHEAD_OF_LAST, CompactStack, Visited, may_link};

/// Blocks from this size on are handed over as they are; smaller ones are put together.
const APART: usize = 16 << 10;
/// Size from which what was put together is handed over.
const FRAME: usize = 64 << 10;

/// Levels of a DAG whose blocks are read several at once.
pub(super) const EAGER_LEVELS: usize = 8;

/// Why an export failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarError {
    /// The root could not be read. Nothing was written yet.
    #[error(transparent)]
    Root(NodeError),
    /// A block below it could not be read; the output is incomplete.
    #[error("cannot read block {cid}")]
    Block {
        /// The block.
        cid: Cid,
        /// Why.
        #[source]
        error: NodeError,
    },
}

/// A node whose links are being written.
struct Level {
    node: Cid,
    /// The blocks that it links to, each with the number of its link and one more.
    links: ReadAhead<usize>,
    /// Links that are done.
    done: usize,
    held: usize,
}

/// Writes a CARv1: the header, then every block once, depth first, the links of a node in the order of its bytes.
///
/// Identity CIDs are written like others, as Kubo does.
pub struct Car {
    /// The outer nodes that are open, of which only the place is known.
    aside: CompactStack,
    levels: VecDeque<Level>,
    /// Bytes that the levels hold.
    held: usize,
    blocks: Blocks,
    seen: Visited,
    /// Whether absent blocks are left out.
    partial: bool,
    /// Whether a block is written wherever it is linked.
    repeated: bool,
    /// Whether blocks that stand in their CIDs are left out.
    no_identities: bool,
    out: Sections,
}

/// The bytes of a CAR, put together to pieces of a good size.
pub(super) struct Sections {
    /// Small pieces, being put together.
    small: Vec<u8>,
    ready: VecDeque<Bytes>,
}

impl Sections {
    /// Begins a CAR with this root.
    pub(super) fn new(root: &Cid) -> Self {
        let mut small = Vec::with_capacity(FRAME);
        v1::write_header(std::slice::from_ref(root), &mut small);
        Self {
            small,
            ready: VecDeque::new(),
        }
    }

    /// Adds a block.
    pub(super) fn write(&mut self, cid: &Cid, data: Bytes) {
        v1::write_block_prefix(cid, data.len(), &mut self.small);
        if data.len() < APART {
            self.small.extend_from_slice(&data);
            if self.small.len() >= FRAME {
                let frame = std::mem::replace(&mut self.small, Vec::with_capacity(FRAME));
                self.ready.push_back(frame.into());
            }
        } else {
            // Beside a large block there is little that is small: mostly just its prefix.
            self.ready.push_back(std::mem::take(&mut self.small).into());
            self.ready.push_back(data);
        }
    }

    /// The next piece that is complete.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        self.ready.pop_front()
    }

    /// What is left at the end.
    pub(super) fn rest(&mut self) -> Option<Bytes> {
        let rest = Bytes::from(std::mem::take(&mut self.small));
        Some(rest).filter(|rest| !rest.is_empty())
    }
}

impl Car {
    /// Opens the export of a DAG. With `partial`, absent blocks below the root are left out and not fetched.
    ///
    /// # Errors
    /// [`CarError::Root`] when the root cannot be read.
    pub async fn open(blocks: &Blocks, root: &Cid, partial: bool) -> Result<Self, CarError> {
        let blocks = if partial {
            blocks.local()
        } else {
            blocks.clone()
        };
        let data = match blocks.get(root).await {
            Ok(data) => Some(data),
            Err(error) if partial && error.is_not_found() => None,
            Err(error) => return Err(CarError::Root(error.into())),
        };
        let mut car = Self::new(blocks, root);
        car.partial = partial;
        if let Some(data) = data {
            car.seen.insert(root);
            car.section(root, data).map_err(CarError::Root)?;
        }
        Ok(car)
    }

    /// An empty CAR with this root.
    fn new(blocks: Blocks, root: &Cid) -> Self {
        Self {
            aside: CompactStack::default(),
            levels: VecDeque::new(),
            held: 0,
            blocks,
            seen: Visited::default(),
            partial: false,
            repeated: false,
            no_identities: false,
            out: Sections::new(root),
        }
    }

    /// A CAR of blocks that lead to another, already read, and everything below that. Blocks that stand in their CIDs
    /// are left out; with `repeated`, a block is written wherever it is linked.
    pub(super) fn below(
        blocks: Blocks,
        before: Vec<(Cid, Bytes)>,
        last: (&Cid, Bytes),
        repeated: bool,
    ) -> Result<Self, CarError> {
        let (root, data) = last;
        let mut car = Self::new(blocks, root);
        car.repeated = repeated;
        for (cid, data) in before {
            if super::car_path::is_stored(&cid) && (car.seen.insert(&cid) || repeated) {
                car.out.write(&cid, data);
            }
        }
        car.no_identities = true;
        if car.seen.insert(root) || repeated {
            car.section(root, data).map_err(CarError::Root)?;
        }
        Ok(car)
    }

    /// The next bytes, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CarError> {
        loop {
            if let Some(frame) = self.out.next() {
                return Ok(Some(frame));
            }
            let Some(level) = self.levels.back_mut() else {
                if let Some((node, done, _)) = self.aside.pop() {
                    let again = async {
                        let data = self.blocks.get(&node).await?;
                        links(&node, &data)
                    };
                    let links = again.await.map_err(|error| CarError::Block {
                        cid: node.clone(),
                        error,
                    })?;
                    self.enter(node, &links, done);
                    continue;
                }
                return Ok(self.out.rest());
            };
            tokio::task::consume_budget().await;
            let (seen, repeated) = (&mut self.seen, self.repeated);
            let wanted = |cid: &Cid| seen.insert(cid) || repeated;
            let Some((cid, done, data)) = level.links.next(wanted).await else {
                self.leave();
                continue;
            };
            level.done = done;
            let written = match data {
                Ok(data) => self.section(&cid, data),
                Err(error) if self.partial && error.is_not_found() => Ok(()),
                Err(error) => Err(error.into()),
            };
            written.map_err(|error| CarError::Block { cid, error })?;
        }
    }

    /// The same as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, CarError>> + Send {
        futures_util::stream::try_unfold(self, |mut car| async move {
            Ok(car.next().await?.map(|frame| (frame, car)))
        })
    }

    /// Writes a block and continues with what it links to.
    fn section(&mut self, cid: &Cid, data: Bytes) -> Result<(), NodeError> {
        let links = if may_link(cid.codec()) {
            links(cid, &data)?
        } else {
            CidList::new()
        };
        if !self.no_identities || super::car_path::is_stored(cid) {
            self.out.write(cid, data);
        }
        if !links.is_empty() {
            // A level that is at its end goes first: a chain of any length takes the room of one node.
            if self
                .levels
                .back_mut()
                .is_some_and(|level| level.links.is_done())
            {
                self.leave();
            }
            self.enter(cid.clone(), &links, 0);
        }
        Ok(())
    }

    /// Opens a node at one of its links, and sets outer ones aside where they hold too much: they are read again when the
    /// walk comes back to them.
    fn enter(&mut self, node: Cid, links: &CidList, done: usize) {
        let links: Vec<(Cid, usize)> = links
            .iter()
            .zip(1..)
            .skip(done)
            .filter(|(link, _)| self.repeated || !self.seen.contains(link))
            .collect();
        let held = links.len() * size_of::<(Cid, usize)>() + size_of::<Level>();
        let links = ReadAhead::new(self.blocks.clone(), links);
        // What each level holds read adds up: deep levels hold nothing.
        let depth = self.aside.len() + self.levels.len();
        let links = if depth < EAGER_LEVELS {
            links
        } else {
            links.one_by_one()
        };
        self.held += held;
        self.levels.push_back(Level {
            node,
            links,
            done,
            held,
        });
        while self.levels.len() > 1
            && let Some(outermost) = self.levels.front()
            && self.held - outermost.held > AHEAD_OF_LAST
        {
            self.held -= outermost.held;
            self.aside.push(&outermost.node, outermost.done, false);
            self.levels.pop_front();
        }
    }

    fn leave(&mut self) {
        if let Some(level) = self.levels.pop_back() {
            self.held -= level.held;
        }
    }
}

impl std::fmt::Debug for Car {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Car")
            .field("blocks", &self.blocks)
            .field("partial", &self.partial)
            .finish_non_exhaustive()
    }
}

/// The links of a block; one of a codec that is not built in has none.
fn links(cid: &Cid, data: &[u8]) -> Result<CidList, NodeError> {
    match codec::links(cid.codec(), data) {
        Ok(links) => Ok(links),
        Err(codec::CodecError::Unknown(_)) => Ok(CidList::new()),
        Err(error) => Err(NodeError::Codec {
            cid: cid.clone(),
            error,
        }),
    }
}
