//! Dependencies between the workspace's crates point down only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand};

/// Which crates each crate may depend on, from the lowest layer up. Dev-dependencies are free.
const LAYERS: [(&str, &[&str]); 12] = [
    ("cairn-primitives", &[]),
    ("cairn-store", &["cairn-primitives"]),
    ("cairn-wire", &["cairn-primitives"]),
    // Siblings that meet at the exchange and name traits of the store: neither sees the other.
    ("cairn-dag", &["cairn-primitives", "cairn-store"]),
    ("cairn-network", &["cairn-primitives", "cairn-store"]),
    (
        "cairn-node",
        &[
            "cairn-dag",
            "cairn-network",
            "cairn-primitives",
            "cairn-store",
        ],
    ),
    // Never sees the wire: the faces convert.
    (
        "cairn-services",
        &["cairn-dag", "cairn-node", "cairn-primitives", "cairn-store"],
    ),
    // Links the declarations and the formats, never the server.
    ("cairn-client", &["cairn-primitives", "cairn-wire"]),
    (
        "cairn-http",
        &[
            "cairn-dag",
            "cairn-node",
            "cairn-primitives",
            "cairn-services",
            "cairn-store",
            "cairn-wire",
        ],
    ),
    (
        "cairn",
        &[
            "cairn-client",
            "cairn-dag",
            "cairn-http",
            "cairn-network",
            "cairn-node",
            "cairn-primitives",
            "cairn-services",
            "cairn-store",
            "cairn-wire",
        ],
    ),
    // Speaks to programs from outside, so that a mistake in a library cannot hide itself.
    ("cairn-testkit", &[]),
    ("xtask", &["cairn-testkit"]),
];

/// The workspace's crates, each with the workspace's crates that it depends on.
pub type Edges = BTreeMap<String, BTreeSet<String>>;

/// Asks cargo for the dependencies between the crates of the workspace at `root`, dev-dependencies apart.
///
/// # Errors
/// Cargo cannot read the workspace.
pub fn edges(root: &Path) -> Result<Edges> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("asking cargo for the crates")?;
    let packages = metadata.workspace_packages();
    let names: BTreeSet<_> = packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    Ok(packages
        .iter()
        .map(|package| {
            let linked = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development);
            let own = linked
                .map(|dependency| dependency.name.clone())
                .filter(|name| names.contains(name))
                .collect();
            (package.name.to_string(), own)
        })
        .collect())
}

/// Holds the dependencies against the layers.
///
/// # Errors
/// A crate depends on one that it may not see, or has no place in the layers; all such are named.
pub fn check(edges: &Edges) -> Result<()> {
    let mut wrong = Vec::new();
    for (name, dependencies) in edges {
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| layer == name) else {
            wrong.push(format!("{name} has no place in the layers"));
            continue;
        };
        let extra = dependencies
            .iter()
            .filter(|dependency| !allowed.contains(&dependency.as_str()));
        wrong.extend(extra.map(|dependency| format!("{name} must not depend on {dependency}")));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        bail!("{}", wrong.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_themselves_have_no_cycle() {
        // Every crate is listed after all it may depend on.
        for (place, (name, allowed)) in LAYERS.iter().enumerate() {
            for dependency in *allowed {
                let below = LAYERS.iter().position(|(layer, _)| layer == dependency);
                assert!(
                    below.is_some_and(|below| below < place),
                    "{name} stands above {dependency}"
                );
            }
        }
    }

    #[test]
    fn a_wrong_edge_is_named() {
        let edges = Edges::from([
            (
                "cairn-client".to_owned(),
                BTreeSet::from(["cairn-store".to_owned()]),
            ),
            ("new".to_owned(), BTreeSet::new()),
        ]);
        let error = check(&edges).unwrap_err().to_string();
        assert_eq!(
            error,
            "cairn-client must not depend on cairn-store; new has no place in the layers"
        );
    }
}
