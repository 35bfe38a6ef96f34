//! Concatenated files, for `cat`.

use std::collections::VecDeque;

use bytes::Bytes;
use cairn_primitives::Cid;
use futures_util::Stream;

use super::{ExportError, FileReader};
use crate::fetch::Blocks;

/// A byte range of the concatenated files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CatRange {
    offset: u64,
    length: Option<u64>,
}

impl CatRange {
    /// A range of an offset and a length, or to the end; both in bytes.
    ///
    /// # Errors
    /// [`ExportError::NegativeOffset`], [`ExportError::NegativeLength`].
    pub fn new(offset: i64, length: Option<i64>) -> Result<Self, ExportError> {
        let offset = u64::try_from(offset).map_err(|_| ExportError::NegativeOffset)?;
        let length = length
            .map(u64::try_from)
            .transpose()
            .map_err(|_| ExportError::NegativeLength)?;
        Ok(Self { offset, length })
    }
}

/// Files read as if they were one.
///
/// Files are added until [`Cat::is_full`]; then the length is known, and the bytes can be read.
#[derive(Debug)]
pub struct Cat {
    blocks: Blocks,
    /// Bytes to skip yet.
    offset: u64,
    /// Bytes to take yet.
    left: Option<u64>,
    length: u64,
    files: VecDeque<FileReader>,
}

impl Cat {
    /// Begins without files.
    #[must_use]
    pub fn new(blocks: Blocks, range: CatRange) -> Self {
        Self {
            blocks,
            offset: range.offset,
            left: range.length,
            length: 0,
            files: VecDeque::new(),
        }
    }

    /// Whether further files are outside the range. Kubo does not open them then.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    /// Adds a file; reads no more than its first block.
    ///
    /// # Errors
    /// As [`FileReader::open`].
    pub async fn add(&mut self, cid: &Cid) -> Result<(), ExportError> {
        let mut file = FileReader::open(&self.blocks, cid).await?;
        if self.offset > file.size() {
            self.offset -= file.size();
            return Ok(());
        }
        file.seek(self.offset, self.left);
        self.offset = 0;
        self.length = self.length.saturating_add(file.remaining());
        if let Some(left) = &mut self.left {
            *left -= file.remaining();
        }
        self.files.push_back(file);
        Ok(())
    }

    /// The total number of bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The next bytes, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ExportError> {
        while let Some(file) = self.files.front_mut() {
            if let Some(bytes) = file.next().await? {
                return Ok(Some(bytes));
            }
            self.files.pop_front();
        }
        Ok(None)
    }

    /// The bytes as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
        futures_util::stream::try_unfold(self, |mut cat| async move {
            Ok(cat.next().await?.map(|bytes| (bytes, cat)))
        })
    }
}
