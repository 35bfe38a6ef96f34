//! `commands`.

use cairn_wire::kubo::commands::{CommandTree, Commands};

use super::super::{Answer, CallContext, Failure, Handler};

impl Handler for Commands {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        Ok(CommandTree::all())
    }
}
