//! Verifies that pins are complete.

use cairn_primitives::Cid;

use super::{PinError, Pinner};
use crate::error::FetchError;
use crate::listing::Listing;
use crate::walk::{PackedLinks, Visited, WalkStack, WalkStep, may_link};

/// Maximum number of bad blocks that are reported for one pin.
const MAX_BAD: usize = 10_000;
/// Bad blocks up to which statuses wait together to be read.
const FEW_BAD: usize = 16;

/// A block that is absent or cannot be read.
#[derive(Clone, Debug)]
pub struct BadBlock {
    /// The block.
    pub cid: Cid,
    /// What is wrong with it.
    pub error: FetchError,
}

/// The state of a recursive pin.
#[derive(Clone, Debug)]
pub struct PinStatus {
    /// The pin.
    pub cid: Cid,
    /// Bad blocks below it; empty if it is complete.
    pub bad: Vec<BadBlock>,
}

impl PinStatus {
    /// Whether it is complete.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.bad.is_empty()
    }
}

impl Pinner {
    /// Checks every block below every recursive pin, good ones only once over all pins, and calls `each` with every
    /// pin until that returns `false`. Blocks the thread. Blocks are not hashed.
    pub fn verify_blocking(&self, each: &mut dyn FnMut(PinStatus) -> bool) -> Result<(), PinError> {
        self.verify_while(each, &|| true)
    }

    fn verify_while(
        &self,
        each: &mut dyn FnMut(PinStatus) -> bool,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), PinError> {
        // Blocks below which all is well: no pin has to look there again.
        let mut well = Visited::default();
        for cid in self.recursive_roots()? {
            let Some(bad) = self.check(&cid, &mut well, go_on) else {
                break;
            };
            let status = PinStatus { cid, bad };
            if !each(status) {
                break;
            }
        }
        Ok(())
    }

    /// As [`Pinner::verify_blocking`], in a separate thread.
    #[must_use]
    pub fn verify(&self) -> Listing<PinStatus, PinError> {
        let this = self.clone();
        Listing::start_watched(
            |status: &PinStatus| status.bad.len() > FEW_BAD,
            move |each, read| this.verify_while(each, read),
        )
    }

    /// The state of one DAG, pinned or not, in a separate thread. There is one item, unless the listing is dropped before.
    #[must_use]
    pub fn verify_dag(&self, root: Cid) -> Listing<PinStatus, PinError> {
        let this = self.clone();
        Listing::start_watched(
            |status: &PinStatus| status.bad.len() > FEW_BAD,
            move |each, read| {
                if let Some(bad) = this.check(&root, &mut Visited::default(), read) {
                    each(PinStatus { cid: root, bad });
                }
                Ok(())
            },
        )
    }

    /// What is bad below a root; `None` when the walk was stopped.
    fn check(
        &self,
        root: &Cid,
        well: &mut Visited,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<BadBlock>> {
        let mut bad = Vec::new();
        // Blocks that this pin has been at, be they well or not: a bad diamond is not walked twice either.
        let mut seen = Visited::default();
        let mut open = WalkStack::default();
        let mut next = Some(root.clone());
        loop {
            let cid = match next.take() {
                Some(cid) => cid,
                None => match open.step() {
                    WalkStep::Link(cid, _) => cid,
                    WalkStep::Again(node) => {
                        // What went since it was first looked at counts as bad.
                        let links = self.read_links(&node).unwrap_or_else(|error| {
                            open.flag();
                            note(&mut bad, node, error);
                            PackedLinks::default()
                        });
                        open.again(links);
                        continue;
                    }
                    WalkStep::Left(_, true) => {
                        open.flag();
                        continue;
                    }
                    WalkStep::Left(cid, false) => {
                        well.insert(&cid);
                        continue;
                    }
                    WalkStep::End => return Some(bad),
                },
            };
            if well.contains(&cid) {
                continue;
            }
            if !go_on() {
                return None;
            }
            if !seen.insert(&cid) {
                // Seen and not well: it is bad, or an ancestor that is still open, which a DAG does not have.
                open.flag();
                continue;
            }
            match self.read_links(&cid) {
                Ok(links) if links.is_done() => {
                    well.insert(&cid);
                }
                Ok(links) => open.push(cid, links),
                Err(error) => {
                    open.flag();
                    note(&mut bad, cid, error);
                }
            }
        }
    }

    fn read_links(&self, cid: &Cid) -> Result<PackedLinks, FetchError> {
        let absent = || FetchError::Offline { cid: cid.clone() };
        if may_link(cid.codec()) {
            let links = self.inner.store.links_blocking(cid)?.ok_or_else(absent)?;
            return Ok(PackedLinks::of(links));
        }
        let here =
            cid.hash().identity_data().is_some() || self.inner.store.has_blocking(cid.hash())?;
        if here {
            Ok(PackedLinks::default())
        } else {
            Err(absent())
        }
    }
}

/// Names a bad block, as long as there are not too many.
fn note(bad: &mut Vec<BadBlock>, cid: Cid, error: FetchError) {
    if bad.len() < MAX_BAD {
        bad.push(BadBlock { cid, error });
    }
}
