//! `cargo xtask layers`: dependencies between the crates point down only.

use anyhow::Result;
use cairn_testkit::layers;

use crate::process::root;

/// Prints each crate with those of this repository that it depends on, and checks them.
pub(crate) fn run() -> Result<()> {
    let edges = layers::edges(root())?;
    for (name, dependencies) in &edges {
        println!(
            "{name}: {}",
            dependencies
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" ")
        );
    }
    layers::check(&edges)
}
