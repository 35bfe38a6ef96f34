//! Collection: the store below first, then the references.

use cairn_primitives::{Cid, CidList, Multihash};
use roaring::RoaringTreemap;

use super::super::links;
use super::super::traits::{BlockError, Collected, Collector, Root};
use super::Filestore;
use crate::meta::{MAX_REFERENCES, Reference, ReferenceOrder};

/// Notes which references are reachable, and passes everything else on.
struct Marker<'a> {
    files: &'a Filestore,
    collector: &'a mut dyn Collector,
    /// Ids of references.
    marked: RoaringTreemap,
}

impl Collector for Marker<'_> {
    fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
        self.collector.roots()
    }

    fn elsewhere(&mut self, cids: &[Cid]) -> Result<Vec<Option<CidList>>, BlockError> {
        let keys: Vec<Multihash> = cids.iter().map(|cid| cid.hash().clone()).collect();
        let found = self.files.shared.find_all(&keys)?;
        let mut answers = Vec::with_capacity(cids.len());
        for (cid, found) in cids.iter().zip(found) {
            let links = match found {
                Some(found) => {
                    self.marked.insert(found.id);
                    // A leaf of a file has none. But whoever knows that bytes lie in a file may have pinned them as a node.
                    Some(if links::may_link(cid.codec()) {
                        links::of(cid, &self.files.read(&found)?)?
                    } else {
                        CidList::new()
                    })
                }
                // It is not here, but this store may lie below another itself.
                None => self
                    .collector
                    .elsewhere(std::slice::from_ref(cid))?
                    .pop()
                    .flatten(),
            };
            answers.push(links);
        }
        Ok(answers)
    }

    fn removed(&mut self, key: &Multihash) {
        self.collector.removed(key);
    }

    fn cancelled(&self) -> bool {
        self.collector.cancelled()
    }
}

/// Ends a collection's place among the holds, however it ends.
struct CollectionEnd<'a>(&'a Filestore);

impl Drop for CollectionEnd<'_> {
    fn drop(&mut self) {
        self.0.holds.end_collection();
    }
}

impl Filestore {
    /// Collects below, then takes the references that nothing reaches.
    pub(super) fn sweep(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        // Before the roots are read: see `Engine::collect_alone`.
        let floor = self.holds.begin_collection(|| self.shared.next_id());
        let _place = CollectionEnd(self);
        let mut marker = Marker {
            files: self,
            collector,
            marked: RoaringTreemap::new(),
        };
        let mut done = self.shared.below.collect(&mut marker)?;
        let marked = marker.marked;
        let mut last: Option<Reference> = None;
        loop {
            if collector.cancelled() {
                return Err(BlockError::Cancelled);
            }
            let page = self.page(ReferenceOrder::Key, last.as_ref(), MAX_REFERENCES)?;
            let Some(end) = page.last() else {
                return Ok(done);
            };
            last = Some(end.clone());
            let mut victims = Vec::new();
            for found in page {
                // What the store below has still is reachable, and was not asked for elsewhere.
                if found.id < floor
                    && !marked.contains(found.id)
                    && !self.shared.below.has_blocking(&found.key)?
                {
                    victims.push(found);
                }
            }
            for gone in self.take(victims)? {
                done.blocks += 1;
                done.bytes += u64::from(gone.size);
                collector.removed(&gone.key);
            }
        }
    }

    /// Removes references that no hold keeps, durably; answers with those.
    fn take(&self, mut victims: Vec<Reference>) -> Result<Vec<Reference>, BlockError> {
        let _gate = self.shared.gate.write();
        self.holds.spare(&mut victims, |victim| victim.id);
        if victims.is_empty() {
            return Ok(victims);
        }
        self.forget(&victims)?;
        Ok(victims)
    }
}
