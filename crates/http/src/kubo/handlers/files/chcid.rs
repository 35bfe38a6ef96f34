//! `files/chcid`.

use cairn_wire::kubo::files::chcid::FilesChcid;

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for FilesChcid {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let maker = super::maker(self.cid_version, self.hash.as_deref())?;
        let path = super::lax_path(Some(&self.path))?;
        let mfs = super::mfs(&call)?;
        Ok(mfs.chcid(&path, maker.as_ref(), self.flush).await?)
    }
}
