//! `pin/update`.

use cairn_wire::kubo::pin::update::{PinUpdate, Updated};

use super::super::super::{Answer, Call, Failure, Handler};
use super::super::fast_provide::{FastProvide, Kept};

impl Handler for PinUpdate {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let from = call.resolve(&self.from).await?;
        let to = call.resolve(&self.to).await?;
        call.node()
            .pins()
            .update(&call.blocks(), &from, &to, self.unpin)
            .await?;
        let fast = FastProvide::new(
            self.fast_provide_root,
            self.fast_provide_dag,
            self.fast_provide_wait,
        );
        fast.announce(&call, std::slice::from_ref(&to), Kept::PINNED)
            .await?;
        Ok(Updated {
            pins: vec![form.show(&from), form.show(&to)],
        })
    }
}
