//! `shutdown`.

use cairn_wire::kubo::shutdown::Shutdown;

use super::super::{Answer, Call, Failure, Handler};

impl Handler for Shutdown {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        call.rpc.stop.cancel();
        Ok(())
    }
}
