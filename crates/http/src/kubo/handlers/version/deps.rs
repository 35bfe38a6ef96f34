//! `version/deps`.

use cairn_wire::kubo::version::deps::{Dependency, VersionDeps};

use super::super::super::{Answer, CallContext, Failure, Handler, Records};

/// The dependencies of the program.
const LOCK: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));

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
