//! Listing pins.

use cairn_primitives::Cid;
use cairn_store::meta::{Pin, PinFilter, PinMode, PinOwner};

use super::{PinError, PinKind, Pinner};
use crate::listing::Listing;
use crate::walk::{PackedLinks, SeenByVersion, WalkStack, may_link};

/// Which pins to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Their kind.
    pub kind: PinKind,
    /// Only pins whose name contains this; empty means all. Indirect pins have no names.
    pub name_contains: String,
}

/// One pin of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listed {
    /// A pin of a user or of the services.
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
    /// Calls `each` with every matching pin, until it returns `false`: recursive ones, then direct ones, both ordered
    /// by the bytes of their CIDs, then indirect ones. Of a CID that a user and the services have pinned, the user's pin is
    /// passed if it matches. Blocks the thread.
    ///
    /// Recursive and direct pins stream from the rows. Indirect ones take memory for the roots and the blocks.
    pub fn list_blocking(
        &self,
        query: &Query,
        each: &mut dyn FnMut(Listed) -> bool,
    ) -> Result<(), PinError> {
        self.list_while(query, each, &|| true)
    }

    fn list_while(
        &self,
        query: &Query,
        each: &mut dyn FnMut(Listed) -> bool,
        read: &dyn Fn() -> bool,
    ) -> Result<(), PinError> {
        let name = Some(query.name_contains.clone()).filter(|name| !name.is_empty());
        // A name filter leaves no indirect pin, so there is no need to look for any.
        let indirect = name.is_none() && matches!(query.kind, PinKind::All | PinKind::Indirect);
        let mut go_on = true;
        for mode in [PinMode::Recursive, PinMode::Direct] {
            if query.kind.includes(mode) && go_on {
                let filter = PinFilter {
                    mode: Some(mode),
                    name_contains: name.clone(),
                    owner: None,
                };
                let mut failed = None;
                self.inner.rows.pins(&filter, &mut |pin| {
                    go_on = match self.is_repeated(query, &pin) {
                        Ok(true) => true,
                        Ok(false) => each(Listed::Pin(pin)),
                        Err(error) => {
                            failed = Some(error);
                            false
                        }
                    };
                    go_on
                })?;
                if let Some(error) = failed {
                    return Err(error);
                }
            }
        }
        if indirect && go_on {
            self.list_indirect(each, read)
        } else {
            Ok(())
        }
    }

    /// Whether a pin is of the services, and a user's pin of the same CID matches as well.
    fn is_repeated(&self, query: &Query, pin: &Pin) -> Result<bool, PinError> {
        if pin.owner == PinOwner::User {
            return Ok(false);
        }
        let of_user = self.inner.rows.pin(&pin.cid, PinOwner::User)?;
        Ok(of_user.is_some_and(|pin| {
            query.kind.includes(pin.mode) && pin.name.contains(&query.name_contains)
        }))
    }

    fn list_indirect(
        &self,
        each: &mut dyn FnMut(Listed) -> bool,
        read: &dyn Fn() -> bool,
    ) -> Result<(), PinError> {
        // CIDs are listed as they are written, so a block is passed once for each of its CIDs' versions.
        let mut own = SeenByVersion::default();
        self.inner.rows.pins(&PinFilter::default(), &mut |pin| {
            own.set(&pin.cid, ());
            true
        })?;
        let mut seen = SeenByVersion::default();
        let mut open = WalkStack::default();
        for root in self.recursive_roots()? {
            if seen.set(&root, ()).is_some() {
                continue;
            }
            open.push_last(root.clone(), self.links(&root)?);
            while let Some(cid) = self.next_link(&mut open)? {
                if seen.set(&cid, ()).is_some() {
                    continue;
                }
                if own.get(&cid).is_none() && !each(Listed::Indirect(cid.clone())) {
                    return Ok(());
                }
                if may_link(cid.codec()) {
                    if !read() {
                        return Ok(());
                    }
                    let links = self.links(&cid)?;
                    open.push_last(cid, links);
                }
            }
        }
        Ok(())
    }

    /// What a block links to; nothing when it is not here.
    fn links(&self, cid: &Cid) -> Result<PackedLinks, PinError> {
        let links = self.inner.store.links_blocking(cid)?;
        Ok(PackedLinks::of(links.unwrap_or_default()))
    }

    /// As [`Pinner::list_blocking`], in a separate thread.
    #[must_use]
    pub fn list(&self, query: Query) -> Listing<Listed, PinError> {
        let this = self.clone();
        Listing::start_watched(
            |_| false,
            move |each, read| this.list_while(&query, each, read),
        )
    }
}
