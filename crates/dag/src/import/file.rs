//! One file: bytes in, blocks out.
//!
//! The receiving task cuts the bytes into chunks; the hashing threads hash groups of chunks; their leaves are joined
//! to a tree in order, whose blocks are written to the store in batches. The amount in flight is bounded, so memory
//! does not depend on the size of the file. Small files stay in the task: a thread would cost more than it saves.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::unixfs::chunker::{Chunker, ChunkerSpec};
use cairn_primitives::unixfs::layout::{FileBuilder, LayoutParams, Leaf, make_leaf};
use cairn_primitives::unixfs::{BuildError, Built};
use cairn_primitives::{Block, Codec};
use cairn_store::block::NewReference;

use super::ImportError;
use super::blocks::Batch;
use super::importer::Importer;
use super::workers::PendingResult;

/// Bytes that are hashed as one job: enough to make the way to a thread and back cheap.
const JOB_BYTES: usize = 512 << 10;
/// Chunks in one job, however small they are.
const JOB_CHUNKS: usize = 1024;
/// Bytes of one file that are being hashed, at most.
const IN_FLIGHT_BYTES: usize = 6 << 20;
/// Jobs of one file that are being hashed, at most.
const IN_FLIGHT_JOBS: usize = 32;
/// A file of this many bytes is hashed where it is received.
const SMALL_FILE: usize = 256 << 10;
/// Chunks of this many bytes are copied out of the frame that they came in.
const SMALL_COPY: usize = 64 << 10;
/// Chunks smaller than this could be very many in one frame.
const TINY_CHUNK: usize = 1 << 10;
/// Frames are cut to this many bytes when chunks are tiny, and to [`LARGE_PIECE`] otherwise.
const SMALL_PIECE: usize = 64 << 10;
const LARGE_PIECE: usize = 4 << 20;

type Leaves = Result<Vec<Leaf>, BuildError>;

/// A file that is being imported. Its methods take the importer that it belongs to.
#[derive(Debug)]
pub(super) struct FileImport {
    params: Arc<LayoutParams>,
    chunker: Chunker,
    /// Bytes of a frame that are cut at once.
    piece: usize,
    /// Chunks that wait for a job.
    chunks: VecDeque<Bytes>,
    chunk_bytes: usize,
    /// Jobs in the order of the file, with their bytes.
    jobs: VecDeque<(PendingResult<Leaves>, usize)>,
    in_flight: usize,
    builder: FileBuilder,
    source: Option<Source>,
    /// A call was dropped or failed: bytes may be missing.
    broken: bool,
}

/// Where the bytes stay.
#[derive(Debug)]
pub(super) struct Source {
    path: Arc<str>,
    offset: u64,
    accepted: bool,
}

impl Source {
    /// A path or URL; `accepted` when references to it can be made.
    pub(super) fn new(path: &str, accepted: bool) -> Self {
        Self {
            path: path.into(),
            offset: 0,
            accepted,
        }
    }
}

impl FileImport {
    pub(super) fn new(
        params: LayoutParams,
        chunker: &ChunkerSpec,
        source: Option<Source>,
    ) -> Result<Self, ImportError> {
        let tiny = match chunker {
            ChunkerSpec::Size(size) => size.get() < TINY_CHUNK,
            ChunkerSpec::Rabin { min, .. } => *min < TINY_CHUNK,
            _ => false,
        };
        Ok(Self {
            builder: FileBuilder::new(params.clone())?,
            params: Arc::new(params),
            chunker: Chunker::new(chunker),
            piece: if tiny { SMALL_PIECE } else { LARGE_PIECE },
            chunks: VecDeque::new(),
            chunk_bytes: 0,
            jobs: VecDeque::new(),
            in_flight: 0,
            source,
            broken: false,
        })
    }

    pub(super) async fn write(
        &mut self,
        importer: &mut Importer,
        mut bytes: Bytes,
    ) -> Result<(), ImportError> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(ImportError::Failed);
        }
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(self.piece));
            let (chunks, length) = (&mut self.chunks, &mut self.chunk_bytes);
            self.chunker.push(piece, &mut |chunk| {
                *length += chunk.len();
                chunks.push_back(chunk);
            });
            while self.chunk_bytes >= JOB_BYTES || self.chunks.len() >= JOB_CHUNKS {
                self.hash(importer).await?;
            }
        }
        self.broken = false;
        Ok(())
    }

    /// Gives chunks that wait to the hashing threads, enough for one job. First takes back what is ready, and waits for the
    /// oldest job when too much is in flight.
    async fn hash(&mut self, importer: &mut Importer) -> Result<(), ImportError> {
        loop {
            let full =
                self.in_flight + JOB_BYTES > IN_FLIGHT_BYTES || self.jobs.len() >= IN_FLIGHT_JOBS;
            let Some((ticket, bytes)) = self.jobs.front_mut() else {
                break;
            };
            let leaves = if full {
                Some(ticket.wait().await?)
            } else {
                ticket.ready()?
            };
            let Some(leaves) = leaves else { break };
            self.in_flight -= *bytes;
            self.jobs.pop_front();
            self.join(importer, leaves?).await?;
        }
        let (chunks, bytes) = self.next_job();
        let params = Arc::clone(&self.params);
        let work = move || {
            chunks
                .into_iter()
                .map(|chunk| make_leaf(&params, chunk))
                .collect()
        };
        let ticket = importer.workers()?.run(work).await?;
        self.in_flight += bytes;
        self.jobs.push_back((ticket, bytes));
        Ok(())
    }

    fn next_job(&mut self) -> (Vec<Bytes>, usize) {
        let (mut job, mut bytes) = (Vec::new(), 0);
        while bytes < JOB_BYTES && job.len() < JOB_CHUNKS {
            let Some(chunk) = self.chunks.pop_front() else {
                break;
            };
            bytes += chunk.len();
            job.push(chunk);
        }
        self.chunk_bytes -= bytes;
        (job, bytes)
    }

    /// Joins leaves to the tree and hands over the blocks that are complete.
    async fn join(
        &mut self,
        importer: &mut Importer,
        leaves: Vec<Leaf>,
    ) -> Result<(), ImportError> {
        for leaf in leaves {
            let (blocks, source) = (&mut importer.blocks, &mut self.source);
            self.builder
                .push(leaf, &mut |block| take(blocks, source, block))?;
            importer.blocks.flush_if_full().await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self, importer: &mut Importer) -> Result<Built, ImportError> {
        if self.broken {
            return Err(ImportError::Failed);
        }
        let (chunks, length) = (&mut self.chunks, &mut self.chunk_bytes);
        self.chunker.finish(&mut |chunk| {
            *length += chunk.len();
            chunks.push_back(chunk);
        });
        if self.jobs.is_empty() && self.chunk_bytes <= SMALL_FILE {
            let chunks = std::mem::take(&mut self.chunks);
            let leaves: Vec<Leaf> = chunks
                .into_iter()
                .map(|chunk| make_leaf(&self.params, compact(chunk)))
                .collect::<Leaves>()?;
            self.join(importer, leaves).await?;
        }
        while !self.chunks.is_empty() {
            self.hash(importer).await?;
        }
        while let Some((mut ticket, _)) = self.jobs.pop_front() {
            let leaves = ticket.wait().await??;
            self.join(importer, leaves).await?;
        }
        let (blocks, source) = (&mut importer.blocks, &mut self.source);
        let built = self
            .builder
            .finish(&mut |block| take(blocks, source, block))?;
        if self.source.is_some_and(|source| !source.accepted) {
            // A refusal comes before the file is told to be there.
            importer.blocks.flush().await?;
        }
        importer.blocks.flush_if_full().await?;
        Ok(built)
    }
}

/// Takes a block of a file: to the store, or as a reference.
fn take(blocks: &mut Batch, source: &mut Option<Source>, block: Block) {
    match source {
        // Leaves come in the order of the file; where bytes stay, they are raw. An empty one is nowhere in it.
        Some(Source { path, offset, .. })
            if block.cid.codec() == Codec::RAW && !block.data.is_empty() =>
        {
            let size = block.data.len() as u64;
            blocks.refer(NewReference {
                key: block.cid.hash().clone(),
                source: Arc::clone(path),
                offset: *offset,
                size,
            });
            *offset += size;
        }
        _ => blocks.push(block),
    }
}

/// A small chunk in memory of its own: as a slice it would keep a whole frame of the connection.
fn compact(chunk: Bytes) -> Bytes {
    if chunk.len() <= SMALL_COPY {
        Bytes::copy_from_slice(&chunk)
    } else {
        chunk
    }
}
