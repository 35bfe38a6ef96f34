//! Why a CID is kept.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_store::block::Root;
use cairn_store::meta::{PinFilter, PinMode};

use super::{Kind, PinError, PinState, Pinner};
use crate::walk::{Visited, may_link};

impl Pinner {
    /// Whether and how each CID is pinned, in the order asked. `kind` narrows the question: what is not pinned in that way
    /// counts as not pinned. Indirect pins cost one walk over what is pinned, however many CIDs are asked for.
    ///
    /// As with Kubo, a recursive pin is never indirect as well, while a direct one may be.
    pub async fn state(&self, kind: Kind, cids: Vec<Cid>) -> Result<Vec<PinState>, PinError> {
        let mut states = Vec::with_capacity(cids.len());
        let mut open = Vec::new();
        for (at, cid) in cids.iter().enumerate() {
            let pin = self.inner.rows.pin(cid)?;
            let fits = pin.as_ref().is_some_and(|pin| match kind {
                Kind::All => true,
                Kind::Recursive => pin.mode == PinMode::Recursive,
                Kind::Direct => pin.mode == PinMode::Direct,
                Kind::Indirect => false,
            });
            match pin {
                Some(pin) if fits => states.push(PinState::Pinned {
                    mode: pin.mode,
                    name: pin.name,
                }),
                pin => {
                    states.push(PinState::NotPinned);
                    let recursive = pin.is_some_and(|pin| pin.mode == PinMode::Recursive);
                    if matches!(kind, Kind::All | Kind::Indirect) && !recursive {
                        open.push(at);
                    }
                }
            }
        }
        if open.is_empty() {
            return Ok(states);
        }
        let this = self.clone();
        let wanted: Vec<Cid> = open
            .iter()
            .filter_map(|at| cids.get(*at).cloned())
            .collect();
        let found = tokio::task::spawn_blocking(move || this.indirect(&wanted))
            .await
            .map_err(|_| PinError::Interrupted)??;
        for (at, via) in open.into_iter().zip(found) {
            if let (Some(state), Some(via)) = (states.get_mut(at), via) {
                *state = PinState::Indirect { via };
            }
        }
        Ok(states)
    }

    /// For each CID the first recursive pin that reaches it.
    fn indirect(&self, wanted: &[Cid]) -> Result<Vec<Option<Cid>>, PinError> {
        let roots = self.recursive_roots()?;
        let mut open: HashMap<Cid, Vec<usize>> = HashMap::new();
        for (at, cid) in wanted.iter().enumerate() {
            open.entry(cid.to_v1()).or_default().push(at);
        }
        // The store walks all roots at once, by its small ids: that tells in milliseconds what is not reached at all.
        let mut reached = HashMap::new();
        self.inner.store.walk(&roots, &mut |cid, _| {
            if !open.is_empty()
                && let Some((key, at)) = open.remove_entry(&cid.to_v1())
            {
                reached.insert(key, at);
            }
            !open.is_empty()
        })?;
        // What is reached is looked for again, root by root, each block once over all roots.
        let mut found = vec![None; wanted.len()];
        let mut visited = Visited::default();
        for root in roots.iter() {
            if reached.is_empty() {
                break;
            }
            let mut stack = vec![root.cid.clone()];
            while let Some(cid) = stack.pop() {
                if !visited.insert(&cid) {
                    continue;
                }
                for at in reached.remove(&cid.to_v1()).into_iter().flatten() {
                    if let Some(slot) = found.get_mut(at) {
                        *slot = Some(root.cid.clone());
                    }
                }
                if reached.is_empty() {
                    break;
                }
                if may_link(cid.codec())
                    && let Some(links) = self.inner.store.links(&cid)?
                {
                    stack.extend(
                        links
                            .iter()
                            .rev()
                            .filter(|link| !visited.contains(link))
                            .cloned(),
                    );
                }
            }
        }
        Ok(found)
    }

    /// All recursive pins, ordered by the bytes of their CIDs.
    pub(super) fn recursive_roots(&self) -> Result<Arc<[Root]>, PinError> {
        let mut roots = Vec::new();
        let recursive = PinFilter {
            mode: Some(PinMode::Recursive),
            ..PinFilter::default()
        };
        self.inner.rows.pins(&recursive, &mut |pin| {
            roots.push(Root {
                cid: pin.cid,
                recursive: true,
            });
            true
        })?;
        Ok(roots.into())
    }
}
