//! The bytes of a file.

use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_primitives::unixfs::ReadError;
use cairn_primitives::unixfs::file::FileChild;
use futures_util::Stream;

use super::ExportError;
use crate::error::NodeError;
use crate::fetch::{Blocks, ReadAhead, TOGETHER};
use crate::unixfs;
use crate::walk::AHEAD_OF_LAST;

/// Reads a file's bytes in order, block by block, without copying them. Bytes before the position are skipped by the
/// child sizes in nodes, without reading them.
///
/// Blocks must have the sizes stated in their parents: a stream never yields more or fewer bytes than announced.
pub struct FileReader {
    blocks: Blocks,
    size: u64,
    /// Where reading continues, in bytes from the front.
    position: u64,
    end: u64,
    /// The root, until the first read or after a seek.
    root: (Cid, Bytes),
    started: bool,
    stack: Vec<Level>,
    /// Bytes that the levels hold, and the first that is not set aside.
    held: usize,
    outermost: usize,
}

/// Nodes that may be open, one inside the other. Real files have five, and [`AHEAD_OF_LAST`] bounds what they hold.
const MAX_OPEN: usize = 4096;

/// A node whose children are being read.
struct Level {
    cid: Cid,
    part: Part,
    /// `None` while it is set aside.
    children: Option<ReadAhead<Part>>,
    held: usize,
}

/// Bytes of the file that a block holds, itself and below it.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: u64,
    end: u64,
}

impl FileReader {
    /// Opens a file: UnixFS, or a raw block.
    ///
    /// # Errors
    /// [`ExportError::IsDirectory`] and [`NodeError::UnknownType`] for what is not a file.
    pub async fn open(blocks: &Blocks, cid: &Cid) -> Result<Self, ExportError> {
        let data = blocks.get(cid).await?;
        Self::of_block(blocks.clone(), cid.clone(), data)
    }

    /// Opens a file from its root block.
    pub(super) fn of_block(blocks: Blocks, cid: Cid, data: Bytes) -> Result<Self, ExportError> {
        let size = match unixfs::file_node(&cid, &data) {
            Ok(node) => node.size,
            Err(NodeError::UnixFs {
                error: ReadError::Kind { found, .. },
                ..
            }) if found.is_directory() => {
                return Err(ExportError::IsDirectory);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            blocks,
            size,
            position: 0,
            end: size,
            root: (cid, data),
            started: false,
            stack: Vec::new(),
            held: 0,
            outermost: 0,
        })
    }

    /// Bytes of the whole file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that are still to come.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.end - self.position
    }

    /// Continues at an offset, for at most `length` bytes; both are limited to the file.
    pub fn seek(&mut self, offset: u64, length: Option<u64>) {
        self.position = offset.min(self.size);
        self.end = length.map_or(self.size, |length| {
            self.position.saturating_add(length).min(self.size)
        });
        self.stack.clear();
        (self.held, self.outermost) = (0, 0);
        self.started = false;
    }

    /// The next bytes: at most one block, never empty; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ExportError> {
        if self.position == self.end {
            return Ok(None);
        }
        if !self.started {
            self.started = true;
            let (cid, data) = self.root.clone();
            let whole = Part {
                start: 0,
                end: self.size,
            };
            if let Some(bytes) = self.visit(&cid, &data, whole)? {
                return Ok(Some(bytes));
            }
        }
        while self.position < self.end {
            let Some(level) = self.stack.last_mut() else {
                // Sizes are checked node by node, so that this cannot be reached; it must not pass for the end.
                return Err(ExportError::SizeMismatch {
                    cid: self.root.0.clone(),
                    found: self.position,
                    claimed: self.size,
                });
            };
            tokio::task::consume_budget().await;
            let Some(children) = &mut level.children else {
                let data = self.blocks.get(&level.cid).await?;
                let (cid, part) = (level.cid.clone(), level.part);
                let node = unixfs::file_node(&cid, &data)?;
                self.leave();
                self.enter(&cid, node.children, part)?;
                continue;
            };
            let Some((cid, part, data)) = children.next(|_| true).await else {
                self.leave();
                continue;
            };
            if children.is_done() {
                self.leave();
            }
            if let Some(bytes) = self.visit(&cid, &data?, part)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The bytes as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
        futures_util::stream::try_unfold(self, |mut file| async move {
            Ok(file.next().await?.map(|bytes| (bytes, file)))
        })
    }

    /// Takes the bytes of a block that are wanted, and continues with those of its children that are.
    fn visit(&mut self, cid: &Cid, data: &Bytes, part: Part) -> Result<Option<Bytes>, ExportError> {
        let claimed = part.end - part.start;
        let node = unixfs::file_node(cid, data)?;
        if node.size != claimed {
            return Err(ExportError::SizeMismatch {
                cid: cid.clone(),
                found: node.size,
                claimed,
            });
        }
        self.enter(cid, node.children, part)?;
        Ok(self.take(node.data, part.start))
    }

    /// Opens a node for those of its children that are wanted yet, and sets outer ones aside where they hold too much: they
    /// are read again when the position comes back to them.
    fn enter(
        &mut self,
        cid: &Cid,
        children: Vec<FileChild>,
        part: Part,
    ) -> Result<(), ExportError> {
        // Ranges of children count from the front of their node: they end within it, and it ends within the file.
        let absolute = |at: u64| part.start + at;
        let children: Vec<_> = children
            .into_iter()
            .map(|child| {
                (
                    child.cid,
                    Part {
                        start: absolute(child.range.start),
                        end: absolute(child.range.end),
                    },
                )
            })
            .skip_while(|(_, part)| part.end <= self.position)
            .take_while(|(_, part)| part.start < self.end)
            .filter(|(_, part)| part.start < part.end)
            .collect();
        if children.is_empty() {
            return Ok(());
        }
        if self.stack.len() >= MAX_OPEN {
            return Err(ExportError::TooDeep { cid: cid.clone() });
        }
        // With what may have been read ahead.
        let held = children.len() * size_of::<(Cid, Part)>() + TOGETHER;
        self.held += held;
        self.stack.push(Level {
            cid: cid.clone(),
            part,
            children: Some(ReadAhead::new(self.blocks.clone(), children)),
            held,
        });
        while self.outermost + 1 < self.stack.len()
            && let Some(level) = self.stack.get_mut(self.outermost)
            && self.held - level.held > AHEAD_OF_LAST
        {
            level.children = None;
            self.held -= std::mem::take(&mut level.held);
            self.outermost += 1;
        }
        Ok(())
    }

    fn leave(&mut self) {
        if let Some(level) = self.stack.pop() {
            self.held -= level.held;
        }
        self.outermost = self.outermost.min(self.stack.len());
    }

    /// What is wanted of bytes that begin at `start`, if any is; moves the position after it.
    fn take(&mut self, mut bytes: Bytes, start: u64) -> Option<Bytes> {
        let end = start + bytes.len() as u64;
        let from = self.position.max(start);
        let to = self.end.min(end);
        if from >= to {
            return None;
        }
        self.position = to;
        // Both lie within `bytes`, whose length is a usize.
        let from = usize::try_from(from - start).unwrap_or(bytes.len());
        let to = usize::try_from(to - start).unwrap_or(bytes.len());
        bytes.truncate(to);
        let _before = bytes.split_to(from.min(bytes.len()));
        Some(bytes)
    }
}

impl std::fmt::Debug for FileReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileReader")
            .field("size", &self.size)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
