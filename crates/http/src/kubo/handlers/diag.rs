//! `diag/cmds`, `diag/healthy` and `diag/sys`.

use std::collections::BTreeMap;

use cairn_node::config::GoDuration;
use cairn_wire::kubo::diag::cmds::clear::DiagCmdsClear;
use cairn_wire::kubo::diag::cmds::list::{DiagCmds, RequestEntry};
use cairn_wire::kubo::diag::cmds::set_time::DiagCmdsSetTime;
use cairn_wire::kubo::diag::healthy::DiagHealthy;
use cairn_wire::kubo::diag::sys::DiagSys;
use serde_json::{Value, json};

use super::super::{Answer, Call, Failure, Handler, times};
use super::version::{ARCHITECTURE, SYSTEM};
use crate::requests::Entry;

impl Handler for DiagCmds {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        Ok(call
            .rpc
            .requests
            .list()
            .into_iter()
            .map(to_record)
            .collect())
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

impl Handler for DiagSys {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let node = call.node().clone();
        let system = tokio::task::spawn_blocking(move || {
            let path = node.repo().path();
            let disk = cairn_store::block::disk::space(path)
                .map_err(|error| Failure::normal(format!("cannot look at the disk: {error}")))?;
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            Ok::<_, Failure>(json!({
                "diskinfo": {
                    "free_space": disk.free,
                    "total_space": disk.total,
                },
                "environment": { "IPFS_PATH": path.display().to_string() },
                "ipfs_commit": "",
                "ipfs_version": call.rpc.version(),
                "memory": { "virt": virtual_memory() },
                "net": { "online": !node.blocks().is_offline() },
                "runtime": {
                    "arch": ARCHITECTURE,
                    "compiler": "rustc",
                    "numcpu": threads,
                    "os": SYSTEM,
                    "version": concat!("cairn-", env!("CARGO_PKG_VERSION")),
                },
            }))
        });
        system
            .await
            .map_err(|_| Failure::normal("the look at the system was interrupted"))?
    }
}

pub(super) fn to_record(entry: Entry) -> RequestEntry {
    let mut options: BTreeMap<String, Value> =
        [("encoding".to_owned(), Value::from("json"))].into();
    let given = entry.options.into_iter();
    options.extend(given.map(|(name, value)| (name, Value::from(value))));
    RequestEntry {
        start_time: times::of_system(Some(entry.started)).unwrap_or_default(),
        end_time: times::of_system(entry.ended).unwrap_or_else(|| times::NONE.to_owned()),
        active: entry.ended.is_none(),
        command: entry.command.to_owned(),
        options,
        args: entry.arguments,
        id: entry.id,
    }
}

/// Bytes of memory that the process has mapped, if known.
fn virtual_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
