//! What a request's path leads to.

use cairn_dag::Blocks;
use cairn_dag::resolve::{self, ResolveError, Traced, Validity};
use cairn_node::Node;
use cairn_primitives::Cid;
use cairn_primitives::bytestring::to_text;
use cairn_primitives::path::ContentPath;
use cairn_store::names::NameOptions;

use super::error::GatewayError;

/// A path and where it leads.
pub(super) struct Target {
    /// The requested path, decoded.
    pub(super) path: ContentPath,
    /// The same without names of `/ipns`.
    pub(super) immutable: ContentPath,
    /// The blocks on it.
    pub(super) traced: Traced,
    /// How long it leads there.
    pub(super) validity: Validity,
}

impl Target {
    /// The block that it leads to.
    pub(super) fn cid(&self) -> &Cid {
        &self.traced.resolved.cid
    }

    /// `X-Ipfs-Roots`: what each name of the path leads to.
    pub(super) fn roots(&self) -> String {
        let mut roots = self.traced.roots.iter();
        let first = roots.next().map(Cid::to_string).unwrap_or_default();
        roots.fold(first, |all, root| all + "," + &root.to_string())
    }

    /// The name of the content: the last of the path that leads to it, if that has any below its root.
    pub(super) fn name(&self) -> Option<String> {
        let last = self.immutable.names().last()?;
        Some(to_text(last).into_owned())
    }

    /// Whether the path ends inside the block.
    pub(super) fn is_inside(&self) -> bool {
        !self.traced.resolved.remainder.is_empty()
    }
}

/// A path whose names of `/ipns` are resolved.
pub(super) struct Named {
    pub(super) path: ContentPath,
    pub(super) immutable: ContentPath,
    pub(super) validity: Validity,
}

/// Resolves the names of a path.
pub(super) async fn resolve_names(
    node: &Node,
    path: ContentPath,
    options: &NameOptions,
) -> Result<Named, GatewayError> {
    if !path.is_mutable() {
        return Ok(Named {
            immutable: path.clone(),
            path,
            validity: Validity::Immutable,
        });
    }
    let names = node.names();
    let named = Box::pin(resolve::follow_names(&*names, path.clone(), options, true)).await?;
    Ok(Named {
        path,
        immutable: named.path,
        validity: named.validity,
    })
}

/// Finds the blocks of a path.
pub(super) async fn trace(
    blocks: &Blocks,
    named: &Named,
    symlinks: bool,
) -> Result<Target, ResolveError> {
    let traced = resolve::trace(blocks, &named.immutable, symlinks).await?;
    Ok(Target {
        path: named.path.clone(),
        immutable: named.immutable.clone(),
        traced,
        validity: named.validity,
    })
}
