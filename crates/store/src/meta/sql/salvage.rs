//! Reads the references in a damaged database. The pin journal does not have them, so this is all there is.

use std::path::Path;

use rusqlite::Connection;

use super::writer::{self, Change, PinTally};
use super::{database, references, store_id};
use crate::meta::{MAX_REFERENCE_PATH, Reference, ReferenceChange, RowError};
use crate::sqlite::readers;

/// The references that were read in a damaged database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvagedReferences {
    /// How many.
    pub references: u64,
    /// The number of files that they are to.
    pub files: u64,
    /// Whether all of them were read. If not, the number of the others is unknown.
    pub whole: bool,
}

/// Reads from one end of the table to the other, and back from the other end if that fails: a damaged page in between
/// then hides only its own rows.
const PASSES: [&str; 2] = [
    "SELECT id, key, source, start, size FROM reference ORDER BY id",
    "SELECT id, key, source, start, size FROM reference ORDER BY id DESC",
];

/// Copies the references in the database at `old`, which may be missing or damaged, or that of another store, in which case
/// none are copied. A reference with wrong values does no harm: the bytes of a block are hashed at every read.
///
/// # Errors
/// When `fresh` cannot be written.
pub(super) fn copy_references(
    old: &Path,
    store: &str,
    fresh: &Connection,
) -> Result<SalvagedReferences, RowError> {
    let mut copy = Copy { fresh, last: 0 };
    let whole = match open(old, store) {
        Some(old) => copy.run(&old)?,
        None => false,
    };
    let number = |query| references::number(fresh, query);
    Ok(SalvagedReferences {
        references: number("SELECT count(*) FROM reference")?,
        files: number("SELECT count(*) FROM source")?,
        whole,
    })
}

/// Opens a database of this store, or one that does not say whose it is.
fn open(path: &Path, store: &str) -> Option<Connection> {
    if !path.is_file() {
        return None;
    }
    let connection = readers::connect(path, false).ok()?;
    match store_id(&connection) {
        Ok(Some(id)) if id == store => Some(connection),
        // The page with the id may be the damaged one.
        Err(_) => Some(connection),
        Ok(_) => None,
    }
}

struct Copy<'a> {
    fresh: &'a Connection,
    /// Id of the last reference that was written.
    last: u64,
}

impl Copy<'_> {
    /// Copies what can be read; whether that was everything.
    fn run(&mut self, old: &Connection) -> Result<bool, RowError> {
        for (pass, query) in PASSES.iter().enumerate() {
            match self.pass(old, query) {
                Ok(whole) => return Ok(whole && pass == 0),
                Err(Failed::Old(error)) => {
                    tracing::debug!(%error, pass, "the references end at a damaged page");
                }
                Err(Failed::Fresh(error)) => return Err(error),
            }
        }
        Ok(false)
    }

    fn pass(&mut self, old: &Connection, query: &str) -> Result<bool, Failed> {
        let mut statement = old.prepare(query)?;
        let mut path = old.prepare("SELECT path FROM source WHERE id = ?1")?;
        let mut rows = statement.query([])?;
        let mut whole = true;
        while let Some(row) = rows.next()? {
            let source: i64 = row.get(2)?;
            let found = path.query_row([source], |row| row.get::<_, String>(0));
            let reference = found
                .ok()
                .filter(|path| !path.is_empty() && path.len() <= MAX_REFERENCE_PATH)
                .and_then(|path| references::of_row(row, path.into()).ok());
            match reference {
                Some(reference) => self.write(reference)?,
                None => whole = false,
            }
        }
        Ok(whole)
    }

    fn write(&mut self, mut reference: Reference) -> Result<(), Failed> {
        self.last += 1;
        reference.id = self.last;
        let change = Change::Reference(ReferenceChange::Set(reference));
        writer::change_row(self.fresh, &change, &mut PinTally::default())
            .map_err(|error| Failed::Fresh(database("write")(error)))
    }
}

/// Which of the two databases failed.
enum Failed {
    Old(rusqlite::Error),
    Fresh(RowError),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Old(error)
    }
}
