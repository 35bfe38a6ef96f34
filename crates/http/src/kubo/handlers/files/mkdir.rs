//! `files/mkdir`.

use cairn_dag::mfs::{MakeOptions, MfsError};
use cairn_wire::kubo::files::mkdir::FilesMkdir;

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for FilesMkdir {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let path = super::path(&self.path)?;
        let options = MakeOptions {
            parents: self.parents,
            cid: super::maker(self.cid_version, self.hash.as_deref())?,
            flush: self.flush,
        };
        match super::mfs(&call)?.mkdir(&path, &options).await {
            // Kubo has another text for this in other commands.
            Err(MfsError::AlreadyExists { .. }) => Err(Failure::normal("file already exists")),
            made => Ok(made?),
        }
    }
}
