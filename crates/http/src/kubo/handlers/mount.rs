//! `mount`: a refusal.

use cairn_wire::kubo::mount::Mount;

use super::super::{Answer, Call, Failure, Handler};

impl Handler for Mount {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        call.network()?;
        Err(Failure::normal(
            "mounting file systems is not supported: read content with `cat`, `get` or the gateway",
        ))
    }
}
