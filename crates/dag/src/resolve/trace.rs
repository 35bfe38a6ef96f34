//! Resolves a path and records what it leads through.

use cairn_primitives::path::ContentPath;
use cairn_primitives::{ByteString, Cid};

use super::{ResolveError, Resolved, Step, step};
use crate::fetch::Blocks;

/// Maximum number of symbolic links on one path, as in Linux. A path with more leads nowhere.
pub const MAX_SYMLINKS: usize = 40;

/// A resolved path and the blocks on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Where it leads.
    pub resolved: Resolved,
    /// The root and what each link on the path leads to; the last is that of [`Self::resolved`].
    pub roots: Vec<Cid>,
    /// The blocks that were read on the way, with the shards of directories, in order. The last block is not among them.
    pub passed: Vec<Cid>,
}

/// Resolves a path as [`super::resolve`] does, and records the blocks on it. With `symlinks`, symbolic links within the
/// path are followed as long as they stay below the root; one at its end is what the path leads to.
///
/// # Errors
/// [`ResolveError::Mutable`] for `/ipns`. [`ResolveError::NoLink`] also for links that lead out of the root, and for more
/// than [`MAX_SYMLINKS`] of them.
pub async fn trace(
    blocks: &Blocks,
    path: &ContentPath,
    symlinks: bool,
) -> Result<Traced, ResolveError> {
    let Some(root) = path.cid() else {
        return Err(ResolveError::Mutable(path.as_bytes().into()));
    };
    let namespace = path.namespace();
    let mut names: Vec<ByteString> = path.names().map(ByteString::from).collect();
    let mut at = 0;
    let mut roots = vec![root.clone()];
    let mut passed = Vec::new();
    let mut cid = root.clone();
    let mut left = if symlinks { MAX_SYMLINKS } else { 0 };
    while at < names.len() {
        tokio::task::consume_budget().await;
        let rest: Vec<&[u8]> = names.iter().skip(at).map(ByteString::as_bytes).collect();
        let before = passed.len();
        passed.push(cid.clone());
        match step(blocks, namespace, &cid, &rest, &mut passed).await? {
            Step::Link { cid: next, used } => {
                at += used;
                cid = next;
                roots.push(cid.clone());
            }
            Step::Inside => {
                passed.truncate(before);
                break;
            }
            Step::Symlink(target) => {
                let followed = follow(&names, at, &target).filter(|_| left > 0);
                left = left.saturating_sub(1);
                names = followed.ok_or_else(|| ResolveError::NoLink {
                    name: names.get(at).cloned().unwrap_or_default(),
                    cid: cid.clone(),
                })?;
                at = 0;
                cid = root.clone();
                roots.truncate(1);
            }
        }
    }
    Ok(Traced {
        resolved: Resolved {
            cid,
            remainder: names.split_off(at),
            namespace,
        },
        roots,
        passed,
    })
}

/// The names that a path has after the symbolic link before name `at` is replaced by its target; `None` if that leads out
/// of the root.
fn follow(names: &[ByteString], at: usize, target: &[u8]) -> Option<Vec<ByteString>> {
    if target.is_empty() || target.starts_with(b"/") {
        return None;
    }
    // Without the name of the link itself.
    let mut out: Vec<ByteString> = names.get(..at.checked_sub(1)?)?.to_vec();
    for part in target.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(out.pop()?),
            name => out.push(name.into()),
        }
    }
    out.extend_from_slice(names.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Vec<ByteString> {
        path.split('/').map(Into::into).collect()
    }

    #[test]
    fn links_stay_below_the_root() {
        for (path, at, target, leads) in [
            ("link/x", 1, "dir", Some("dir/x")),
            ("a/link/x/y", 2, "../b//./c", Some("b/c/x/y")),
            ("a/link/x", 2, "..", Some("x")),
            ("a/link/x", 2, "../..", None),
            ("link/x", 1, "..", None),
            ("link/x", 1, "/etc", None),
            ("link/x", 1, "", None),
        ] {
            let followed = follow(&names(path), at, target.as_bytes());
            assert_eq!(followed, leads.map(names), "{path} {target}");
        }
    }
}
