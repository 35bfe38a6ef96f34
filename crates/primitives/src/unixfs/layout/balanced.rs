//! The balanced layout.

use bytes::Bytes;

use super::{Child, Inner, LayoutParams, Leaf, leaf_as_root, make_leaf};
use crate::block::Block;
use crate::unixfs::{BuildError, Built};

/// Builds a tree whose leaves are all at the same depth. A file of one chunk is its leaf.
#[derive(Debug)]
pub struct Balanced {
    params: LayoutParams,
    /// The first leaf, until a second one shows that it is not the root.
    first: Option<Leaf>,
    /// The unfinished node of each level above the leaves. A full one is closed when the next child arrives: only
    /// then is it known not to be the root.
    levels: Vec<Inner>,
}

impl Balanced {
    /// A builder without leaves. A node has at least two links, or no file would end.
    pub fn new(params: LayoutParams) -> Result<Self, BuildError> {
        if params.max_links < 2 {
            return Err(BuildError::MaxLinks {
                got: params.max_links,
                least: 2,
            });
        }
        Ok(Self {
            params,
            first: None,
            levels: Vec::new(),
        })
    }

    /// Takes the next leaf; see [`super::FileBuilder::push`].
    pub fn push(&mut self, leaf: Leaf, sink: &mut dyn FnMut(Block)) -> Result<(), BuildError> {
        if self.levels.is_empty() {
            let Some(first) = self.first.take() else {
                self.first = Some(leaf);
                return Ok(());
            };
            self.add_leaf(first, sink)?;
        }
        self.add_leaf(leaf, sink)
    }

    /// Ends the file; see [`super::FileBuilder::finish`].
    pub fn finish(mut self, sink: &mut dyn FnMut(Block)) -> Result<Built, BuildError> {
        if self.levels.is_empty() {
            let leaf = match self.first.take() {
                Some(leaf) => leaf,
                None => make_leaf(&self.params, Bytes::new())?,
            };
            let (block, built) = leaf_as_root(&self.params, leaf)?;
            sink(block);
            return Ok(built);
        }
        let mut level = 0;
        while let Some(inner) = self.levels.get_mut(level) {
            let inner = std::mem::take(inner);
            level += 1;
            let is_root = level == self.levels.len();
            let (block, child) = inner.close(&self.params, is_root)?;
            sink(block);
            if is_root {
                return Ok(child.into());
            }
            // The level above may be full: then it is closed, and there may be one level more than before.
            self.add(level, child, sink)?;
        }
        Err(BuildError::MaxLinks {
            got: self.params.max_links,
            least: 2,
        })
    }

    fn add_leaf(&mut self, leaf: Leaf, sink: &mut dyn FnMut(Block)) -> Result<(), BuildError> {
        let child = Child::from(&leaf);
        sink(leaf.block);
        self.add(0, child, sink)
    }

    /// Adds a child to a level and closes the levels from there on that are full.
    fn add(
        &mut self,
        mut level: usize,
        mut child: Child,
        sink: &mut dyn FnMut(Block),
    ) -> Result<(), BuildError> {
        loop {
            let Some(inner) = self.levels.get_mut(level) else {
                self.levels.push(Inner {
                    children: vec![child],
                });
                return Ok(());
            };
            if inner.children.len() < self.params.max_links {
                inner.children.push(child);
                return Ok(());
            }
            let full = std::mem::replace(
                inner,
                Inner {
                    children: vec![child],
                },
            );
            let (block, closed) = full.close(&self.params, false)?;
            sink(block);
            child = closed;
            level += 1;
        }
    }
}
