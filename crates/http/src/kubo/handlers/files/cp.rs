//! `files/cp`.

use cairn_dag::mfs::CopyOptions;
use cairn_wire::kubo::files::cp::FilesCp;

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for FilesCp {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let from = match super::outside(&self.source) {
            Some(path) => path,
            None => {
                super::path(&self.source)?;
                self.source.into_bytes()
            }
        };
        let to = super::path(&self.dest)?;
        let options = CopyOptions {
            force: self.force,
            parents: self.parents,
            flush: self.flush,
            ..CopyOptions::default()
        };
        Ok(super::mfs(&call)?.cp(from, &to, &options).await?)
    }
}
