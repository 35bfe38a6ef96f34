//! `resolve`.

use cairn_primitives::path::ContentPath;
use cairn_wire::kubo::resolve::{Resolve, ResolvedPath};

use super::super::{Answer, Call, Failure, Handler};

impl Handler for Resolve {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids_like(&self.name)?;
        let resolved = call.follow(&self.name).await?;
        let block = format!(
            "/{}/{}",
            resolved.namespace.as_str(),
            form.show(&resolved.cid)
        );
        let path = ContentPath::new([block.as_bytes(), &*resolved.remainder_path()].concat())?;
        Ok(ResolvedPath {
            path: path.to_string(),
        })
    }
}
