//! `pin/rm`.

use cairn_wire::kubo::pin::rm::{PinRm, Unpinned};

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for PinRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let mut pins = Vec::with_capacity(self.paths.len());
        for path in &self.paths {
            let cid = call.resolve(path).await?;
            call.node().pins().remove(&cid, self.recursive).await?;
            pins.push(form.show(&cid));
        }
        Ok(Unpinned { pins })
    }
}
