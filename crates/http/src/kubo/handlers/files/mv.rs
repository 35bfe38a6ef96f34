//! `files/mv`.

use cairn_wire::kubo::files::mv::FilesMv;

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for FilesMv {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let (from, to) = (super::path(&self.source)?, super::path(&self.dest)?);
        Ok(super::mfs(&call)?.mv(&from, &to, self.flush).await?)
    }
}
