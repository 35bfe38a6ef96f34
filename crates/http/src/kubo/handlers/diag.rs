//! `diag/sys`.

use cairn_wire::kubo::diag::sys::DiagSys;
use serde_json::json;

use super::super::{Answer, Call, Failure, Handler};
use super::version::{ARCHITECTURE, SYSTEM};

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

/// Bytes of memory that the process has mapped, if known.
fn virtual_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
