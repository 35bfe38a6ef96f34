//! References: what blocks link to, link by link; and every local block.

use std::collections::HashMap;

use cairn_primitives::ByteString;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::{Cid, Codec};
use cairn_store::BlockStore;
use foldhash::quality::RandomState;

use crate::error::{FetchError, NodeError};
use crate::fetch::{Blocks, decode_node};
use crate::walk::may_link;

/// One link that a listing comes past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The block that has the link.
    pub source: Cid,
    /// The block that it links to.
    pub target: Cid,
    /// The link's name; only dag-pb has names.
    pub name: ByteString,
}

impl Ref {
    /// Fills in a format: `<src>`, `<dst>` and `<linkname>` are replaced, in this order, as Kubo does. `encode` writes CIDs.
    pub fn format(&self, format: &str, encode: impl Fn(&Cid) -> String) -> String {
        let filled = format.replace("<src>", &encode(&self.source));
        filled
            .replace("<dst>", &encode(&self.target))
            .replace("<linkname>", &self.name.to_text())
    }
}

/// How refs are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefsOptions {
    /// Whether a target that was listed before is left out.
    pub unique: bool,
    /// How many levels are listed; `None` means all, 1 the links of the root alone.
    pub max_depth: Option<u64>,
}

/// Where a listing stands in one node.
struct Level {
    source: Cid,
    links: std::vec::IntoIter<(Cid, ByteString)>,
}

/// Lists links depth first, a node's links in the order of its bytes.
///
/// A target is listed only when its block can be had. Without `unique`, a block is listed as often as it is linked to,
/// which for a DAG of diamonds is more than anyone waits for: drop the listing to stop it.
pub struct Refs {
    blocks: Blocks,
    options: RefsOptions,
    root: Option<Cid>,
    stack: Vec<Level>,
    /// With `unique`: the least depth at which a target was seen. Shared by roots listed after each other.
    seen: HashMap<Cid, u64, RandomState>,
}

impl Refs {
    /// Prepares a listing; [`Refs::start`] gives it a root.
    #[must_use]
    pub fn new(blocks: Blocks, options: RefsOptions) -> Self {
        Self {
            blocks,
            options,
            root: None,
            stack: Vec::new(),
            seen: HashMap::default(),
        }
    }

    /// Begins with a root. With `unique`, what earlier roots listed is left out.
    pub fn start(&mut self, root: Cid) {
        self.stack.clear();
        self.root = Some(root);
    }

    /// The next link, or `None` at the end. After an error the root is done with.
    pub async fn next(&mut self) -> Option<Result<Ref, NodeError>> {
        match self.advance().await {
            Ok(next) => next.map(Ok),
            Err(error) => {
                self.stack.clear();
                Some(Err(error))
            }
        }
    }

    async fn advance(&mut self) -> Result<Option<Ref>, NodeError> {
        if let Some(root) = self.root.take() {
            let links = links_of(&self.blocks, &root).await?;
            self.stack.push(Level {
                source: root,
                links: links.into_iter(),
            });
        }
        loop {
            tokio::task::consume_budget().await;
            let depth = self.stack.len() as u64;
            let Some(level) = self.stack.last_mut() else {
                return Ok(None);
            };
            let Some((target, name)) = level.links.next() else {
                self.stack.pop();
                continue;
            };
            let source = level.source.clone();
            let (deeper, list) = self.visit(&target, depth);
            if !deeper && !list {
                continue;
            }
            if deeper && may_link(target.codec()) {
                let links = links_of(&self.blocks, &target).await?.into_iter();
                // A finished level is dropped first, so that a chain of any length takes the room of one node.
                if self.options.max_depth.is_none()
                    && self
                        .stack
                        .last()
                        .is_some_and(|level| level.links.len() == 0)
                {
                    self.stack.pop();
                }
                self.stack.push(Level {
                    source: target.clone(),
                    links,
                });
            } else if !self.blocks.has_local(&target)? {
                self.blocks.fetch(&target).await?;
            }
            if list {
                return Ok(Some(Ref {
                    source,
                    target,
                    name,
                }));
            }
        }
    }

    /// Whether to go on below a target, and whether to list it.
    fn visit(&mut self, target: &Cid, depth: u64) -> (bool, bool) {
        let within = self.options.max_depth.is_none_or(|max| depth <= max);
        if !within {
            return (false, false);
        }
        let deeper = self.options.max_depth != Some(depth);
        if !self.options.unique {
            return (deeper, true);
        }
        match self.seen.get_mut(target) {
            Some(before) if self.options.max_depth.is_none() || *before <= depth => (false, false),
            Some(before) => {
                *before = depth;
                (deeper, false)
            }
            None => {
                self.seen.insert(target.clone(), depth);
                (deeper, true)
            }
        }
    }
}

impl std::fmt::Debug for Refs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refs")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// The links of a block with their names.
async fn links_of(blocks: &Blocks, cid: &Cid) -> Result<Vec<(Cid, ByteString)>, NodeError> {
    if cid.codec() == Codec::DAG_PB {
        let data = blocks.get(cid).await?;
        let dag_pb::Node { links, .. } = decode_node(cid, &data)?;
        return Ok(links
            .into_iter()
            .map(|link| (link.cid, link.name.unwrap_or_default()))
            .collect());
    }
    if !may_link(cid.codec()) {
        if !blocks.has_local(cid)? {
            blocks.fetch(cid).await?;
        }
        return Ok(Vec::new());
    }
    let links = blocks.links(cid).await?;
    Ok(links
        .iter()
        .map(|link| (link.clone(), ByteString::new()))
        .collect())
}

/// Calls `each` with every local block, as CIDv1 `raw`, in no particular order, until it returns `false`. Blocks its thread.
pub fn local(store: &dyn BlockStore, each: &mut dyn FnMut(Cid) -> bool) -> Result<(), FetchError> {
    for entry in store.keys() {
        if !each(Cid::v1(Codec::RAW, entry?.key)) {
            break;
        }
    }
    Ok(())
}

/// As [`local`], on a thread of its own.
#[must_use]
pub fn local_listing(
    store: std::sync::Arc<dyn BlockStore>,
) -> crate::listing::Listing<Cid, FetchError> {
    crate::listing::Listing::start(move |each| local(&*store, each))
}
