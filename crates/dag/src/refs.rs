//! References: what blocks link to, link by link; and every local block.

use cairn_primitives::ByteString;
use cairn_primitives::{Cid, Codec};
use cairn_store::BlockStore;

use crate::error::{FetchError, NodeError};
use crate::fetch::{Blocks, WalkAhead};
use crate::walk::{Open, Packed, SeenAsWritten, Step, may_link};

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

/// Most bytes of a ref that a format is filled in with. A name has as many bytes as its block, and a format may want it
/// often: what is longer is refused.
pub const MAX_REF: usize = 4 << 20;

/// A format makes a ref of more than [`MAX_REF`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the format makes a ref of more than {MAX_REF} bytes: use <linkname> less often")]
pub struct RefTooLong;

impl Ref {
    /// Fills in a format: `<src>`, `<dst>` and `<linkname>` are replaced. `encode` writes CIDs.
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

/// How refs are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefsOptions {
    /// Whether a target that was listed before is left out.
    pub unique: bool,
    /// How many levels are listed; `None` means all, 1 the links of the root alone.
    pub max_depth: Option<u64>,
}

/// Lists links depth first, a node's links in the order of its bytes.
///
/// A target is listed only when its block can be had. Without `unique`, a block is listed as often as it is linked to,
/// which for a DAG of diamonds is more than anyone waits for: drop the listing to stop it.
pub struct Refs {
    blocks: Blocks,
    options: RefsOptions,
    root: Option<Cid>,
    open: Open,
    ahead: WalkAhead,
    /// With `unique`: the least depth at which a target was seen. Shared by roots listed after each other.
    seen: SeenAsWritten<u32>,
}

impl Refs {
    /// Prepares a listing; [`Refs::start`] gives it a root.
    #[must_use]
    pub fn new(blocks: Blocks, options: RefsOptions) -> Self {
        Self {
            blocks,
            options,
            root: None,
            open: Open::default(),
            ahead: WalkAhead::default(),
            seen: SeenAsWritten::default(),
        }
    }

    /// Begins with a root. With `unique`, what earlier roots listed is left out.
    pub fn start(&mut self, root: Cid) {
        self.open.clear();
        self.root = Some(root);
    }

    /// The next link, or `None` at the end. After an error the root is done with.
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
                Step::Link(target, name) => (target, name),
                Step::Again(node) => {
                    let links = links_of(&self.blocks, &node).await?;
                    self.open.again(links);
                    continue;
                }
                Step::Left(..) => continue,
                Step::End => return Ok(None),
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
async fn links_of(blocks: &Blocks, cid: &Cid) -> Result<Packed, NodeError> {
    if cid.codec() == Codec::DAG_PB {
        let links = blocks.get_links(cid).await?;
        return Ok(Packed::named(links));
    }
    if !may_link(cid.codec()) {
        if !blocks.has_local(cid).await? {
            blocks.fetch(cid).await?;
        }
        return Ok(Packed::default());
    }
    Ok(Packed::of(blocks.links(cid).await?))
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
