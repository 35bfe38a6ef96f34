//! `files/flush`.

use cairn_wire::kubo::files::flush::{FilesFlush, Flushed};

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for FilesFlush {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let path = super::lax_path(self.path.as_ref())?;
        let cid = super::mfs(&call)?.flush(&path).await?;
        Ok(Flushed {
            cid: form.show(&cid),
        })
    }
}
