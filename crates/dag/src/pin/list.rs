//! Listing pins.

use std::collections::HashSet;

use cairn_primitives::{Cid, Version};
use cairn_store::meta::{Pin, PinFilter, PinMode};
use foldhash::quality::RandomState;

use super::{Kind, PinError, Pinner};
use crate::listing::Listing;
use crate::walk::{Visited, may_link};

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
        let mut roots: Vec<Cid> = Vec::new();
        let mut own: HashSet<Cid, RandomState> = HashSet::default();
        self.inner.rows.pins(&PinFilter::default(), &mut |pin| {
            if pin.mode == PinMode::Recursive {
                roots.push(pin.cid.clone());
            }
            own.insert(pin.cid);
            true
        })?;
        // CIDs are listed as they are written, so a block is passed once for each of its CIDs' versions.
        let mut seen: [Visited; 2] = Default::default();
        let mut first = |cid: &Cid| {
            let [v0, v1] = &mut seen;
            match cid.version() {
                Version::V0 => v0.insert(cid),
                Version::V1 => v1.insert(cid),
            }
        };
        for root in roots {
            if !first(&root) {
                continue;
            }
            let mut path = vec![self.links(&root)?.into_iter()];
            while let Some(links) = path.last_mut() {
                let Some(cid) = links.next() else {
                    path.pop();
                    continue;
                };
                if !first(&cid) {
                    continue;
                }
                if !own.contains(&cid) && !each(Listed::Indirect(cid.clone())) {
                    return Ok(());
                }
                if may_link(cid.codec()) {
                    path.push(self.links(&cid)?.into_iter());
                }
            }
        }
        Ok(())
    }

    /// What a block links to; nothing when it is not here.
    fn links(&self, cid: &Cid) -> Result<Vec<Cid>, PinError> {
        Ok(self
            .inner
            .store
            .links(cid)?
            .map(|links| links.to_vec())
            .unwrap_or_default())
    }

    /// As [`Pinner::list_blocking`], on a thread of its own.
    #[must_use]
    pub fn list(&self, query: Query) -> Listing<Listed, PinError> {
        let this = self.clone();
        Listing::start(move |each| this.list_blocking(&query, each))
    }
}
