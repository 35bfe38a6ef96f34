//! Checking that what is pinned is here.

use cairn_primitives::Cid;

use super::{PinError, Pinner};
use crate::error::FetchError;
use crate::listing::Listing;
use crate::walk::{Open, Packed, Step, Visited, may_link};

/// Bad blocks that are named for one pin; the others are counted by nobody.
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

/// How a recursive pin was found.
#[derive(Clone, Debug)]
pub struct PinStatus {
    /// The pin.
    pub cid: Cid,
    /// What is wrong below it; empty when all is well.
    pub bad: Vec<BadBlock>,
}

impl PinStatus {
    /// Whether all of it is here.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.bad.is_empty()
    }
}

impl Pinner {
    /// Looks at every block below every recursive pin, each once over all pins as long as it is well, and calls `each`
    /// with every pin until that returns `false`. Blocks its thread. Blocks are not hashed.
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

    /// As [`Pinner::verify_blocking`], on a thread of its own.
    #[must_use]
    pub fn verify(&self) -> Listing<PinStatus, PinError> {
        let this = self.clone();
        Listing::watched(
            |status: &PinStatus| status.bad.len() > FEW_BAD,
            move |each, read| this.verify_while(each, read),
        )
    }

    /// What is bad below a root; `None` when it is not gone on with.
    fn check(
        &self,
        root: &Cid,
        well: &mut Visited,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<BadBlock>> {
        let mut bad = Vec::new();
        // Blocks that this pin has been at, be they well or not: a bad diamond is not walked twice either.
        let mut seen = Visited::default();
        let mut open = Open::default();
        let mut next = Some(root.clone());
        loop {
            let cid = match next.take() {
                Some(cid) => cid,
                None => match open.step() {
                    Step::Link(cid, _) => cid,
                    Step::Again(node) => {
                        // What went since it was first looked at counts as bad.
                        let links = self.look(&node).unwrap_or_else(|error| {
                            open.flag();
                            note(&mut bad, node, error);
                            Packed::default()
                        });
                        open.again(links);
                        continue;
                    }
                    Step::Left(_, true) => {
                        open.flag();
                        continue;
                    }
                    Step::Left(cid, false) => {
                        well.insert(&cid);
                        continue;
                    }
                    Step::End => return Some(bad),
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
            match self.look(&cid) {
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

    fn look(&self, cid: &Cid) -> Result<Packed, FetchError> {
        let absent = || FetchError::Offline { cid: cid.clone() };
        if may_link(cid.codec()) {
            let links = self.inner.store.links_blocking(cid)?.ok_or_else(absent)?;
            return Ok(Packed::of(links));
        }
        let here =
            cid.hash().identity_data().is_some() || self.inner.store.has_blocking(cid.hash())?;
        if here {
            Ok(Packed::default())
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
