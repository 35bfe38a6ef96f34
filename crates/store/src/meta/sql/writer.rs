//! The writing thread: one transaction and one sync for all waiting callers, in the database and in the journal.

use std::convert::identity;

use cairn_primitives::Cid;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::open::all;
use super::{database, mfs, names, pins, references, state};
use crate::meta::journal::{self, Journal, State};
use crate::meta::sum::PinSum;
use crate::meta::{NameRecord, PinChange, ReferenceChange, RowError};
use crate::sqlite;
use crate::sqlite::queue::{BatchWriter, Queue};

/// One change of a row.
#[derive(Debug)]
pub(super) enum Change {
    /// Sets or removes a pin.
    Pin(PinChange),
    /// Sets or removes a reference.
    Reference(ReferenceChange),
    /// Sets the MFS root.
    MfsRoot(Cid),
    /// Keeps an IPNS record, unless there is a newer one.
    Name(NameRecord),
    /// Sets a fact.
    Fact {
        /// Its key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

/// What a transaction does to the pins, and to what else the journal has.
#[derive(Debug, Default)]
pub(super) struct PinTally {
    sum: PinSum,
    /// The changes, as the journal has them.
    changes: Vec<u8>,
}

impl PinTally {
    /// Begins with what the pins are.
    pub(super) fn of(now: State) -> Self {
        Self {
            sum: now.sum,
            changes: Vec::new(),
        }
    }

    /// What the pins are afterwards.
    pub(super) fn next(&self, now: State) -> State {
        State {
            turn: now.turn + 1,
            sum: self.sum,
        }
    }
}

/// The work of the thread.
struct Database {
    connection: Connection,
    now: State,
    journal: Option<Journal>,
}

/// Changes that are applied whole or not at all, and who waits for them.
struct Batch {
    changes: Vec<Change>,
    answer: Answer,
}

/// The handle of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Queue<Batch>,
}

impl Writer {
    /// Starts the thread. It ends at [`Writer::close`], or when the writer is dropped and the queue is empty.
    pub(super) fn start(
        connection: Connection,
        now: State,
        journal: Option<Journal>,
    ) -> std::io::Result<Self> {
        let database = Database {
            connection,
            now,
            journal,
        };
        let queue = Queue::start("rows-writer", database)?;
        Ok(Self { queue })
    }

    pub(super) fn check_open(&self) -> Result<(), RowError> {
        self.queue.check_open()
    }

    /// Applies changes whole or not at all; they are durable when it answers.
    pub(super) async fn apply(&self, changes: Vec<Change>) -> Result<(), RowError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Batch { changes, answer }).await?;
        answered.await.unwrap_or(Err(RowError::Closed))
    }

    /// See [`Queue::close`].
    pub(super) async fn close(&self) -> Result<(), RowError> {
        self.queue.close().await
    }
}

impl BatchWriter for Database {
    type Batch = Batch;

    fn weight(batch: &Batch) -> usize {
        batch.changes.len()
    }

    fn commit(&mut self, waiting: &mut Vec<Batch>) {
        commit(self, waiting);
        self.compact();
    }

    fn refuse(batch: Batch) {
        drop(batch.answer.send(Err(RowError::Closed)));
    }

    fn finish(self) -> Result<(), RowError> {
        sqlite::finish(self.connection)
    }
}

/// Applies batches in one transaction and answers each. A batch that fails alone is undone alone.
fn commit(database: &mut Database, waiting: &mut Vec<Batch>) {
    if waiting.is_empty() {
        return;
    }
    let mut applied = Vec::with_capacity(waiting.len());
    let outcome = in_transaction(database, waiting, &mut applied);
    for answer in applied {
        // A caller that gave up is not a reason to fail the others.
        drop(answer.send(outcome.clone()));
    }
    // Only a transaction that failed leaves batches behind.
    for batch in waiting.drain(..) {
        drop(batch.answer.send(outcome.clone()));
    }
}

type Answer = oneshot::Sender<Result<(), RowError>>;

/// Takes batches off `waiting` and applies them; those that stand with the transaction go to `applied`, those undone alone
/// are answered at once. What is left in `waiting` was not tried.
fn in_transaction(
    Database {
        connection,
        now,
        journal,
    }: &mut Database,
    waiting: &mut Vec<Batch>,
    applied: &mut Vec<Answer>,
) -> Result<(), RowError> {
    if let Some(journal) = journal.as_mut().filter(|journal| journal.is_broken()) {
        journal
            .rewrite(now, &mut all(connection))
            .map_err(journal_error)?;
    }
    let mut tally = PinTally::of(*now);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(database("write"))?;
    let mut batches = std::mem::take(waiting).into_iter();
    while let Some(batch) = batches.next() {
        match apply(&transaction, &batch.changes, &mut tally) {
            Ok(()) => applied.push(batch.answer),
            Err(error) => {
                let error = database("write")(error);
                // A full disk or a failed write undoes the whole transaction, not this batch alone.
                let lost = transaction.is_autocommit();
                drop(batch.answer.send(Err(error.clone())));
                if lost {
                    waiting.extend(batches);
                    return Err(error);
                }
            }
        }
    }
    if tally.changes.is_empty() {
        return transaction.commit().map_err(database("write"));
    }
    let next = tally.next(*now);
    state::write(&transaction, &next).map_err(database("write"))?;
    let Some(journal) = journal else {
        transaction.commit().map_err(database("write"))?;
        *now = next;
        return Ok(());
    };
    // The journal first, so that after a kill it is not behind; the two syncs run side by side.
    if let Err(error) = journal.append(&next, &tally.changes) {
        journal.undo();
        return Err(journal_error(error));
    }
    let committed = transaction.commit().map_err(database("write"));
    let id_and_state = journal.settle();
    if committed.is_err() {
        journal.undo();
        return committed;
    }
    *now = next;
    id_and_state.map_err(journal_error)
}

fn journal_error(source: std::io::Error) -> RowError {
    RowError::Journal {
        action: "write",
        source: std::sync::Arc::new(source),
    }
}

impl Database {
    /// Writes a journal again that has become long.
    fn compact(&mut self) {
        if let Some(journal) = self.journal.as_mut().filter(|journal| journal.is_long())
            && let Err(error) = journal.rewrite(&self.now, &mut all(&self.connection))
        {
            tracing::warn!(%error, "cannot rewrite the pin journal; the next change tries again");
        }
    }
}

/// Applies one batch, or nothing of it.
fn apply(
    transaction: &Connection,
    changes: &[Change],
    tally: &mut PinTally,
) -> rusqlite::Result<()> {
    let (sum, length) = (tally.sum, tally.changes.len());
    let done = apply_all(transaction, changes, tally);
    if done.is_err() {
        tally.sum = sum;
        tally.changes.truncate(length);
    }
    done
}

fn apply_all(
    transaction: &Connection,
    changes: &[Change],
    tally: &mut PinTally,
) -> rusqlite::Result<()> {
    if let [change] = changes {
        // A statement that fails undoes itself.
        return change_row(transaction, change, tally);
    }
    sqlite::alone(transaction, identity, || {
        changes
            .iter()
            .try_for_each(|change| change_row(transaction, change, tally))
    })
}

/// Notes what a change does to the pins.
fn count(
    connection: &Connection,
    change: &PinChange,
    tally: &mut PinTally,
) -> rusqlite::Result<()> {
    let (cid, owner) = match change {
        PinChange::Set(pin) => (pin.cid.to_bytes(), pin.owner),
        PinChange::Remove(cid, owner) => (cid.to_bytes(), *owner),
    };
    if let Some((mode, name)) = pins::find(connection, &cid, owner)? {
        tally.sum.sub(&cid, owner, mode, &name);
    }
    if let PinChange::Set(pin) = change {
        tally.sum.add(&cid, owner, pin.mode, &pin.name);
    }
    Ok(())
}

/// Changes a row, and notes it for the journal where that has it as well.
pub(super) fn change_row(
    connection: &Connection,
    change: &Change,
    tally: &mut PinTally,
) -> rusqlite::Result<()> {
    match change {
        Change::Pin(change) => {
            count(connection, change, tally)?;
            journal::encode_pin(change, &mut tally.changes);
            pins::change(connection, change)
        }
        Change::Reference(change) => references::change(connection, change),
        Change::MfsRoot(root) => {
            journal::encode_root(root, &mut tally.changes);
            mfs::write(connection, root)
        }
        Change::Name(record) => {
            journal::encode_name(record, &mut tally.changes);
            names::write(connection, record)
        }
        Change::Fact { key, value } => set_fact(connection, key, value),
    }
}

/// Sets a fact.
pub(super) fn set_fact(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO fact (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute((key, value))
        .map(drop)
}
