//! The filestore.

use cairn_primitives::Cid;
use cairn_wire::kubo::filestore::dups::FilestoreDups;
use cairn_wire::kubo::filestore::ls::FilestoreLs;
use cairn_wire::kubo::filestore::verify::FilestoreVerify;
use cairn_wire::kubo::filestore::{self as wire, FileBlock};
use cairn_wire::kubo::refs::links::Ref;

use super::refs::link;
use crate::error::Error;
use crate::kubo::{Call, IntoPaths, cid, list, setters, some, texts};

group! {
    /// The filestore: blocks that are stored as references to files on the server, see [`AddCall::nocopy`](crate::AddCall::nocopy).
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// for block in kubo.filestore().verify().await? {
    ///     println!("{:?} {} {:?}", block.cid, block.path, block.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Filestore, filestore
}

impl Filestore<'_> {
    /// Lists all blocks.
    pub fn ls(&self) -> Call<FilestoreLs> {
        Call::new(self.0, FilestoreLs::new(Vec::new()))
    }

    /// Lists these blocks.
    pub fn ls_of(&self, cids: impl IntoPaths) -> Call<FilestoreLs> {
        Call::new(self.0, FilestoreLs::new(texts(cids)))
    }

    /// Verifies all blocks.
    pub fn verify(&self) -> Call<FilestoreVerify> {
        Call::new(self.0, FilestoreVerify::new(Vec::new()))
    }

    /// Verifies these blocks.
    pub fn verify_of(&self, cids: impl IntoPaths) -> Call<FilestoreVerify> {
        Call::new(self.0, FilestoreVerify::new(texts(cids)))
    }

    /// Lists the blocks that are also in the block store.
    pub fn dups(&self) -> Call<FilestoreDups> {
        Call::new(self.0, FilestoreDups::new())
    }
}

/// A block in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredFile {
    /// The block; `None` for an invalid CID.
    pub cid: Option<Cid>,
    /// The file, relative to the directory that contains the repository.
    pub path: String,
    /// The offset of the block in bytes.
    pub offset: u64,
    /// The length of the block in bytes.
    pub size: u64,
    /// Its status.
    pub status: FileStatus,
    /// The error.
    pub error: Option<String>,
}

/// The status of a block in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileStatus {
    /// The block can be read, or was not verified.
    Ok,
    /// The file cannot be read.
    Unreadable,
    /// The file does not exist.
    NoFile,
    /// The file was modified.
    Changed,
    /// The block is not in the filestore.
    Missing,
    /// Any other error.
    Other,
}

fn block(block: FileBlock) -> Result<StoredFile, Error> {
    Ok(StoredFile {
        cid: block.key.map(|key| cid(&key.cid)).transpose()?,
        path: block.file_path,
        offset: block.offset,
        size: block.size,
        status: match block.status {
            wire::OK => FileStatus::Ok,
            wire::FILE_ERROR => FileStatus::Unreadable,
            wire::NO_FILE => FileStatus::NoFile,
            wire::CHANGED => FileStatus::Changed,
            wire::MISSING => FileStatus::Missing,
            _ => FileStatus::Other,
        },
        error: some(block.error_msg),
    })
}

list! {
    FilestoreLs, FileBlock => StoredFile, |found, items| {
        items.push_back(block(found)?);
        Ok(())
    };
    FilestoreVerify, FileBlock => StoredFile, |found, items| {
        items.push_back(block(found)?);
        Ok(())
    };
    FilestoreDups, Ref => Cid, |found, items| {
        items.push_back(cid(&link(found)?)?);
        Ok(())
    };
}

cairn_wire::FilestoreLs!(setters);
cairn_wire::FilestoreVerify!(setters);
