//! Reading files.

use bytes::Bytes;

use super::editor::MfsNode;
use super::{Mfs, MfsError, MfsPath, TreeSnapshot};
use crate::export::FileReader;

/// The bytes of a file as of the start of reading. Its blocks are protected from collection until this is dropped.
#[derive(Debug)]
pub struct FileBytes {
    reader: FileReader,
    _reading: TreeSnapshot,
}

impl FileBytes {
    /// Bytes that are still to come.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.reader.remaining()
    }

    /// The next bytes, never none; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, MfsError> {
        Ok(self.reader.next().await?)
    }
}

impl Mfs {
    /// Reads at most `count` bytes of a file from an offset.
    ///
    /// # Errors
    /// [`MfsError::NotFound`], [`MfsError::NotFile`], [`MfsError::Symlink`], [`MfsError::PastEnd`].
    pub async fn read(
        &self,
        path: &MfsPath,
        offset: u64,
        count: Option<u64>,
    ) -> Result<FileBytes, MfsError> {
        let reading = self.reading();
        let editor = self.editor();
        let cid = editor.find(&reading.root, path.names()).await?;
        match editor.load(&cid).await?.0 {
            MfsNode::Node(node) if node.fs.kind.is_directory() => {
                return Err(MfsError::NotFile {
                    path: path.to_string(),
                });
            }
            found if found.is_symlink() => {
                return Err(MfsError::Symlink {
                    path: path.to_string(),
                });
            }
            _ => {}
        }
        let mut reader = FileReader::open(&self.inner.blocks, &cid).await?;
        let size = reader.size();
        if offset > size {
            return Err(MfsError::PastEnd { offset, size });
        }
        reader.seek(offset, count);
        Ok(FileBytes {
            reader,
            _reading: reading,
        })
    }
}
