//! In which links two DAGs differ.

use std::collections::{HashMap, HashSet};

use cairn_primitives::codec::dag_pb::{self, Link};
use cairn_primitives::{ByteString, Cid};

use super::{ObjectError, node_of};
use crate::fetch::Blocks;

/// Most bytes of the paths and CIDs of all changes; DAGs that differ in more places are an error.
pub const MAX_DIFF: usize = 64 << 20;

/// Memory of a change without its path, in bytes.
const CHANGE: usize = 128;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The names that lead to it from the root, with slashes between them.
    pub path: ByteString,
    /// What the path leads to before; `None` when it was added.
    pub before: Option<Cid>,
    /// What the path leads to after; `None` when it was removed.
    pub after: Option<Cid>,
}

/// Two nodes that are being compared.
struct Level {
    path: Vec<u8>,
    /// Links of the same name and another target, the next one last.
    changed: Vec<(ByteString, Cid, Cid)>,
    /// Links of names that the other node does not have.
    removed: Vec<Link>,
    added: Vec<Link>,
    /// Bytes that it holds, about.
    weight: usize,
}

/// The changes that turn one DAG into another. Goes down where both have a dag-pb node with links under the same name.
pub async fn diff(blocks: &Blocks, before: &Cid, after: &Cid) -> Result<Vec<Change>, ObjectError> {
    let mut changes = Changes::default();
    let mut levels: Vec<Level> = Vec::new();
    let mut open = 0;
    let mut next = Some((Vec::new(), before.clone(), after.clone()));
    loop {
        if let Some((path, before, after)) = next.take()
            && let Some(level) = compare(blocks, path, before, after, &mut changes).await?
        {
            open += level.weight;
            changes.check(open)?;
            levels.push(level);
        }
        let Some(level) = levels.last_mut() else {
            return Ok(changes.list);
        };
        if let Some((name, before, after)) = level.changed.pop() {
            next = Some((joined(&level.path, &name), before, after));
            continue;
        }
        if let Some(level) = levels.pop() {
            open -= level.weight;
            for link in level.removed {
                let path = joined(&level.path, &link.name.unwrap_or_default());
                changes.push(path, Some(link.cid), None)?;
            }
            for link in level.added {
                let path = joined(&level.path, &link.name.unwrap_or_default());
                changes.push(path, None, Some(link.cid))?;
            }
        }
    }
}

/// Compares two nodes; `None` when there is nothing below them to be compared.
async fn compare(
    blocks: &Blocks,
    path: Vec<u8>,
    before: Cid,
    after: Cid,
    changes: &mut Changes,
) -> Result<Option<Level>, ObjectError> {
    tokio::task::consume_budget().await;
    if before == after {
        return Ok(None);
    }
    let old = node_of(blocks, &before).await?;
    let new = node_of(blocks, &after).await?;
    match (old, new) {
        (Some(old), Some(new)) if !old.links.is_empty() || !new.links.is_empty() => {
            Ok(Some(Level::of(path, old, new)))
        }
        _ => {
            changes.push(path, Some(before), Some(after))?;
            Ok(None)
        }
    }
}

impl Level {
    fn of(path: Vec<u8>, old: dag_pb::Node, new: dag_pb::Node) -> Self {
        let name = |link: &Link| link.name.clone().unwrap_or_default();
        // The first link of a name is the one that a path follows.
        let mut targets: HashMap<ByteString, Cid> = HashMap::new();
        for link in &new.links {
            targets
                .entry(name(link))
                .or_insert_with(|| link.cid.clone());
        }
        let (common, removed): (Vec<_>, Vec<_>) =
            (old.links.into_iter()).partition(|link| targets.contains_key(&name(link)));
        let mut changed = Vec::new();
        let mut seen = HashSet::new();
        for link in common {
            let name = link.name.unwrap_or_default();
            if let Some(target) = targets.get(&name)
                && *target != link.cid
            {
                changed.push((name.clone(), link.cid, target.clone()));
            }
            seen.insert(name);
        }
        changed.reverse();
        let added: Vec<Link> = (new.links.into_iter())
            .filter(|link| !seen.contains(&name(link)))
            .collect();
        let names = (changed.iter().map(|(name, ..)| name.len()))
            .chain((removed.iter().chain(&added)).map(|link| name(link).len()));
        let weight = names.fold(path.len(), |sum, name| sum + name + CHANGE);
        Self {
            path,
            changed,
            removed,
            added,
            weight,
        }
    }
}

#[derive(Default)]
struct Changes {
    list: Vec<Change>,
    bytes: usize,
}

impl Changes {
    fn push(
        &mut self,
        path: Vec<u8>,
        before: Option<Cid>,
        after: Option<Cid>,
    ) -> Result<(), ObjectError> {
        self.bytes += path.len() + CHANGE;
        self.check(0)?;
        self.list.push(Change {
            path: path.into(),
            before,
            after,
        });
        Ok(())
    }

    /// Refuses to hold more than the limit, `open` bytes of nodes under comparison included.
    fn check(&self, open: usize) -> Result<(), ObjectError> {
        if self.bytes + open > MAX_DIFF {
            return Err(ObjectError::TooManyChanges { limit: MAX_DIFF });
        }
        Ok(())
    }
}

fn joined(path: &[u8], name: &[u8]) -> Vec<u8> {
    match (path, name) {
        ([], name) => name.to_vec(),
        (path, []) => path.to_vec(),
        (path, name) => [path, b"/", name].concat(),
    }
}
