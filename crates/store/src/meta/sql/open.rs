//! Opens the rows of a block store, and restores its pins when they are lost.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cairn_primitives::{Cid, PeerId};
use rusqlite::{Connection, TransactionBehavior};

use super::salvage::{self, SalvagedReferences};
use super::writer::{self, Change, PinTally, Writer};
use super::{STORE_ID, SqliteRows, database, mfs, names, opening, state, store_id, sync_parent};
use crate::block::disk::Disk;
use crate::meta::journal::{self, Journal, JournalEntry, JournalOwner, State};
use crate::meta::{NameRecord, Pin, PinChange, RowError, migrations};
use crate::sqlite::readers::Readers;
use crate::sqlite::{self, connect};

/// Pins up to which they are counted at each opening; what is more is counted by each collection.
const COUNTED: u64 = 100_000;

/// The location of rows, and the store that they belong to.
#[derive(Clone, Debug)]
pub struct RowsLocation {
    /// The database.
    pub path: PathBuf,
    /// The disk of the block store, with the pin journal.
    pub disk: Arc<dyn Disk>,
    /// Id of the block store.
    pub store: String,
    /// Id of the rows that belong to the block store.
    pub rows: Option<String>,
    /// Whether the block store has no blocks: only then may new rows be created.
    pub empty: bool,
}

/// The content of a pin journal.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct RecoveredRows {
    /// The pins.
    pub pins: Vec<Pin>,
    /// The root of the mutable file system.
    pub mfs_root: Option<Cid>,
    /// The IPNS records.
    pub names: Vec<NameRecord>,
    /// Whether a part of the journal could not be read, so that pins may be missing or outdated.
    pub damaged: bool,
}

fn journal_error(action: &'static str) -> impl Fn(io::Error) -> RowError {
    move |source| RowError::Journal {
        action,
        source: Arc::new(source),
    }
}

/// All that the journal has of a database, as it asks for it.
pub(super) fn all(
    connection: &Connection,
) -> impl FnMut(&mut dyn FnMut(JournalEntry)) -> io::Result<()> + '_ {
    move |each| {
        state::every(connection, &mut |pin| {
            each(JournalEntry::Pin(PinChange::Set(pin)));
        })
        .map_err(io::Error::other)?;
        let root = mfs::read(connection).map_err(io::Error::other)?;
        root.map(JournalEntry::MfsRoot)
            .into_iter()
            .for_each(&mut *each);
        let mut name = |record| {
            each(JournalEntry::Name(record));
            true
        };
        names::every(connection, &mut name).map_err(io::Error::other)
    }
}

/// Adds a record, unless there is a newer one of its name.
fn keep_newest(names: &mut BTreeMap<PeerId, NameRecord>, record: NameRecord) {
    match names.get(&record.name) {
        Some(kept) if kept.sequence > record.sequence => {}
        _ => drop(names.insert(record.name.clone(), record)),
    }
}

impl From<JournalEntry> for Change {
    fn from(noted: JournalEntry) -> Self {
        match noted {
            JournalEntry::Pin(change) => Self::Pin(change),
            JournalEntry::MfsRoot(root) => Self::MfsRoot(root),
            JournalEntry::Name(record) => Self::Name(record),
        }
    }
}

impl SqliteRows {
    /// Opens the rows of a block store for writing, creates them for a new one, and maintains the pin journal next to
    /// it.
    ///
    /// # Errors
    /// [`RowError::Lost`] and [`RowError::Other`] when these are not the rows of the store, [`RowError::Damaged`] when the pins
    /// are not those that were written, and what [`SqliteRows::open`] fails with.
    pub fn open_with_store(beside: &RowsLocation) -> Result<Arc<Self>, RowError> {
        let path = &beside.path;
        let lost = |what| {
            Err(RowError::Lost {
                path: path.clone(),
                what,
            })
        };
        let told = journal::read(&*beside.disk, None).map_err(journal_error("read"));
        let had = beside.rows.is_some() || !beside.empty || matches!(told, Ok(Some(_)));
        drop(told);
        if had {
            match std::fs::metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return lost("is missing");
                }
                Ok(metadata) if metadata.len() == 0 => return lost("is empty"),
                _ => {}
            }
        }
        let (mut connection, created) = connect(path, &migrations::LOCAL)?;
        let bound = store_id(&connection)?;
        match &bound {
            None if had => return lost("belongs to no block store"),
            Some(other) if *other != beside.store => {
                return Err(RowError::Other {
                    path: path.clone(),
                    found: format!("store {other}"),
                    expected: format!("store {}", beside.store),
                });
            }
            _ => {}
        }
        let (rows, now) = id_and_state(&mut connection)?;
        if let Some(expected) = &beside.rows
            && *expected != rows
        {
            return Err(RowError::Other {
                path: path.clone(),
                found: format!("an earlier time of the store ({rows})"),
                expected: expected.clone(),
            });
        }
        if now.sum.count <= COUNTED {
            state::compare(&state::count(&connection)?, &now.sum)?;
        }
        if bound.is_none() {
            let fact = Change::Fact {
                key: STORE_ID,
                value: beside.store.clone(),
            };
            writer::change_row(&connection, &fact, &mut PinTally::default())
                .map_err(database("write"))?;
        }
        let owner = JournalOwner {
            store: beside.store.clone(),
            rows: rows.clone(),
        };
        let (journal, now) = reconcile(&mut connection, &beside.disk, owner, now)?;
        Self::started(path, connection, created, rows, now, Some(journal))
    }

    /// Reads the journal of a block store; `None` if there is no readable one.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn rescue(disk: &dyn Disk, store: &str) -> Result<Option<RecoveredRows>, RowError> {
        let told = journal::read(disk, None).map_err(journal_error("read"))?;
        Ok(told.filter(|told| told.owner.store == store).map(|told| {
            let mut pins = BTreeMap::new();
            let mut names = BTreeMap::new();
            let mut sum = crate::meta::sum::PinSum::default();
            for change in told.changes {
                match change {
                    JournalEntry::Pin(PinChange::Set(pin)) => {
                        pins.insert((pin.cid.to_bytes(), pin.owner), pin);
                    }
                    JournalEntry::Pin(PinChange::Remove(cid, owner)) => {
                        pins.remove(&(cid.to_bytes(), owner));
                    }
                    JournalEntry::MfsRoot(_) => {}
                    JournalEntry::Name(record) => keep_newest(&mut names, record),
                }
            }
            pins.values().for_each(|pin| sum.add_pin(pin));
            RecoveredRows {
                damaged: told.damaged || sum != told.state.sum,
                mfs_root: told.mfs_root,
                names: names.into_values().collect(),
                pins: pins.into_values().collect(),
            }
        }))
    }

    /// Creates rows for a block store from recovered ones and the references that can be read in the database at `old`, in a
    /// new file; returns their id. They take effect once the store is bound to them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn make(
        path: &Path,
        store: &str,
        kept: &RecoveredRows,
        old: &Path,
    ) -> Result<(String, SalvagedReferences), RowError> {
        let (mut connection, _) = connect(path, &migrations::LOCAL)?;
        let (rows, mut now) = id_and_state(&mut connection)?;
        let transaction = connection.transaction().map_err(database("write"))?;
        let mut tally = PinTally::of(now);
        let pins = kept.pins.iter().cloned().map(PinChange::Set);
        let changes = pins
            .map(Change::Pin)
            .chain(kept.mfs_root.clone().map(Change::MfsRoot))
            .chain(kept.names.iter().cloned().map(Change::Name));
        for change in changes.chain([Change::Fact {
            key: STORE_ID,
            value: store.to_owned(),
        }]) {
            writer::change_row(&transaction, &change, &mut tally).map_err(database("write"))?;
        }
        let salvaged = salvage::copy_references(old, store, &transaction)?;
        now = tally.next(now);
        state::write(&transaction, &now).map_err(database("write"))?;
        transaction.commit().map_err(database("write"))?;
        sqlite::finish(connection)?;
        sync_parent(path).map_err(|source| opening(path, source))?;
        Ok((rows, salvaged))
    }

    /// Checks the whole database: every page, and that tables and indexes agree.
    ///
    /// # Errors
    /// [`RowError::Damaged`] with the first fault.
    pub fn check(&self) -> Result<(), RowError> {
        let found: String = self
            .readers
            .take()?
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(database("read"))?;
        if found == "ok" {
            return Ok(());
        }
        Err(RowError::Damaged { what: found })
    }

    /// The id of these rows; `None` for old ones that were opened read-only.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(super) fn started(
        path: &Path,
        connection: Connection,
        created: bool,
        id: String,
        now: State,
        journal: Option<Journal>,
    ) -> Result<Arc<Self>, RowError> {
        if created {
            sync_parent(path).map_err(|source| opening(path, source))?;
        }
        let readers = Readers::new(path.to_owned(), false);
        let writer =
            Writer::start(connection, now, journal).map_err(|source| opening(path, source))?;
        Ok(Arc::new(Self {
            writer: Some(writer),
            readers,
            has_references: true,
            has_names: true,
            has_services: true,
            has_state: true,
            id: Some(id),
        }))
    }
}

/// The id and the state of a database; one that has none gets them.
pub(super) fn id_and_state(connection: &mut Connection) -> Result<(String, State), RowError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(database("write"))?;
    if let Some(known) = state::read(&transaction)? {
        return Ok(known);
    }
    let rows = crate::block::segments::fresh_id().map_err(|source| RowError::Database {
        action: "make an id for",
        source: Arc::new(source),
    })?;
    let now = State {
        turn: 0,
        sum: state::count(&transaction)?,
    };
    state::begin(&transaction, &rows, &now).map_err(database("write"))?;
    transaction.commit().map_err(database("write"))?;
    Ok((rows, now))
}

/// Brings database and journal to the same turn. The one that is behind was cut by a crash, lost, or put back from a copy.
fn reconcile(
    connection: &mut Connection,
    disk: &Arc<dyn Disk>,
    owner: JournalOwner,
    mut now: State,
) -> Result<(Journal, State), RowError> {
    let told = journal::read(&**disk, Some(now.turn))
        .map_err(journal_error("read"))?
        .filter(|told| told.owner == owner);
    let Some(told) = told else {
        let journal = Journal::create(Arc::clone(disk), owner, &now, &mut all(connection));
        return Ok((journal.map_err(journal_error("write"))?, now));
    };
    // A journal of an older program does not name the root.
    if told.state == now && !told.damaged && told.mfs_root == mfs::read(connection)? {
        let journal = Journal::resume(Arc::clone(disk), &told);
        return Ok((journal.map_err(journal_error("write"))?, now));
    }
    if told.state.turn > now.turn {
        tracing::warn!(
            rows = now.turn,
            journal = told.state.turn,
            changes = told.changes.len(),
            "the journal has changes that the rows do not: they are taken over"
        );
        now = take_over(connection, &told, now)?;
    } else {
        tracing::debug!(
            rows = now.turn,
            journal = told.state.turn,
            damaged = told.damaged,
            "rewriting the pin journal"
        );
    }
    let journal = Journal::create(Arc::clone(disk), owner, &now, &mut all(connection));
    Ok((journal.map_err(journal_error("write"))?, now))
}

/// Applies what a journal is ahead.
fn take_over(
    connection: &mut Connection,
    told: &journal::JournalContents,
    now: State,
) -> Result<State, RowError> {
    let write = database("write");
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&write)?;
    let mut tally = PinTally::of(now);
    if told.whole {
        let mut gone = Vec::new();
        state::every(&transaction, &mut |pin| {
            gone.push(PinChange::Remove(pin.cid, pin.owner));
        })?;
        for change in gone {
            writer::change_row(&transaction, &Change::Pin(change), &mut tally).map_err(&write)?;
        }
    }
    for change in &told.changes {
        writer::change_row(&transaction, &change.clone().into(), &mut tally).map_err(&write)?;
    }
    let mut next = tally.next(now);
    next.turn = told.state.turn;
    if next.sum != told.state.sum {
        return Err(RowError::Damaged {
            what: "the journal is ahead of the rows, and does not fit them".to_owned(),
        });
    }
    state::write(&transaction, &next).map_err(&write)?;
    transaction.commit().map_err(&write)?;
    Ok(next)
}
