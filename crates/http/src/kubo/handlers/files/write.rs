//! `files/write`.

use std::error::Error;

use cairn_dag::mfs::{Body, WriteOptions};
use cairn_wire::kubo::files::write::FilesWrite;
use futures_util::{StreamExt as _, stream};

use super::super::super::files::{FileKind, Files};
use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for FilesWrite {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let path = super::path(&self.path)?;
        let options = WriteOptions {
            offset: u64::try_from(self.offset)
                .map_err(|_| Failure::normal("cannot have negative write offset"))?,
            create: self.create,
            parents: self.parents,
            truncate: self.truncate,
            count: self
                .count
                .map(u64::try_from)
                .transpose()
                .map_err(|_| Failure::normal("cannot have negative byte count"))?,
            raw_leaves: self.raw_leaves,
            cid: super::maker(self.cid_version, self.hash.as_deref())?,
            flush: self.flush,
        };
        let mfs = super::mfs(&call)?;
        match files.next().await? {
            Some(head) if head.kind == FileKind::File => {}
            Some(_) => return Err(Failure::normal("expected a regular file")),
            None => return Err(Failure::normal("expected a file argument")),
        }
        Ok(mfs.write(&path, &options, body(files)).await?)
    }
}

/// The bytes of the current part.
fn body(files: Files) -> Body<'static> {
    stream::try_unfold(files, |mut files| async move {
        match files.chunk().await {
            Ok(piece) => Ok(piece.map(|piece| (piece, files))),
            Err(failure) => Err(Box::new(failure) as Box<dyn Error + Send + Sync>),
        }
    })
    .boxed()
}
