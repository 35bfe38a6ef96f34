//! Listing pins.

use std::collections::HashSet;

use cairn_primitives::Cid;
use cairn_store::block::Root;
use cairn_store::meta::{Pin, PinFilter, PinMode};
use foldhash::quality::RandomState;

use super::{Kind, PinError, Pinner};
use crate::listing::Listing;
use crate::walk::Visited;

/// Which pins to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Their kind.
    pub kind: Kind,
    /// Only pins whose name contains this; empty means all. Indirect pins have no names.
    pub name_contains: String,
}

/// One pin of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listed {
    /// A pin that a user asked for.
    Pin(Pin),
    /// A block below a recursive pin.
    Indirect(Cid),
}

impl Listed {
    /// What is pinned.
    #[must_use]
    pub fn cid(&self) -> &Cid {
        match self {
            Self::Pin(pin) => &pin.cid,
            Self::Indirect(cid) => cid,
        }
    }

    /// The pin's name; empty when there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Pin(pin) => &pin.name,
            Self::Indirect(_) => "",
        }
    }

    /// `recursive`, `direct` or `indirect`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pin(Pin {
                mode: PinMode::Recursive,
                ..
            }) => "recursive",
            Self::Pin(Pin {
                mode: PinMode::Direct,
                ..
            }) => "direct",
            Self::Indirect(_) => "indirect",
        }
    }
}

impl Pinner {
    /// Calls `each` with every pin that is asked for, until it returns `false`: recursive ones, then direct ones, both
    /// ordered by the bytes of their CIDs, then indirect ones. Blocks its thread.
    ///
    /// Recursive and direct pins stream from the rows. Indirect ones take memory for the roots and the blocks.
    pub fn list_blocking(
        &self,
        query: &Query,
        each: &mut dyn FnMut(Listed) -> bool,
    ) -> Result<(), PinError> {
        let name = Some(query.name_contains.clone()).filter(|name| !name.is_empty());
        // A name filter leaves no indirect pin, so there is no need to look for any.
        let indirect = name.is_none() && matches!(query.kind, Kind::All | Kind::Indirect);
        let mut go_on = true;
        for mode in [PinMode::Recursive, PinMode::Direct] {
            let wanted = match query.kind {
                Kind::All => true,
                Kind::Recursive => mode == PinMode::Recursive,
                Kind::Direct => mode == PinMode::Direct,
                Kind::Indirect => false,
            };
            if wanted && go_on {
                let filter = PinFilter {
                    mode: Some(mode),
                    name_contains: name.clone(),
                };
                self.inner.rows.pins(&filter, &mut |pin| {
                    go_on = each(Listed::Pin(pin));
                    go_on
                })?;
            }
        }
        if indirect && go_on {
            self.list_indirect(each)
        } else {
            Ok(())
        }
    }

    fn list_indirect(&self, each: &mut dyn FnMut(Listed) -> bool) -> Result<(), PinError> {
        let mut roots: Vec<Root> = Vec::new();
        let mut own: HashSet<Cid, RandomState> = HashSet::default();
        self.inner.rows.pins(&PinFilter::default(), &mut |pin| {
            if pin.mode == PinMode::Recursive {
                roots.push(Root {
                    cid: pin.cid.clone(),
                    recursive: true,
                });
            }
            own.insert(pin.cid);
            true
        })?;
        let mut go_on = true;
        // A pin of another CID of the same block does not make this one direct: CIDs are compared as written, but the
        // walk comes past each block once.
        let mut seen = Visited::default();
        self.inner.store.walk(&roots, &mut |cid, _| {
            if go_on && !own.contains(cid) && seen.insert(cid) {
                go_on = each(Listed::Indirect(cid.clone()));
            }
            go_on
        })?;
        Ok(())
    }

    /// As [`Pinner::list_blocking`], on a thread of its own.
    #[must_use]
    pub fn list(&self, query: Query) -> Listing<Listed, PinError> {
        let this = self.clone();
        Listing::start(move |each| this.list_blocking(&query, each))
    }
}
