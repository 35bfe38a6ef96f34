//! Imports CARs.
//!
//! The receiving task splits the bytes into blocks; the hashing threads verify blocks and read their links in groups,
//! and blocks are written to the store in the order of the archive. The amount in flight is bounded, whatever the
//! size of the archive.
//!
//! Spec: <https://ipld.io/specs/transport/car/>

mod check;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::car::{CarError, Decoder, Event, Limits};
use cairn_primitives::{Block, Cid, CidList};
use cairn_store::meta::PinMode;
use cairn_store::{BlockStore, Hold};

use self::check::{BlockFault, CheckedBlocks, check};
use super::ImportError;
use super::block::check_size;
use super::blocks::Batch;
use super::closure::Closure;
use super::error::{CarFault, CarPlace};
use super::workers::{PendingResult, Workers};
use crate::fetch::Blocks;
use crate::pin::{Below, PinError, Pinner};

/// Bytes that are checked as one job.
const JOB_BYTES: usize = 512 << 10;
/// Blocks in one job, however small they are.
const JOB_BLOCKS: usize = 1024;
/// Bytes that are being checked, at most, and one job more.
const IN_FLIGHT_BYTES: usize = 6 << 20;
/// Jobs that are being checked, at most.
const IN_FLIGHT_JOBS: usize = 32;
/// This many bytes at the end are checked where they were received.
const SMALL_REST: usize = 256 << 10;
/// Frames are cut to this many bytes, since a large one could hold very many blocks.
const PIECE: usize = 1 << 20;
/// Largest section of an archive in bytes, as Kubo has it.
const MAX_SECTION: usize = 8 << 20;
/// Roots that an import takes, over all its archives.
const MAX_ROOTS: usize = 1 << 16;

/// The result of importing archives.
#[derive(Debug)]
pub struct CarFinished {
    /// The roots of all headers, without duplicates, in order; they may be absent.
    pub roots: Vec<Cid>,
    /// Number of blocks read, duplicates included.
    pub blocks: u64,
    /// Bytes of those blocks.
    pub bytes: u64,
    /// The CIDs of those blocks, if they were to be listed and were not more than the limit.
    pub listed: Option<CidList>,
    /// Keeps the blocks until the pins have committed.
    pub hold: Option<Hold>,
    closure: Closure,
}

impl CarFinished {
    /// Whether a root and everything below it was in these archives, so that it can be pinned without checking
    /// blocks. `false` if unknown.
    #[must_use]
    pub fn is_whole(&self, root: &Cid) -> bool {
        self.closure.is_closed() && self.closure.came.contains(&root.to_v1())
    }

    /// Pins a root recursively; blocks that the archive lacks are fetched through `blocks`.
    ///
    /// # Errors
    /// As [`Pinner::add`].
    pub async fn pin(&self, pins: &Pinner, blocks: &Blocks, root: &Cid) -> Result<(), PinError> {
        match &self.hold {
            // The complete DAG was just imported: no need to check it again.
            Some(hold) if self.is_whole(root) => {
                let roots = std::slice::from_ref(root);
                pins.add_written(hold, roots, "", Below::Held).await
            }
            _ => pins.add(blocks, root, PinMode::Recursive, "", None).await,
        }
    }
}

/// Imports one archive after the other: [`CarImport::write`] its bytes, then [`CarImport::end_archive`].
///
/// CARv1 and CARv2 are detected. One sync at the end makes everything durable. If dropped midway, or after an error,
/// it leaves blocks that nothing refers to. The methods are not cancel safe: if the future of a call is dropped
/// early, the import fails.
#[derive(Debug)]
pub struct CarImport {
    blocks: Batch,
    allow_big_block: bool,
    decoder: Decoder,
    /// Whether bytes of an archive came whose end did not.
    open: bool,
    /// Whether its header was read.
    has_header: bool,
    waiting: Vec<Block>,
    waiting_bytes: usize,
    jobs: VecDeque<(PendingResult<CheckedBlocks>, usize)>,
    in_flight: usize,
    workers: Option<Arc<Workers>>,
    /// The last block of this archive that is whole.
    previous: Option<Cid>,
    roots: Vec<Cid>,
    known_roots: HashSet<Cid>,
    block_count: u64,
    byte_count: u64,
    /// The blocks and how many are listed at most; `None` when there are more, or no list is wanted.
    listed: Option<(CidList, usize)>,
    closure: Closure,
    broken: bool,
}

impl CarImport {
    /// Starts an import and takes its hold. Blocks above [`super::EXCHANGE_LIMIT`] are refused unless allowed.
    #[must_use]
    pub fn new(store: Arc<dyn BlockStore>, allow_big_block: bool) -> Self {
        Self {
            blocks: Batch::new(store, false),
            allow_big_block,
            decoder: decoder(),
            open: false,
            has_header: false,
            waiting: Vec::new(),
            waiting_bytes: 0,
            jobs: VecDeque::new(),
            in_flight: 0,
            workers: None,
            previous: None,
            roots: Vec::new(),
            known_roots: HashSet::new(),
            block_count: 0,
            byte_count: 0,
            listed: None,
            closure: Closure::default(),
            broken: false,
        }
    }

    /// Lists the blocks for [`CarFinished::listed`], if there are no more than `limit`: about 36 bytes each.
    #[must_use]
    pub fn with_list(mut self, limit: usize) -> Self {
        self.listed = Some((CidList::new(), limit));
        self
    }

    /// The hold that protects the blocks of this import from collection.
    #[must_use]
    pub fn hold(&self) -> Option<&Hold> {
        self.blocks.hold()
    }

    /// Writes the next bytes of the archive. Waits while too much is in flight.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), ImportError> {
        self.begin()?;
        self.open = true;
        while !bytes.is_empty() {
            self.decoder.push(bytes.split_to(bytes.len().min(PIECE)));
            self.read().await?;
        }
        self.broken = false;
        Ok(())
    }

    /// Ends an archive: fails when it is cut short. The next bytes begin another one.
    pub async fn end_archive(&mut self) -> Result<(), ImportError> {
        self.begin()?;
        let end = std::mem::replace(&mut self.decoder, decoder()).finish();
        // What came before the end is looked at first: its faults are the earlier ones.
        self.settle().await?;
        end.map_err(|error| self.unreadable(error))?;
        self.previous = None;
        self.open = false;
        self.has_header = false;
        self.broken = false;
        Ok(())
    }

    /// Ends the last archive if that has not been done, and makes everything durable.
    pub async fn finish(mut self) -> Result<CarFinished, ImportError> {
        if self.open {
            self.end_archive().await?;
        }
        self.begin()?;
        let hold = self.blocks.finish().await?;
        Ok(CarFinished {
            roots: self.roots,
            blocks: self.block_count,
            bytes: self.byte_count,
            listed: self.listed.map(|(list, _)| list),
            hold,
            closure: self.closure,
        })
    }

    /// Until a call is done, the import counts as broken.
    fn begin(&mut self) -> Result<(), ImportError> {
        if std::mem::replace(&mut self.broken, true) {
            Err(ImportError::Failed)
        } else {
            Ok(())
        }
    }

    async fn read(&mut self) -> Result<(), ImportError> {
        loop {
            match self.decoder.next() {
                Ok(None) => return Ok(()),
                Ok(Some(Event::Header { roots, .. })) => self.header(roots)?,
                Ok(Some(Event::Block(block))) => {
                    if check_size(block.data.len(), self.allow_big_block).is_err() {
                        return self.too_big(block).await;
                    }
                    self.waiting_bytes += block.data.len();
                    self.waiting.push(block);
                    if self.waiting_bytes >= JOB_BYTES || self.waiting.len() >= JOB_BLOCKS {
                        self.dispatch().await?;
                    }
                }
                Err(error) => {
                    self.settle().await?;
                    return Err(self.unreadable(error));
                }
            }
        }
    }

    fn header(&mut self, roots: Vec<Cid>) -> Result<(), ImportError> {
        self.has_header = true;
        for root in roots {
            if self.known_roots.insert(root.clone()) {
                self.roots.push(root);
            }
        }
        if self.roots.len() > MAX_ROOTS {
            return Err(ImportError::TooManyRoots { limit: MAX_ROOTS });
        }
        Ok(())
    }

    /// Kubo looks at a block's bytes before it looks at its size.
    async fn too_big(&mut self, block: Block) -> Result<(), ImportError> {
        let cid = block.cid.clone();
        self.waiting_bytes += block.data.len();
        self.waiting.push(block);
        let checked = self.settle().await;
        if matches!(
            checked,
            Err(ImportError::Car {
                place: CarPlace::Start | CarPlace::After(_),
                ..
            })
        ) {
            return checked;
        }
        Err(ImportError::Car {
            place: CarPlace::At(cid),
            fault: CarFault::BigBlock,
        })
    }

    /// Gives the blocks that wait to the hashing threads; first takes back what is ready, and waits for the oldest job
    /// when too much is in flight.
    async fn dispatch(&mut self) -> Result<(), ImportError> {
        loop {
            let full = self.in_flight > IN_FLIGHT_BYTES || self.jobs.len() >= IN_FLIGHT_JOBS;
            let Some((ticket, bytes)) = self.jobs.front_mut() else {
                break;
            };
            let checked = if full {
                Some(ticket.wait().await?)
            } else {
                ticket.ready()?
            };
            let Some(checked) = checked else { break };
            self.in_flight -= *bytes;
            self.jobs.pop_front();
            self.store(checked).await?;
        }
        let blocks = std::mem::take(&mut self.waiting);
        let bytes = std::mem::take(&mut self.waiting_bytes);
        let workers = match &self.workers {
            Some(workers) => workers,
            None => self.workers.insert(Workers::shared()?),
        };
        let ticket = workers.run(move || check(blocks)).await?;
        self.in_flight += bytes;
        self.jobs.push_back((ticket, bytes));
        Ok(())
    }

    /// Checks and stores all that was read.
    async fn settle(&mut self) -> Result<(), ImportError> {
        if self.waiting_bytes > SMALL_REST {
            self.dispatch().await?;
        }
        while let Some((mut ticket, bytes)) = self.jobs.pop_front() {
            let checked = ticket.wait().await?;
            self.in_flight -= bytes;
            self.store(checked).await?;
        }
        self.waiting_bytes = 0;
        let checked = check(std::mem::take(&mut self.waiting));
        self.store(checked).await
    }

    async fn store(&mut self, checked: CheckedBlocks) -> Result<(), ImportError> {
        if let Some(last) = checked.blocks.last() {
            self.previous = Some(last.cid.clone());
        }
        self.closure.note(&checked.blocks, &checked.links);
        if checked.undecodable {
            self.closure.give_up();
        }
        for block in checked.blocks {
            self.block_count += 1;
            self.byte_count += block.data.len() as u64;
            if let Some((list, limit)) = &mut self.listed {
                if list.len() < *limit {
                    list.push(&block.cid);
                } else {
                    self.listed = None;
                }
            }
            self.blocks.push(block);
            self.blocks.flush_if_full().await?;
        }
        match checked.fault {
            None => Ok(()),
            Some(BlockFault::Content(error)) => Err(ImportError::Car {
                place: self.place(),
                fault: error.into(),
            }),
            Some(BlockFault::Block(cid, error)) => Err(ImportError::Car {
                place: CarPlace::At(cid),
                fault: error.into(),
            }),
            Some(BlockFault::Name(error)) => Err(error),
        }
    }

    fn place(&self) -> CarPlace {
        self.previous
            .clone()
            .map_or(CarPlace::Start, CarPlace::After)
    }

    fn unreadable(&self, error: CarError) -> ImportError {
        if !self.has_header {
            return ImportError::CarHeader(error);
        }
        ImportError::Car {
            place: self.place(),
            fault: error.into(),
        }
    }
}

fn decoder() -> Decoder {
    Decoder::new(Limits {
        section: MAX_SECTION,
        ..Limits::default()
    })
}
