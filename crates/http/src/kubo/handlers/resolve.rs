//! `resolve`.

use cairn_primitives::path::ContentPath;
use cairn_wire::kubo::resolve::{Resolve, ResolvedPath};

use super::super::{Answer, Call, Failure, Handler};

impl Handler for Resolve {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids_like(&self.name)?;
        let resolved = call.follow(&self.name).await?;
        let path = ContentPath::new(&format!(
            "/{}/{}{}",
            resolved.namespace.as_str(),
            form.show(&resolved.cid),
            resolved.remainder_path()
        ))?;
        Ok(ResolvedPath {
            path: path.to_string(),
        })
    }
}
