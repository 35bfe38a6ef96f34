//! `commands`, `diag/sys` and `version/deps`: information about the program and its machine.

use cairn_wire::kubo::commands::{CommandTree, Commands};
use cairn_wire::kubo::diag::sys::DiagSys;
use cairn_wire::kubo::version::deps::{Dependency, VersionDeps};
use serde_json::json;

use super::super::{Answer, Call, CallContext, Failure, Handler, Records};
use super::version::{ARCHITECTURE, SYSTEM};

/// The dependencies of the program.
const LOCK: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));

impl Handler for Commands {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        Ok(CommandTree::all())
    }
}

impl Handler for VersionDeps {
    async fn handle(self, _: CallContext) -> Result<Answer<Self>, Failure> {
        let own = Dependency {
            path: "cairn".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Dependency::default()
        };
        let records = std::iter::once(own).chain(dependencies(LOCK)).map(Ok);
        Ok(Records::stream(futures_util::stream::iter(records)))
    }
}

/// The external packages of a lock file, which has one `key = "value"` per line.
fn dependencies(lock: &'static str) -> impl Iterator<Item = Dependency> {
    lock.split("[[package]]").skip(1).filter_map(|package| {
        let field = |name: &str| {
            package.lines().find_map(|line| {
                let value = line.strip_prefix(name)?.strip_prefix(" = \"")?;
                value.strip_suffix('"').map(str::to_owned)
            })
        };
        Some(Dependency {
            path: field("name")?,
            version: format!("v{}", field("version")?),
            replaced_by: String::new(),
            sum: format!("sha256:{}", field("checksum")?),
        })
    })
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

/// Bytes of memory that the process has mapped, if known.
fn virtual_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_is_read() {
        let found: Vec<Dependency> = dependencies(LOCK).collect();
        assert!(found.len() > 50);
        let serde = found.iter().find(|part| part.path == "serde_json").unwrap();
        assert!(serde.version.starts_with("v1."));
        assert_eq!(serde.sum.len(), "sha256:".len() + 64);
        assert!(!found.iter().any(|part| part.path.starts_with("cairn")));
    }
}
