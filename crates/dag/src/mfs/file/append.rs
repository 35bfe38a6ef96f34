//! Appending to a file, in the trickle layout as Kubo continues it.

use std::collections::VecDeque;

use bytes::Bytes;
use cairn_primitives::unixfs::layout::{DEFAULT_MAX_LINKS, make_leaf};
use futures_util::future::BoxFuture;

use super::{FileEdit, Inner, MAX_DEPTH, Part, too_deep};
use crate::mfs::MfsError;
use crate::mfs::editor::NodeLink;

/// How many subtrees of each depth follow one another.
const REPEAT: usize = 4;

/// The chunks of which a gap is filled, in bytes.
const ZEROS: u64 = 4_096;

/// What is appended, chunk by chunk.
#[derive(Debug)]
pub(in crate::mfs) enum Source {
    /// These chunks.
    Chunks(VecDeque<Bytes>),
    /// This many bytes that are zero. Whole subtrees of them are alike and made once, so that a gap of any length
    /// costs little.
    Zeros {
        /// Bytes that are left.
        left: u64,
        /// The whole subtree of each depth, once it is made; the leaf first.
        whole: Vec<Option<(NodeLink, u64)>>,
    },
}

impl Source {
    pub(in crate::mfs) fn zeros(length: u64) -> Self {
        Self::Zeros {
            left: length,
            whole: Vec::new(),
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Chunks(chunks) => chunks.is_empty(),
            Self::Zeros { left, .. } => *left == 0,
        }
    }

    fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Chunks(chunks) => chunks.pop_front(),
            Self::Zeros { left, .. } => {
                let length = (*left).min(ZEROS);
                *left -= length;
                (length > 0).then(|| vec![0; usize::try_from(length).unwrap_or(0)].into())
            }
        }
    }
}

/// Leaves of a whole subtree of a depth; depths 0 and 1 are leaves alone, and each further one has five times as many.
fn capacity(depth: i64) -> u64 {
    (1..depth).fold(DEFAULT_MAX_LINKS as u64, |leaves, _| {
        leaves.saturating_mul(1 + REPEAT as u64)
    })
}

/// Where the layout was left off in a node: the depth of the subtrees that were being added, and how many of that depth
/// there are.
fn left_off(inner: &Inner) -> (i64, usize) {
    let children = inner.links.len();
    if children < DEFAULT_MAX_LINKS {
        return (0, 0);
    }
    let subtrees = children - DEFAULT_MAX_LINKS;
    (
        i64::try_from(subtrees / REPEAT).unwrap_or(i64::MAX - 1) + 1,
        subtrees % REPEAT,
    )
}

impl FileEdit<'_, '_> {
    /// Appends. A raw file becomes the first leaf of a new node.
    pub(in crate::mfs) async fn append(&mut self, mut source: Source) -> Result<(), MfsError> {
        if source.is_done() {
            return Ok(());
        }
        let mut inner = match self.root.clone() {
            Part::Node(inner) => inner,
            Part::Raw(data, maker) => {
                let length = data.len() as u64;
                let leaf = self.put(&Part::Raw(data, maker)).await?;
                let mut inner = Inner::new(self.params.cid.clone());
                inner.push(leaf, length);
                let raw_leaves = std::mem::replace(&mut self.params.raw_leaves, true);
                let appended = self.append_to(&mut inner, &mut source).await;
                self.params.raw_leaves = raw_leaves;
                appended?;
                self.root = Part::Node(inner);
                return Ok(());
            }
        };
        self.append_to(&mut inner, &mut source).await?;
        self.root = Part::Node(inner);
        Ok(())
    }

    async fn append_to(&mut self, inner: &mut Inner, source: &mut Source) -> Result<(), MfsError> {
        let (mut depth, repeat) = left_off(inner);
        if depth == 0 {
            self.fill_leaves(inner, source).await?;
            if source.is_done() {
                inner.touch();
                return Ok(());
            }
            depth += 1;
        }
        self.fill_last(inner, depth - 1, repeat, source, 0).await?;
        if !source.is_done() {
            depth += 1;
        }
        self.add_subtrees(inner, depth, i64::MAX, source).await
    }

    /// Adds subtrees, of each depth from `depth` on and below `limit`, while there is something to add.
    async fn add_subtrees(
        &mut self,
        inner: &mut Inner,
        mut depth: i64,
        limit: i64,
        source: &mut Source,
    ) -> Result<(), MfsError> {
        while depth < limit && !source.is_done() {
            for _ in 0..REPEAT {
                if source.is_done() {
                    break;
                }
                let (child, size) = self.subtree(depth, source).await?;
                inner.push(child, size);
            }
            depth += 1;
        }
        Ok(())
    }

    /// Adds leaves until the node has as many as it takes.
    async fn fill_leaves(
        &mut self,
        inner: &mut Inner,
        source: &mut Source,
    ) -> Result<(), MfsError> {
        while inner.links.len() < DEFAULT_MAX_LINKS {
            let known = match source {
                Source::Zeros { left, whole } if *left >= ZEROS => whole.first().cloned().flatten(),
                _ => None,
            };
            if let (Some((leaf, size)), Source::Zeros { left, .. }) = (known, &mut *source) {
                *left -= ZEROS;
                inner.push(leaf, size);
                continue;
            }
            let Some(chunk) = source.next() else { break };
            let leaf = make_leaf(&self.params, chunk)?;
            let made = NodeLink {
                cid: leaf.block.cid.clone(),
                tree_size: leaf.block.data.len() as u64,
            };
            self.queue(leaf.block).await?;
            if let Source::Zeros { whole, .. } = source
                && leaf.file_size == ZEROS
                && whole.is_empty()
            {
                whole.push(Some((made.clone(), ZEROS)));
            }
            inner.push(made, leaf.file_size);
        }
        Ok(())
    }

    /// A new subtree of a depth.
    fn subtree<'s>(
        &'s mut self,
        depth: i64,
        source: &'s mut Source,
    ) -> BoxFuture<'s, Result<(NodeLink, u64), MfsError>> {
        Box::pin(async move {
            let bytes = capacity(depth).saturating_mul(ZEROS);
            // Place 0 is the leaf's.
            let place = usize::try_from(depth.max(1)).unwrap_or(usize::MAX);
            let mut is_whole = false;
            if let Source::Zeros { left, whole } = source
                && *left >= bytes
            {
                if let Some((made, size)) = whole.get(place).cloned().flatten() {
                    *left -= size;
                    return Ok((made, size));
                }
                is_whole = true;
            }
            let mut inner = Inner::new(self.params.cid.clone());
            self.fill_leaves(&mut inner, source).await?;
            self.add_subtrees(&mut inner, 1, depth, source).await?;
            let size = inner.fs.file_size.unwrap_or(0);
            let made = self.put(&Part::Node(inner)).await?;
            if is_whole && let Source::Zeros { whole, .. } = source {
                if whole.len() <= place {
                    whole.resize(place + 1, None);
                }
                if let Some(known) = whole.get_mut(place) {
                    *known = Some((made.clone(), size));
                }
            }
            Ok((made, size))
        })
    }

    /// Fills the last subtree of a node, and those that are missing of its depth.
    fn fill_last<'s>(
        &'s mut self,
        inner: &'s mut Inner,
        depth: i64,
        repeat: usize,
        source: &'s mut Source,
        level: usize,
    ) -> BoxFuture<'s, Result<(), MfsError>> {
        Box::pin(async move {
            if inner.links.len() <= DEFAULT_MAX_LINKS {
                return Ok(());
            }
            let Some(last) = inner.links.last().map(|link| link.cid.clone()) else {
                return Ok(());
            };
            if level >= MAX_DEPTH {
                return Err(too_deep(&last));
            }
            // A file of another layout can have more leaves than this one; there is nothing to fill in a leaf.
            let Part::Node(mut child) = self.load(&last).await? else {
                return Ok(());
            };
            if child.links.is_empty() {
                return Ok(());
            }
            self.continue_subtree(&mut child, depth - 1, source, level + 1)
                .await?;
            let size = child.fs.file_size.unwrap_or(0);
            let made = self.put(&Part::Node(child)).await?;
            inner.pop();
            inner.push(made, size);
            if repeat != 0 {
                for _ in repeat..REPEAT {
                    if source.is_done() {
                        break;
                    }
                    let (child, size) = self.subtree(depth, source).await?;
                    inner.push(child, size);
                }
            }
            Ok(())
        })
    }

    async fn continue_subtree(
        &mut self,
        inner: &mut Inner,
        max_depth: i64,
        source: &mut Source,
        level: usize,
    ) -> Result<(), MfsError> {
        if max_depth == 0 || source.is_done() {
            return Ok(());
        }
        let (mut depth, repeat) = left_off(inner);
        if depth == 0 {
            self.fill_leaves(inner, source).await?;
            depth += 1;
        }
        if depth == max_depth {
            return Ok(());
        }
        self.fill_last(inner, depth, repeat, source, level).await?;
        if !source.is_done() {
            depth += 1;
        }
        self.add_subtrees(inner, depth, max_depth, source).await
    }
}
