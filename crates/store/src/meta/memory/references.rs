//! References in memory.

use std::ops::Bound;

use cairn_primitives::Multihash;
use futures_util::future::BoxFuture;

use super::MemoryRows;
use crate::meta::{Reference, ReferenceChange, ReferenceOrder, ReferenceRows, RowError};

/// What references are listed by in the order of their files.
fn place(reference: &Reference) -> (&str, u64, &[u8]) {
    (&reference.path, reference.offset, reference.key.as_bytes())
}

impl ReferenceRows for MemoryRows {
    fn references(&self, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, RowError> {
        let state = self.state.read();
        let references = &state.open()?.references;
        Ok(keys
            .iter()
            .map(|key| references.get(key.as_bytes()).cloned())
            .collect())
    }

    fn reference_page(
        &self,
        order: ReferenceOrder,
        after: Option<&Reference>,
        limit: usize,
    ) -> Result<Vec<Reference>, RowError> {
        let state = self.state.read();
        let references = &state.open()?.references;
        if order == ReferenceOrder::Key {
            let from = after.map_or(Bound::Unbounded, |last| {
                Bound::Excluded(last.key.as_bytes().to_vec())
            });
            let page = references.range((from, Bound::Unbounded));
            return Ok(page.take(limit).map(|(_, found)| found.clone()).collect());
        }
        let mut page: Vec<&Reference> = references
            .values()
            .filter(|found| after.is_none_or(|last| place(found) > place(last)))
            .collect();
        page.sort_unstable_by_key(|found| place(found));
        Ok(page.into_iter().take(limit).cloned().collect())
    }

    fn reference_count(&self) -> Result<u64, RowError> {
        Ok(self.state.read().open()?.references.len() as u64)
    }

    fn last_reference(&self) -> Result<u64, RowError> {
        let state = self.state.read();
        let ids = state.open()?.references.values().map(|found| found.id);
        Ok(ids.max().unwrap_or(0))
    }

    fn change_references(
        &self,
        changes: Vec<ReferenceChange>,
    ) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            let mut state = self.state.write();
            state.open()?;
            for change in changes {
                match change {
                    ReferenceChange::Set(new) => {
                        state.references.insert(new.key.as_bytes().to_vec(), new);
                    }
                    ReferenceChange::Remove(key) => {
                        state.references.remove(key.as_bytes());
                    }
                    ReferenceChange::RemoveId(id) => {
                        state.references.retain(|_, found| found.id != id);
                    }
                }
            }
            Ok(())
        })
    }
}
