//! Creates references.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cairn_primitives::Multihash;

use super::super::traits::{BlockError, Hold, MAX_BLOCK, ReferenceFault};
use super::hold::FileHold;
use super::paths::StoredPaths;
use super::{Filestore, rows_failed};
use crate::meta::{MAX_REFERENCES, Reference, ReferenceChange};

/// A block to refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReference {
    /// The block.
    pub key: Multihash,
    /// The file's absolute path, or a URL.
    pub source: Arc<str>,
    /// Where the block begins there, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
}

impl Filestore {
    /// Adds references to blocks durably. A block that the store below has gets none; an existing reference stays,
    /// unless the block cannot be read through it any more: then the new one replaces it.
    ///
    /// One block of each file is verified; the others are when they are read.
    ///
    /// # Errors
    /// [`BlockError::OutsideRoot`], [`BlockError::NoReference`] for what cannot be referred to, [`BlockError::Referenced`] for
    /// a file that does not hold the block. What was recorded by then is collected as blocks are.
    pub async fn refer(
        &self,
        hold: &Hold,
        references: Vec<NewReference>,
    ) -> Result<(), BlockError> {
        let hold = FileHold::of(hold, &self.holds)?;
        let mut references = references.as_slice();
        while !references.is_empty() {
            let (batch, rest) = references.split_at(references.len().min(MAX_REFERENCES));
            let changes = self.changes(hold, batch)?;
            if !changes.is_empty() {
                let changed = self.shared.rows.change_references(changes).await;
                changed.map_err(rows_failed("write"))?;
            }
            references = rest;
        }
        Ok(())
    }

    /// What has to change for some references to be there; the rest of them is in the hold.
    fn changes(
        &self,
        hold: &FileHold,
        batch: &[NewReference],
    ) -> Result<Vec<ReferenceChange>, BlockError> {
        let shared = &self.shared;
        let mut absent = Vec::new();
        for new in batch {
            if new.size > MAX_BLOCK as u64 {
                let size = usize::try_from(new.size).unwrap_or(usize::MAX);
                return Err(BlockError::TooBig { size });
            }
            // What is left out because the store below has it is nowhere else: it must be whole.
            let here = hold.below().touch_blocking(&new.key)?
                && match shared.below.get_blocking(&new.key) {
                    Err(BlockError::Damaged { .. }) => false,
                    read => read?.is_some(),
                };
            if !here {
                absent.push(new);
            }
        }
        let keys: Vec<Multihash> = absent.iter().map(|new| new.key.clone()).collect();
        let gate = shared.gate.read();
        let found = shared.find_all(&keys)?;
        for found in found.iter().flatten() {
            hold.record(found.id);
        }
        drop(gate);
        let mut reader = shared.reader();
        let mut changes: Vec<ReferenceChange> = Vec::new();
        let mut places = StoredPaths::default();
        for (new, found) in absent.into_iter().zip(found) {
            let stays = |old: Reference| {
                let path = places.relative(&shared.options, &new.source);
                let same = old.offset == new.offset && path.is_ok_and(|path| path == old.path);
                same || reader.read(&old).is_ok()
            };
            if found.is_some_and(stays) {
                continue;
            }
            if i64::try_from(new.offset).is_err() {
                let offset = new.offset;
                return Err(BlockError::NoReference(ReferenceFault::Offset { offset }));
            }
            let id = shared.next_id.fetch_add(1, Ordering::AcqRel);
            hold.record(id);
            let reference = Reference {
                id,
                key: new.key.clone(),
                path: places.relative(&shared.options, &new.source)?,
                offset: new.offset,
                #[expect(clippy::cast_possible_truncation, reason = "at most MAX_BLOCK")]
                size: new.size as u32,
            };
            // One of each file is read: a path that is not that of the bytes should not be found out later.
            let first = match changes.last() {
                Some(ReferenceChange::Set(last)) => last.path != reference.path,
                _ => true,
            };
            if first {
                reader.read(&reference)?;
            }
            changes.push(ReferenceChange::Set(reference));
        }
        Ok(changes)
    }

    /// Whether a block can be read by a reference, which then outlives the hold's collections. It is read: what is left out
    /// because of this answer is nowhere else.
    pub fn keeps(&self, hold: &Hold, key: &Multihash) -> Result<bool, BlockError> {
        let hold = FileHold::of(hold, &self.holds)?;
        let gate = self.shared.gate.read();
        let Some(found) = self.shared.find(key)? else {
            return Ok(false);
        };
        hold.record(found.id);
        drop(gate);
        Ok(self.shared.reader().read(&found).is_ok())
    }
}
