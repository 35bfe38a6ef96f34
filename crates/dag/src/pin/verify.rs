//! Checking that what is pinned is here.

use std::sync::Arc;

use cairn_primitives::Cid;

use super::{PinError, Pinner};
use crate::error::FetchError;
use crate::listing::Listing;
use crate::walk::{Visited, may_link};

/// Bad blocks that are named for one pin; the others are counted by nobody.
const MAX_BAD: usize = 10_000;

/// A block that is absent or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadBlock {
    /// The block.
    pub cid: Cid,
    /// What is wrong with it.
    pub error: String,
}

/// How a recursive pin was found.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A node whose links are being looked at. Its own CID is the last that its parent's level gave out.
struct Level {
    links: Arc<[Cid]>,
    next: usize,
    bad: bool,
}

impl Pinner {
    /// Looks at every block below every recursive pin, each once over all pins as long as it is well, and calls `each`
    /// with every pin until that returns `false`. Blocks its thread. Blocks are not hashed.
    pub fn verify_blocking(&self, each: &mut dyn FnMut(PinStatus) -> bool) -> Result<(), PinError> {
        // Blocks below which all is well: no pin has to look there again.
        let mut well = Visited::default();
        for root in self.recursive_roots()?.iter() {
            let status = PinStatus {
                cid: root.cid.clone(),
                bad: self.check(&root.cid, &mut well),
            };
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
        Listing::start(move |each| this.verify_blocking(each))
    }

    fn check(&self, root: &Cid, well: &mut Visited) -> Vec<BadBlock> {
        let mut bad = Vec::new();
        // Blocks that this pin has been at, be they well or not: a bad diamond is not walked twice either.
        let mut seen = Visited::default();
        let mut levels = vec![Level {
            links: Arc::from([root.clone()]),
            next: 0,
            bad: false,
        }];
        while let Some(level) = levels.last_mut() {
            let Some(cid) = level.links.get(level.next).cloned() else {
                let done = levels.pop();
                if let (Some(done), Some(parent)) = (done, levels.last_mut()) {
                    if done.bad {
                        parent.bad = true;
                    } else if let Some(cid) = parent
                        .next
                        .checked_sub(1)
                        .and_then(|at| parent.links.get(at))
                    {
                        well.insert(cid);
                    }
                }
                continue;
            };
            level.next += 1;
            if well.contains(&cid) {
                continue;
            }
            if !seen.insert(&cid) {
                // Seen and not well: it is bad, or an ancestor that is still open, which a DAG does not have.
                level.bad = true;
                continue;
            }
            match self.look(&cid) {
                Ok(links) if links.is_empty() => {
                    well.insert(&cid);
                }
                Ok(links) => levels.push(Level {
                    links,
                    next: 0,
                    bad: false,
                }),
                Err(error) => {
                    level.bad = true;
                    if bad.len() < MAX_BAD {
                        bad.push(BadBlock {
                            cid,
                            error: crate::error::with_causes(&error),
                        });
                    }
                }
            }
        }
        bad
    }

    fn look(&self, cid: &Cid) -> Result<Arc<[Cid]>, FetchError> {
        let absent = || FetchError::Offline { cid: cid.clone() };
        if may_link(cid.codec()) {
            return self.inner.store.links(cid)?.ok_or_else(absent);
        }
        let here = cid.hash().identity_data().is_some() || self.inner.store.has(cid.hash())?;
        if here {
            Ok(Arc::from([]))
        } else {
            Err(absent())
        }
    }
}
