//! `refs`: the links of blocks; and all local blocks.

use cairn_primitives::ByteString;
use cairn_primitives::{Cid, Codec};
use cairn_store::BlockStore;

use crate::error::{FetchError, NodeError};
use crate::fetch::{Blocks, WalkAhead};
use crate::walk::{PackedLinks, SeenByVersion, WalkStack, WalkStep, may_link};

/// A listed link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The block that has the link.
    pub source: Cid,
    /// The block that it links to.
    pub target: Cid,
    /// The link's name; only dag-pb has names.
    pub name: ByteString,
}

/// Maximum length of a formatted ref, in bytes. A name has as many bytes as its block, and a format may want it
/// often: what is longer is refused.
pub const MAX_REF: usize = 4 << 20;

/// A format makes a ref of more than [`MAX_REF`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a formatted ref has more than {MAX_REF} bytes: use <linkname> less often")]
pub struct RefTooLong;

impl Ref {
    /// Expands a format: `<src>`, `<dst>` and `<linkname>` are replaced. `encode` formats CIDs.
    ///
    /// # Errors
    /// [`RefTooLong`].
    pub fn format(
        &self,
        format: &str,
        encode: impl Fn(&Cid) -> String,
    ) -> Result<String, RefTooLong> {
        let (source, target) = (encode(&self.source), encode(&self.target));
        let name = self.name.to_text();
        let fields = [
            ("<src>", source.as_str()),
            ("<dst>", target.as_str()),
            ("<linkname>", &*name),
        ];
        let mut filled = String::new();
        let mut rest = format;
        while !rest.is_empty() {
            let field = fields
                .iter()
                .find_map(|(field, value)| Some((*value, rest.strip_prefix(field)?)));
            let (value, after) = field.unwrap_or_else(|| {
                let next = rest
                    .char_indices()
                    .skip(1)
                    .find(|(_, letter)| *letter == '<');
                rest.split_at(next.map_or(rest.len(), |(at, _)| at))
            });
            if filled.len() + value.len() > MAX_REF {
                return Err(RefTooLong);
            }
            filled.push_str(value);
            rest = after;
        }
        Ok(filled)
    }
}

/// Options for listing refs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefsOptions {
    /// Whether to skip targets that were listed before.
    pub unique: bool,
    /// Maximum depth; `None` for no limit, 1 for only the links of the root.
    pub max_depth: Option<u64>,
}

/// Lists links depth first, a node's links in the order of its bytes.
///
/// A target is only listed if its block can be read. Without `unique`, a block is listed as often as it is linked to,
/// which for a DAG of diamonds may be practically endless: drop the listing to stop it.
pub struct Refs {
    blocks: Blocks,
    options: RefsOptions,
    root: Option<Cid>,
    open: WalkStack,
    ahead: WalkAhead,
    /// With `unique`: the least depth at which a target was seen. Shared by roots listed after each other.
    seen: SeenByVersion<u32>,
}

impl Refs {
    /// Prepares a listing; [`Refs::start`] gives it a root.
    #[must_use]
    pub fn new(blocks: Blocks, options: RefsOptions) -> Self {
        Self {
            blocks,
            options,
            root: None,
            open: WalkStack::default(),
            ahead: WalkAhead::default(),
            seen: SeenByVersion::default(),
        }
    }

    /// Starts with a root. With `unique`, targets listed for earlier roots are skipped.
    pub fn start(&mut self, root: Cid) {
        self.open.clear();
        self.root = Some(root);
    }

    /// The next link, or `None` at the end. An error ends the root.
    pub async fn next(&mut self) -> Option<Result<Ref, NodeError>> {
        match self.advance().await {
            Ok(next) => next.map(Ok),
            Err(error) => {
                self.open.clear();
                Some(Err(error))
            }
        }
    }

    async fn advance(&mut self) -> Result<Option<Ref>, NodeError> {
        if let Some(root) = self.root.take() {
            let links = links_of(&self.blocks, &root).await?;
            self.open.push(root, links);
            self.ahead.enter();
        }
        loop {
            tokio::task::consume_budget().await;
            let depth = self.open.depth() as u64;
            let source = self.open.innermost().cloned();
            self.ahead.step(&self.blocks, &self.open, |cid| {
                !self.options.unique || self.seen.get(cid).is_none()
            });
            let (target, name) = match self.open.step() {
                WalkStep::Link(target, name) => (target, name),
                WalkStep::Again(node) => {
                    let links = links_of(&self.blocks, &node).await?;
                    self.open.again(links);
                    continue;
                }
                WalkStep::Left(..) => continue,
                WalkStep::End => return Ok(None),
            };
            let (deeper, list) = self.visit(&target, depth);
            if !deeper && !list {
                continue;
            }
            if deeper && may_link(target.codec()) {
                let links = links_of(&self.blocks, &target).await?;
                if self.options.max_depth.is_none() {
                    self.open.push_last(target.clone(), links);
                } else {
                    // The depth counts.
                    self.open.push(target.clone(), links);
                }
                self.ahead.enter();
            } else if !self.blocks.has_local(&target).await? {
                self.blocks.fetch(&target).await?;
            }
            if list && let Some(source) = source {
                return Ok(Some(Ref {
                    source,
                    target,
                    name: name.into(),
                }));
            }
        }
    }

    /// Whether to continue below a target, and whether to list it.
    fn visit(&mut self, target: &Cid, depth: u64) -> (bool, bool) {
        let within = self.options.max_depth.is_none_or(|max| depth <= max);
        if !within {
            return (false, false);
        }
        let deeper = self.options.max_depth != Some(depth);
        if !self.options.unique {
            return (deeper, true);
        }
        // As deep as no walk is.
        let depth = u32::try_from(depth).unwrap_or(u32::MAX);
        match self.seen.get(target) {
            Some(before) if self.options.max_depth.is_none() || before <= depth => (false, false),
            before => {
                self.seen.set(target, depth);
                (deeper, before.is_none())
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
async fn links_of(blocks: &Blocks, cid: &Cid) -> Result<PackedLinks, NodeError> {
    if cid.codec() == Codec::DAG_PB {
        let links = blocks.get_links(cid).await?;
        return Ok(PackedLinks::named(links));
    }
    if !may_link(cid.codec()) {
        if !blocks.has_local(cid).await? {
            blocks.fetch(cid).await?;
        }
        return Ok(PackedLinks::default());
    }
    Ok(PackedLinks::of(blocks.links(cid).await?))
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

/// As [`local`], in a separate thread.
#[must_use]
pub fn local_listing(
    store: std::sync::Arc<dyn BlockStore>,
) -> crate::listing::Listing<Cid, FetchError> {
    crate::listing::Listing::start(move |each| local(&*store, each))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_primitives::Multihash;

    #[test]
    fn formats_are_filled_in_up_to_a_bound() {
        let cid = |data: &[u8]| Cid::v1(Codec::RAW, Multihash::sha2_256(data));
        let named = |name: String| Ref {
            source: cid(b"s"),
            target: cid(b"t"),
            name: name.into(),
        };
        let encode = |cid: &Cid| {
            if *cid == named(String::new()).source {
                "S"
            } else {
                "T"
            }
            .to_owned()
        };
        let link = named("<dst>é".to_owned());
        for (format, filled) in [
            ("", ""),
            ("<dst>", "T"),
            ("<src> -> <dst>", "S -> T"),
            ("<<linkname>><src", "<<dst>é><src"),
            ("é<é<dst>é", "é<éTé"),
        ] {
            assert_eq!(link.format(format, encode).unwrap(), filled, "{format}");
        }
        let long = named("x".repeat(MAX_REF));
        assert_eq!(long.format("<linkname>", encode).unwrap().len(), MAX_REF);
        assert_eq!(long.format("<linkname>!", encode), Err(RefTooLong));
        assert_eq!(
            long.format(&"<linkname>".repeat(1000), encode),
            Err(RefTooLong)
        );
    }
}
