//! `dag/resolve`.

use cairn_wire::kubo::dag::resolve::{DagResolve, ResolvedNode};

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for DagResolve {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let resolved = call.follow(&self.path).await?;
        Ok(ResolvedNode {
            cid: form.show(&resolved.cid).into(),
            rem_path: resolved.remainder_path().into_text(),
        })
    }
}
