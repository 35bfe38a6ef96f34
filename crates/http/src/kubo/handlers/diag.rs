//! `diag/cmds` and `diag/healthy`.

use cairn_node::config::GoDuration;
use cairn_wire::kubo::diag::cmds::clear::DiagCmdsClear;
use cairn_wire::kubo::diag::cmds::list::{DiagCmds, RequestEntry};
use cairn_wire::kubo::diag::cmds::set_time::DiagCmdsSetTime;
use cairn_wire::kubo::diag::healthy::DiagHealthy;
use serde_json::Value;

use super::super::{Answer, Call, Failure, Handler};
use super::time;
use crate::requests::Entry;

impl Handler for DiagCmds {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        Ok(call.rpc.requests.list().into_iter().map(shown).collect())
    }
}

impl Handler for DiagCmdsClear {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        call.rpc.requests.clear();
        Ok(())
    }
}

impl Handler for DiagCmdsSetTime {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let time = self.time.parse::<GoDuration>();
        let time = time.map_err(|error| Failure::normal(error.to_string()))?;
        call.rpc.requests.set_keep(time.to_std());
        Ok(())
    }
}

impl Handler for DiagHealthy {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let stopping = || call.rpc.stop.is_cancelled() || call.node().stopping().is_cancelled();
        if stopping() {
            return Err(Failure::normal("daemon is shutting down"));
        }
        let node = call.node().clone();
        // Both look at what is on disk.
        let looked = tokio::task::spawn_blocking(move || {
            node.store().stat().map(drop)?;
            node.rows().store_id().map(drop)?;
            Ok::<_, cairn_store::BlockError>(())
        });
        looked
            .await
            .map_err(|_| Failure::normal("the check was interrupted"))??;
        Ok("ok".to_owned())
    }
}

pub(super) fn shown(entry: Entry) -> RequestEntry {
    let mut options: std::collections::BTreeMap<String, Value> =
        [("encoding".to_owned(), Value::from("json"))].into();
    let given = entry.options.into_iter();
    options.extend(given.map(|(name, value)| (name, Value::from(value))));
    RequestEntry {
        start_time: time::of_system(Some(entry.started)).unwrap_or_default(),
        end_time: time::of_system(entry.ended).unwrap_or_else(|| time::NONE.to_owned()),
        active: entry.ended.is_none(),
        command: entry.command.to_owned(),
        options,
        args: entry.arguments,
        id: entry.id,
    }
}
