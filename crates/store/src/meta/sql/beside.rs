//! Opening the rows of a block store, and getting its pins back when they are lost.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cairn_primitives::{Cid, PeerId};
use rusqlite::{Connection, TransactionBehavior};

use super::writer::{self, Change, Tally, Writer};
use super::{STORE_ID, SqliteRows, database, mfs, names, opening, state, store_id, sync_parent};
use crate::block::disk::Disk;
use crate::meta::journal::{self, Journal, Noted, Owner, State};
use crate::meta::{NameRecord, Pin, PinChange, RowError, migrations};
use crate::sqlite::readers::Readers;
use crate::sqlite::{self, connect};

/// Pins up to which they are counted at each opening; what is more is counted by each collection.
const COUNTED: u64 = 100_000;

/// Where rows lie, and to what they belong.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The database.
    pub path: PathBuf,
    /// The folder of the block store, where the journal of the pins is.
    pub disk: Arc<dyn Disk>,
    /// Id of the block store.
    pub store: String,
    /// Id of the rows that the block store names.
    pub rows: Option<String>,
    /// Whether the block store has no blocks: only such a one may have new rows.
    pub empty: bool,
}

/// What a journal has kept.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Rescued {
    /// The pins.
    pub pins: Vec<Pin>,
    /// The root of the mutable file system.
    pub mfs_root: Option<Cid>,
    /// The IPNS records.
    pub names: Vec<NameRecord>,
    /// Whether a part of the journal could not be read, so that pins may be missing, or be those of an earlier time.
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
) -> impl FnMut(&mut dyn FnMut(Noted)) -> io::Result<()> + '_ {
    move |each| {
        state::every(connection, &mut |pin| each(Noted::Pin(PinChange::Set(pin))))
            .map_err(io::Error::other)?;
        let root = mfs::read(connection).map_err(io::Error::other)?;
        root.map(Noted::MfsRoot).into_iter().for_each(&mut *each);
        let mut name = |record| {
            each(Noted::Name(record));
            true
        };
        names::every(connection, &mut name).map_err(io::Error::other)
    }
}

/// Notes a record, unless a newer one of its name is there.
fn keep_newest(names: &mut BTreeMap<PeerId, NameRecord>, record: NameRecord) {
    match names.get(&record.name) {
        Some(kept) if kept.sequence > record.sequence => {}
        _ => drop(names.insert(record.name.clone(), record)),
    }
}

impl From<Noted> for Change {
    fn from(noted: Noted) -> Self {
        match noted {
            Noted::Pin(change) => Self::Pin(change),
            Noted::MfsRoot(root) => Self::MfsRoot(root),
            Noted::Name(record) => Self::Name(record),
        }
    }
}

impl SqliteRows {
    /// Opens the rows of a block store for writing, makes them for a new one, and keeps the journal of the pins beside it.
    ///
    /// # Errors
    /// [`RowError::Lost`] and [`RowError::Other`] when these are not the rows of the store, [`RowError::Damaged`] when the pins
    /// are not those that were written, and what [`SqliteRows::open`] fails with.
    pub fn open_beside(beside: &Beside) -> Result<Arc<Self>, RowError> {
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
        let (rows, now) = settled(&mut connection)?;
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
            writer::change_row(&connection, &fact, &mut Tally::default())
                .map_err(database("write"))?;
        }
        let owner = Owner {
            store: beside.store.clone(),
            rows: rows.clone(),
        };
        let (journal, now) = reconcile(&mut connection, &beside.disk, owner, now)?;
        Self::started(path, connection, created, rows, now, Some(journal))
    }

    /// Reads from the journal of a block store what it has kept; `None` when there is none that can be read.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn rescue(disk: &dyn Disk, store: &str) -> Result<Option<Rescued>, RowError> {
        let told = journal::read(disk, None).map_err(journal_error("read"))?;
        Ok(told.filter(|told| told.owner.store == store).map(|told| {
            let mut pins = BTreeMap::new();
            let mut names = BTreeMap::new();
            let mut sum = crate::meta::sum::PinSum::default();
            for change in told.changes {
                match change {
                    Noted::Pin(PinChange::Set(pin)) => {
                        pins.insert(pin.cid.to_bytes(), pin);
                    }
                    Noted::Pin(PinChange::Remove(cid)) => {
                        pins.remove(&cid.to_bytes());
                    }
                    Noted::MfsRoot(_) => {}
                    Noted::Name(record) => {
                        keep_newest(&mut names, record);
                    }
                }
            }
            pins.values().for_each(|pin| sum.add_pin(pin));
            Rescued {
                damaged: told.damaged || sum != told.state.sum,
                mfs_root: told.mfs_root,
                names: names.into_values().collect(),
                pins: pins.into_values().collect(),
            }
        }))
    }

    /// Makes new rows for a block store of what was kept, in a file that must not be there; answers with their id. They count
    /// once the store names them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn make(path: &Path, store: &str, kept: &Rescued) -> Result<String, RowError> {
        let (mut connection, _) = connect(path, &migrations::LOCAL)?;
        let (rows, mut now) = settled(&mut connection)?;
        let transaction = connection.transaction().map_err(database("write"))?;
        let mut tally = Tally::of(now);
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
        now = tally.next(now);
        state::write(&transaction, &now).map_err(database("write"))?;
        transaction.commit().map_err(database("write"))?;
        sqlite::finish(connection)?;
        sync_parent(path).map_err(|source| opening(path, source))?;
        Ok(rows)
    }

    /// Looks through the whole database: every page, and that tables and indexes agree.
    ///
    /// # Errors
    /// [`RowError::Damaged`] with the first thing that is wrong.
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

    /// The id of these rows; `None` for old ones that were opened for reading.
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
            has_state: true,
            id: Some(id),
        }))
    }
}

/// The id and the state of a database; one that has none gets them.
pub(super) fn settled(connection: &mut Connection) -> Result<(String, State), RowError> {
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
    owner: Owner,
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
            "the pin journal is written anew"
        );
    }
    let journal = Journal::create(Arc::clone(disk), owner, &now, &mut all(connection));
    Ok((journal.map_err(journal_error("write"))?, now))
}

/// Applies what a journal is ahead.
fn take_over(
    connection: &mut Connection,
    told: &journal::Told,
    now: State,
) -> Result<State, RowError> {
    let write = database("write");
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&write)?;
    let mut tally = Tally::of(now);
    if told.whole {
        let mut gone = Vec::new();
        state::every(&transaction, &mut |pin| {
            gone.push(PinChange::Remove(pin.cid));
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
