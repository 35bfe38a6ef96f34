//! Finds out how CIDs are pinned.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_store::meta::{Pin, PinFilter, PinMode, PinOwner};

use super::{PinError, PinKind, PinState, Pinner};
use crate::walk::{PackedLinks, Visited, WalkStack, WalkStep, may_link};

impl Pinner {
    /// Whether and how each CID is pinned, in the given order. `kind` restricts the type: CIDs pinned in other ways
    /// count as not pinned. Indirect pins cost one walk over everything that is pinned, however many CIDs are given.
    ///
    /// As in Kubo, a recursive pin is never indirect as well, while a direct one may be.
    pub async fn state(&self, kind: PinKind, cids: Vec<Cid>) -> Result<Vec<PinState>, PinError> {
        let mut states = Vec::with_capacity(cids.len());
        let mut open = Vec::new();
        for (at, cid) in cids.iter().enumerate() {
            let pins = self.pins_of(cid)?;
            let recursive = pins.iter().any(|pin| pin.mode == PinMode::Recursive);
            match pins.into_iter().find(|pin| kind.includes(pin.mode)) {
                Some(pin) => states.push(PinState::Pinned {
                    mode: pin.mode,
                    name: pin.name,
                }),
                None => {
                    states.push(PinState::NotPinned);
                    if matches!(kind, PinKind::All | PinKind::Indirect) && !recursive {
                        open.push(at);
                    }
                }
            }
        }
        if open.is_empty() {
            return Ok(states);
        }
        let this = self.clone();
        // Whoever asked may leave while the walk is under way.
        let asking = Arc::new(());
        let asked = Arc::downgrade(&asking);
        let wanted: Vec<Cid> = open
            .iter()
            .filter_map(|at| cids.get(*at).cloned())
            .collect();
        let found = tokio::task::spawn_blocking(move || {
            this.indirect(&wanted, &|| asked.strong_count() > 0)
        })
        .await
        .map_err(|_| PinError::Interrupted)??;
        drop(asking);
        for (at, via) in open.into_iter().zip(found) {
            if let (Some(state), Some(via)) = (states.get_mut(at), via) {
                *state = PinState::Indirect { via };
            }
        }
        Ok(states)
    }

    /// The pins of a CID, the user's first.
    fn pins_of(&self, cid: &Cid) -> Result<Vec<Pin>, PinError> {
        let of_user = self.inner.rows.pin(cid, PinOwner::User)?;
        Ok(of_user.into_iter().chain(self.of_services(cid)?).collect())
    }

    /// The services' pin of a CID, or of its version 1, by which they pin.
    pub(super) fn of_services(&self, cid: &Cid) -> Result<Option<Pin>, PinError> {
        let rows = &self.inner.rows;
        if let Some(pin) = rows.pin(cid, PinOwner::Services)? {
            return Ok(Some(pin));
        }
        let new = cid.to_v1();
        match new == *cid {
            true => Ok(None),
            false => Ok(rows.pin(&new, PinOwner::Services)?),
        }
    }

    /// For each CID the first recursive pin that reaches it.
    fn indirect(
        &self,
        wanted: &[Cid],
        go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Option<Cid>>, PinError> {
        let roots = self.recursive_roots()?;
        let mut wanted_at: HashMap<Cid, Vec<usize>> = HashMap::new();
        for (at, cid) in wanted.iter().enumerate() {
            wanted_at.entry(cid.to_v1()).or_default().push(at);
        }
        let mut found = vec![None; wanted.len()];
        let mut visited = Visited::default();
        let mut open = WalkStack::default();
        for root in roots {
            let mut next = Some(root.clone());
            while let Some(cid) = next.take() {
                if visited.enter(&cid) {
                    for at in wanted_at.remove(&cid.to_v1()).into_iter().flatten() {
                        if let Some(slot) = found.get_mut(at) {
                            *slot = Some(root.clone());
                        }
                    }
                    if wanted_at.is_empty() || !go_on() {
                        return Ok(found);
                    }
                    if may_link(cid.codec())
                        && let Some(links) = self.inner.store.links_blocking(&cid)?
                    {
                        open.push_last(cid, PackedLinks::of(links));
                    }
                }
                next = self.next_link(&mut open)?;
            }
        }
        Ok(found)
    }

    /// The next link of a walk; what a node that is no longer here links to is skipped.
    pub(super) fn next_link(&self, open: &mut WalkStack) -> Result<Option<Cid>, PinError> {
        loop {
            match open.step() {
                WalkStep::Link(cid, _) => return Ok(Some(cid)),
                WalkStep::Again(node) => {
                    let links = self.inner.store.links_blocking(&node)?;
                    open.again(PackedLinks::of(links.unwrap_or_default()));
                }
                WalkStep::Left(..) => {}
                WalkStep::End => return Ok(None),
            }
        }
    }

    /// The roots of all recursive pins, each once, ordered by the bytes of their CIDs: about 37 bytes each.
    pub(super) fn recursive_roots(&self) -> Result<PackedLinks, PinError> {
        let mut roots = Vec::new();
        let recursive = PinFilter {
            mode: Some(PinMode::Recursive),
            ..PinFilter::default()
        };
        let mut last = None;
        self.inner.rows.pins(&recursive, &mut |pin| {
            // Pins of several owners follow one another.
            if last.as_ref() != Some(&pin.cid) {
                pin.cid.write(&mut roots);
                last = Some(pin.cid);
            }
            true
        })?;
        Ok(PackedLinks::of_bytes(roots))
    }
}
