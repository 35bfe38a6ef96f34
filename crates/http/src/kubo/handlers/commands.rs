//! `commands`.

use cairn_wire::kubo::commands::{CommandTree, Commands};

use super::super::{Answer, Asked, Failure, Handler};

impl Handler for Commands {
    async fn handle(self, _: Asked) -> Result<Answer<Self>, Failure> {
        Ok(CommandTree::whole())
    }
}
