//! `pin/update`.

use cairn_wire::kubo::pin::update::{PinUpdate, Updated};

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for PinUpdate {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let from = call.resolve(&self.from).await?;
        let to = call.resolve(&self.to).await?;
        call.node()
            .pins()
            .update(&call.blocks(), &from, &to, self.unpin)
            .await?;
        Ok(Updated {
            pins: vec![form.show(&from), form.show(&to)],
        })
    }
}
