//! The thread that writes: one transaction and one sync for all who wait.

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::beside::all;
use super::{database, mode_number, state};
use crate::meta::journal::{self, Journal, State};
use crate::meta::sum::PinSum;
use crate::meta::{PinChange, PinMode, Reference, ReferenceChange, RowError};

/// Batches that wait for the thread; at the bound, callers wait to hand theirs over.
const QUEUE: usize = 1_024;

/// Changes that one transaction takes before it commits; a batch is never split, however large.
const TRANSACTION: usize = 16_384;

/// One change of a row.
#[derive(Debug)]
pub(super) enum Change {
    /// Sets or removes a pin.
    Pin(PinChange),
    /// Sets or removes a reference.
    Reference(ReferenceChange),
    /// Sets a fact.
    Fact {
        /// Its key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

/// What a transaction does to the pins.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sum: PinSum,
    /// The changes, as the journal has them.
    changes: Vec<u8>,
}

impl Tally {
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

/// What the thread works on.
struct Database {
    connection: Connection,
    now: State,
    journal: Option<Journal>,
}

/// Changes that are applied whole or not at all, and who waits for them.
struct Batch {
    changes: Vec<Change>,
    answer: oneshot::Sender<Result<(), RowError>>,
}

enum Job {
    Apply(Batch),
    Close(oneshot::Sender<Result<(), RowError>>),
}

/// The thread's front.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Writer {
    /// Starts the thread. It ends at [`Writer::close`], or when the writer is dropped and the queue is empty.
    pub(super) fn start(
        connection: Connection,
        now: State,
        journal: Option<Journal>,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let database = Database {
            connection,
            now,
            journal,
        };
        std::thread::Builder::new()
            .name("rows-writer".into())
            .spawn(move || run(database, receiver))?;
        Ok(Self {
            queue: Mutex::new(Some(sender)),
        })
    }

    pub(super) fn check_open(&self) -> Result<(), RowError> {
        self.queue().map(drop)
    }

    fn queue(&self) -> Result<mpsc::Sender<Job>, RowError> {
        self.queue.lock().clone().ok_or(RowError::Closed)
    }

    /// Applies changes whole or not at all; they are durable when it answers.
    pub(super) async fn apply(&self, changes: Vec<Change>) -> Result<(), RowError> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Apply(Batch { changes, answer });
        self.queue()?
            .send(job)
            .await
            .map_err(|_| RowError::Closed)?;
        answered.await.unwrap_or(Err(RowError::Closed))
    }

    /// Refuses further changes, waits for those handed over, and moves the log into the database. Closing what is
    /// closed does nothing.
    pub(super) async fn close(&self) -> Result<(), RowError> {
        let Some(queue) = self.queue.lock().take() else {
            return Ok(());
        };
        let (answer, answered) = oneshot::channel();
        queue
            .send(Job::Close(answer))
            .await
            .map_err(|_| RowError::Closed)?;
        answered.await.unwrap_or(Err(RowError::Closed))
    }
}

fn run(mut database: Database, mut jobs: mpsc::Receiver<Job>) {
    let mut waiting = Vec::new();
    while let Some(first) = jobs.blocking_recv() {
        let mut next = Some(first);
        let mut changes = 0;
        let mut closing = None;
        while let Some(job) = next.take() {
            match job {
                Job::Apply(batch) => {
                    changes += batch.changes.len();
                    waiting.push(batch);
                }
                Job::Close(answer) => {
                    closing = Some(answer);
                    break;
                }
            }
            if changes < TRANSACTION {
                next = jobs.try_recv().ok();
            }
        }
        commit(&mut database, &mut waiting);
        database.compact();
        if let Some(answer) = closing {
            // Whoever held a sender across the close is refused, not forgotten.
            jobs.close();
            while let Some(job) = jobs.blocking_recv() {
                match job {
                    Job::Apply(batch) => drop(batch.answer.send(Err(RowError::Closed))),
                    Job::Close(other) => drop(other.send(Ok(()))),
                }
            }
            drop(answer.send(finish(database.connection)));
            return;
        }
    }
    if let Err(error) = finish(database.connection) {
        tracing::warn!(%error, "the rows were not closed cleanly");
    }
}

/// Moves the log into the database and closes the file.
fn finish(connection: Connection) -> Result<(), RowError> {
    // Not an error when a reader still stands in the way: the log is replayed at the next opening.
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(database("write"))?;
    connection
        .close()
        .map_err(|(_, error)| database("write")(error))
}

/// Applies batches in one transaction and answers each. A batch that fails alone is undone alone.
fn commit(database: &mut Database, waiting: &mut Vec<Batch>) {
    if waiting.is_empty() {
        return;
    }
    let mut applied = Vec::with_capacity(waiting.len());
    let outcome = in_transaction(database, waiting, &mut applied);
    for answer in applied {
        // A caller that gave up is no reason to fail the others.
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
    let mut tally = Tally::of(*now);
    let mut transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(database("write"))?;
    let mut batches = std::mem::take(waiting).into_iter();
    while let Some(batch) = batches.next() {
        match apply(&mut transaction, &batch.changes, &mut tally) {
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
    let settled = journal.settle();
    if committed.is_err() {
        journal.undo();
        return committed;
    }
    *now = next;
    settled.map_err(journal_error)
}

fn journal_error(source: std::io::Error) -> RowError {
    RowError::Journal {
        action: "write",
        source: std::sync::Arc::new(source),
    }
}

impl Database {
    /// Writes a journal anew that has become long.
    fn compact(&mut self) {
        if let Some(journal) = self.journal.as_mut().filter(|journal| journal.is_long())
            && let Err(error) = journal.rewrite(&self.now, &mut all(&self.connection))
        {
            tracing::warn!(%error, "the pin journal cannot be written anew; the next change tries again");
        }
    }
}

/// Applies one batch, or nothing of it.
fn apply(
    transaction: &mut rusqlite::Transaction<'_>,
    changes: &[Change],
    tally: &mut Tally,
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
    transaction: &mut rusqlite::Transaction<'_>,
    changes: &[Change],
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    if let [change] = changes {
        // A statement that fails undoes itself.
        return change_row(transaction, change, tally);
    }
    let savepoint = transaction.savepoint()?;
    for change in changes {
        change_row(&savepoint, change, tally)?;
    }
    savepoint.commit()
}

/// Notes what a change does to the pins.
fn count(connection: &Connection, change: &PinChange, tally: &mut Tally) -> rusqlite::Result<()> {
    let cid = match change {
        PinChange::Set(pin) => pin.cid.to_bytes(),
        PinChange::Remove(cid) => cid.to_bytes(),
    };
    let before = connection
        .prepare_cached("SELECT mode, name FROM pin WHERE cid = ?1")?
        .query_row([&cid], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    if let Some((mode, name)) = before {
        let mode = if mode == mode_number(PinMode::Direct) {
            PinMode::Direct
        } else {
            PinMode::Recursive
        };
        tally.sum.sub(&cid, mode, &name);
    }
    if let PinChange::Set(pin) = change {
        tally.sum.add(&cid, pin.mode, &pin.name);
    }
    journal::encode(change, &mut tally.changes);
    Ok(())
}

/// Changes a row, and notes what that does to the pins.
pub(super) fn change_row(
    connection: &Connection,
    change: &Change,
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    if let Change::Pin(change) = change {
        count(connection, change, tally)?;
    }
    match change {
        Change::Pin(PinChange::Set(pin)) => connection
            .prepare_cached(
                "INSERT INTO pin (cid, mode, name) VALUES (?1, ?2, ?3)
                 ON CONFLICT (cid) DO UPDATE SET mode = excluded.mode, name = excluded.name",
            )?
            .execute((pin.cid.to_bytes(), mode_number(pin.mode), &pin.name)),
        Change::Pin(PinChange::Remove(cid)) => connection
            .prepare_cached("DELETE FROM pin WHERE cid = ?1")?
            .execute([cid.to_bytes()]),
        Change::Reference(ReferenceChange::Set(new)) => return set_reference(connection, new),
        Change::Reference(ReferenceChange::Remove(key)) => {
            let source = connection
                .prepare_cached("DELETE FROM reference WHERE key = ?1 RETURNING source")?
                .query_row([key.as_bytes()], |row| row.get(0))
                .optional()?;
            return forget_source(connection, source);
        }
        Change::Reference(ReferenceChange::RemoveId(id)) => {
            let source = connection
                .prepare_cached("DELETE FROM reference WHERE id = ?1 RETURNING source")?
                .query_row([id.cast_signed()], |row| row.get(0))
                .optional()?;
            return forget_source(connection, source);
        }
        Change::Fact { key, value } => connection
            .prepare_cached(
                "INSERT INTO fact (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?
            .execute((key, value)),
    }
    .map(drop)
}

fn set_reference(connection: &Connection, new: &Reference) -> rusqlite::Result<()> {
    let before = connection
        .prepare_cached("DELETE FROM reference WHERE key = ?1 RETURNING source")?
        .query_row([new.key.as_bytes()], |row| row.get(0))
        .optional()?;
    connection
        .prepare_cached("INSERT INTO source (path) VALUES (?1) ON CONFLICT (path) DO NOTHING")?
        .execute([&*new.path])?;
    connection
        .prepare_cached(
            "INSERT INTO reference (id, key, source, start, size)
             VALUES (?1, ?2, (SELECT id FROM source WHERE path = ?3), ?4, ?5)",
        )?
        .execute((
            new.id.cast_signed(),
            new.key.as_bytes(),
            &*new.path,
            new.offset.cast_signed(),
            new.size,
        ))?;
    forget_source(connection, before)
}

/// Removes the path of a file that nothing refers to any more.
fn forget_source(connection: &Connection, source: Option<i64>) -> rusqlite::Result<()> {
    let Some(source) = source else { return Ok(()) };
    connection
        .prepare_cached(
            "DELETE FROM source
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM reference WHERE source = ?1)",
        )?
        .execute([source])
        .map(drop)
}
