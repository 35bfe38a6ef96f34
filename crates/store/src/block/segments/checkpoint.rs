//! Changes of the index of an open store.

use std::sync::atomic::Ordering;

use cairn_primitives::Multihash;
use parking_lot::MutexGuard;
use redb::WriteTransaction;

use super::super::traits::BlockError;
use super::engine::Engine;
use super::entry::{Entry, Rows, SegmentState};
use super::index::{self, BLOCKS, Commit};
use super::link_rows;
use super::pending::Batch;

/// A block to be removed, by key and id: the same key with another id is another block by now.
pub(super) type Removed = (Multihash, Entry);

/// Removes the entry of a key if it has this id. Nearly always it has, so looking first would be looking twice.
fn remove(
    table: &mut redb::Table<'_, &'static [u8], &'static [u8]>,
    key: &[u8],
    id: u64,
) -> Result<Option<Entry>, redb::Error> {
    let Some(row) = table.remove(key)?.map(|row| row.value().to_vec()) else {
        return Ok(None);
    };
    let entry =
        Entry::decode(&row).ok_or_else(|| redb::Error::Corrupted("a block row".to_owned()))?;
    if entry.id == id {
        return Ok(Some(entry));
    }
    table.insert(key, row.as_slice())?;
    Ok(None)
}

/// Removes victims, which are sorted, in one walk from the first of them to the last: several times quicker than one by
/// one where they are many.
fn remove_between(
    table: &mut redb::Table<'_, &'static [u8], &'static [u8]>,
    victims: &[Removed],
    mut taken: impl FnMut(&Multihash, Entry),
) -> Result<(), redb::Error> {
    let (Some(first), Some(last)) = (victims.first(), victims.last()) else {
        return Ok(());
    };
    let mut damaged = false;
    let mut next = victims.iter().peekable();
    table.retain_in::<&[u8], _>(first.0.as_bytes()..=last.0.as_bytes(), |key, row| {
        while next
            .next_if(|(victim, _)| victim.as_bytes() < key)
            .is_some()
        {}
        let Some((victim, entry)) = next.peek().filter(|(victim, _)| victim.as_bytes() == key)
        else {
            return true;
        };
        match Entry::decode(row) {
            Some(now) if now.id == entry.id => {
                taken(victim, now);
                false
            }
            Some(_) => true,
            None => {
                damaged = true;
                true
            }
        }
    })?;
    if damaged {
        return Err(redb::Error::Corrupted("a block row".to_owned()));
    }
    Ok(())
}

/// Why blocks are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// Somebody asked: durable before the answer, and their links go too.
    Asked,
    /// A collection found them unreachable: they may be back after a crash, and go with the next collection. The
    /// collection sees to the links.
    Swept,
    /// The same, and they are many among their neighbours.
    SweptDense,
}

impl Engine {
    /// Brings to the index what is durable and not there yet.
    pub(super) fn checkpoint(&self) -> Result<(), BlockError> {
        let mut rows = self.rows.lock();
        if self
            .pending
            .lock()
            .batch_is_empty(self.settled.load(Ordering::Acquire))
        {
            return Ok(());
        }
        self.change(&mut rows, "index", |_, _| Ok(()))
    }

    /// Changes the index in one durable step that also brings it up to date with what is durable: what is removed in it
    /// can then not come back by a replay.
    pub(super) fn change<T>(
        &self,
        rows: &mut MutexGuard<'_, Rows>,
        action: &'static str,
        run: impl FnOnce(&WriteTransaction, &mut Rows) -> Result<T, redb::Error>,
    ) -> Result<T, BlockError> {
        self.apply(rows, action, Commit::Durable, run)
    }

    /// Changes the index in a step that may be undone until the next durable one. It brings nothing up to date: what
    /// waits for the index is only forgotten once it is there for good.
    pub(super) fn change_lazily<T>(
        &self,
        rows: &mut MutexGuard<'_, Rows>,
        action: &'static str,
        run: impl FnOnce(&WriteTransaction, &mut Rows) -> Result<T, redb::Error>,
    ) -> Result<T, BlockError> {
        self.apply(rows, action, Commit::Lazy, run)
    }

    fn apply<T>(
        &self,
        rows: &mut MutexGuard<'_, Rows>,
        action: &'static str,
        commit: Commit,
        run: impl FnOnce(&WriteTransaction, &mut Rows) -> Result<T, redb::Error>,
    ) -> Result<T, BlockError> {
        let batch = if commit == Commit::Durable {
            let settled = self.settled.load(Ordering::Acquire);
            self.pending.lock().batch(settled)
        } else {
            Batch::default()
        };
        let mut fresh = rows.clone();
        let done = self.index.commit(action, commit, |transaction| {
            let entries = batch
                .entries
                .iter()
                .map(|(key, entry)| (key.as_bytes(), *entry));
            index::insert(transaction, entries, &mut fresh, false)?;
            link_rows::insert(transaction, &batch.links)?;
            for (_, entry) in &batch.entries {
                let row = fresh.entry(entry.segment).or_default();
                row.end = row.end.max(entry.end());
            }
            for (segment, len) in &batch.closed {
                let row = fresh.entry(*segment).or_default();
                row.end = *len;
                row.state = SegmentState::Sealed;
            }
            let answer = run(transaction, &mut fresh)?;
            index::write_rows(transaction, rows, &fresh, self.upcoming())?;
            Ok(answer)
        });
        match done {
            Ok(answer) => {
                self.sum(&fresh);
                **rows = fresh;
                let mut pending = self.pending.lock();
                pending.flushed(&batch);
                // In this order: who still sees the old epoch finds the entries pending.
                self.epoch.fetch_add(1, Ordering::AcqRel);
                drop(pending);
                self.stage.lock().wake();
                Ok(answer)
            }
            Err(error) => {
                self.check_index();
                // It may have been made all the same.
                if let Ok(current) = self.index.rows() {
                    self.sum(&current);
                    **rows = current;
                }
                Err(self.explain(error, 0))
            }
        }
    }

    /// Removes blocks; the answer has the victims that were there.
    ///
    /// `spare` may drop victims at the last moment, while no touch can be under way.
    pub(super) fn take(
        &self,
        mut victims: Vec<Removed>,
        spare: impl FnOnce(&mut Vec<Removed>),
        removal: Removal,
    ) -> Result<Vec<Removed>, BlockError> {
        let mut rows = self.rows.lock();
        {
            let mut dying = self.gate.write();
            spare(&mut victims);
            dying.extend(victims.iter().map(|(key, entry)| (key.clone(), entry.id)));
        }
        victims.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        let taken = if victims.is_empty() {
            Ok(Vec::new())
        } else {
            let commit = match removal {
                Removal::Asked => Commit::Durable,
                Removal::Swept | Removal::SweptDense => Commit::Lazy,
            };
            let action = "remove blocks from";
            self.apply(&mut rows, action, commit, |transaction, rows| {
                let mut taken = Vec::with_capacity(victims.len());
                let mut table = transaction.open_table(BLOCKS)?;
                let mut gone = |key: &Multihash, now: Entry| {
                    if let Some(row) = rows.get_mut(&now.segment) {
                        row.sub(&now);
                    }
                    taken.push((key.clone(), now));
                };
                if removal == Removal::SweptDense {
                    remove_between(&mut table, &victims, gone)?;
                } else {
                    for (key, victim) in &victims {
                        if let Some(now) = remove(&mut table, key.as_bytes(), victim.id)? {
                            gone(key, now);
                        }
                    }
                }
                if removal == Removal::Asked {
                    link_rows::remove(transaction, taken.iter().map(|(_, entry)| entry.id))?;
                }
                Ok(taken)
            })
        };
        let mut dying = self.gate.write();
        for (key, entry) in &victims {
            if dying.get(key) == Some(&entry.id) {
                dying.remove(key);
            }
        }
        self.epoch.fetch_add(1, Ordering::AcqRel);
        taken
    }

    /// Removes keys, durably; says for each whether it was there.
    pub(super) fn remove(&self, keys: &[Multihash]) -> Result<Vec<bool>, BlockError> {
        self.check_writable()?;
        let mut answers = vec![false; keys.len()];
        // What is not durable yet must become so first: the index knows nothing of it, a replay would.
        self.settle(self.last_id());
        let mut victims = Vec::new();
        for ((key, found), answer) in keys
            .iter()
            .zip(self.find_all(keys.iter())?)
            .zip(&mut answers)
        {
            if let Some(entry) = found {
                let twice = victims.iter().any(|(other, _)| other == key);
                *answer = !twice;
                victims.push((key.clone(), entry));
            }
        }
        victims.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        victims.dedup_by(|(a, _), (b, _)| a == b);
        // Also when nothing is there: "not there" may be due to a segment that was just given up, and until the index
        // has that, its blocks could come back.
        self.checkpoint()?;
        if victims.is_empty() {
            self.find_lost(&keys.iter().cloned().collect())?;
            return Ok(answers);
        }
        let wanted = victims.len();
        let taken = self.take(victims, |_| {}, Removal::Asked)?;
        self.find_lost(&keys.iter().cloned().collect())?;
        if taken.len() < wanted {
            // Someone else removed some at the same time.
            for (key, answer) in keys.iter().zip(&mut answers) {
                *answer = *answer && taken.iter().any(|(gone, _)| gone == key);
            }
        }
        Ok(answers)
    }
}
