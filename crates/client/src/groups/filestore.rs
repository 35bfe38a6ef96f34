//! Blocks that lie in files.

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
    /// The filestore: blocks that lie in files of the server's machine, as `nocopy` leaves them.
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
    /// Lists the blocks.
    pub fn ls(&self) -> Call<FilestoreLs> {
        Call::new(self.0, FilestoreLs::new(Vec::new()))
    }

    /// Lists these blocks.
    pub fn ls_of(&self, cids: impl IntoPaths) -> Call<FilestoreLs> {
        Call::new(self.0, FilestoreLs::new(texts(cids)))
    }

    /// Checks the blocks.
    pub fn verify(&self) -> Call<FilestoreVerify> {
        Call::new(self.0, FilestoreVerify::new(Vec::new()))
    }

    /// Checks these blocks.
    pub fn verify_of(&self, cids: impl IntoPaths) -> Call<FilestoreVerify> {
        Call::new(self.0, FilestoreVerify::new(texts(cids)))
    }

    /// Lists the blocks that lie in the store as well.
    pub fn dups(&self) -> Call<FilestoreDups> {
        Call::new(self.0, FilestoreDups::new())
    }
}

/// A block that lies in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredFile {
    /// The block; `None` when what was asked for is no CID.
    pub cid: Option<Cid>,
    /// The file, from the folder that holds the repository.
    pub path: String,
    /// Where the block begins in it, in bytes.
    pub offset: u64,
    /// The block's length in bytes.
    pub size: u64,
    /// How it was found.
    pub status: FileStatus,
    /// What is wrong.
    pub error: Option<String>,
}

/// How a block was found in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileStatus {
    /// It can be read, or was not checked.
    Ok,
    /// The file cannot be read.
    Unreadable,
    /// The file is gone.
    NoFile,
    /// The file was changed.
    Changed,
    /// It is in no file.
    Missing,
    /// Something else is wrong.
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
