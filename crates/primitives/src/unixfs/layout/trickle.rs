//! The trickle layout.

use super::{Child, Inner, LayoutParams, Leaf};
use crate::block::Block;
use crate::unixfs::{BuildError, Built};

/// How many subtrees of each depth follow one another.
const REPEAT: usize = 4;

/// Builds a tree whose nodes hold leaves first and then ever deeper subtrees, four of each depth.
///
/// The root is an inner node always, also of an empty file.
#[derive(Debug)]
pub struct Trickle {
    params: LayoutParams,
    /// The unfinished nodes from the root down.
    open: Vec<OpenNode>,
}

/// An unfinished node.
#[derive(Debug, Default)]
struct OpenNode {
    inner: Inner,
    /// Subtrees of it are less deep than this; the root has no bound.
    max_depth: Option<usize>,
    /// Subtrees so far.
    subtrees: usize,
}

impl OpenNode {
    /// Depth of the next subtree.
    fn next_depth(&self) -> Option<usize> {
        let depth = 1 + self.subtrees / REPEAT;
        self.max_depth
            .is_none_or(|max_depth| depth < max_depth)
            .then_some(depth)
    }
}

impl Trickle {
    /// A builder without leaves.
    pub fn new(params: LayoutParams) -> Result<Self, BuildError> {
        if params.max_links == 0 {
            return Err(BuildError::MaxLinks { got: 0, least: 1 });
        }
        Ok(Self {
            params,
            open: vec![OpenNode::default()],
        })
    }

    /// Takes the next leaf; see [`super::FileBuilder::push`].
    pub fn push(&mut self, leaf: Leaf, sink: &mut dyn FnMut(Block)) -> Result<(), BuildError> {
        let child = Child::from(&leaf);
        sink(leaf.block);
        while let Some(top) = self.open.last_mut() {
            if top.subtrees == 0 && top.inner.children.len() < self.params.max_links {
                top.inner.children.push(child);
                return Ok(());
            }
            match top.next_depth() {
                Some(depth) => {
                    top.subtrees += 1;
                    self.open.push(OpenNode {
                        max_depth: Some(depth),
                        ..OpenNode::default()
                    });
                }
                None => drop(self.close_last(sink)?),
            }
        }
        Ok(())
    }

    /// Ends the file; see [`super::FileBuilder::finish`].
    pub fn finish(mut self, sink: &mut dyn FnMut(Block)) -> Result<Built, BuildError> {
        loop {
            if let Some(root) = self.close_last(sink)? {
                return Ok(root.into());
            }
        }
    }

    /// Closes the lowest open node and links it from the one above; gives it when it is the root.
    fn close_last(&mut self, sink: &mut dyn FnMut(Block)) -> Result<Option<Child>, BuildError> {
        let last = self.open.pop().unwrap_or_default();
        let parent = self.open.last_mut();
        let (block, child) = last.inner.close(&self.params, parent.is_none())?;
        sink(block);
        Ok(match parent {
            None => Some(child),
            Some(parent) => {
                parent.inner.children.push(child);
                None
            }
        })
    }
}
