//! The pin journal: a second copy of the pins, the MFS root and the IPNS records next to the blocks, which survives the
//! loss of the database.
//!
//! `docs/storage-format.md` describes the file; [`change`] encodes its changes. It starts with a full set and continues
//! with every change; when the changes are larger than that, it is rewritten and renamed. A frame is `length (4 bytes) |
//! checksum (8 bytes) | payload`; the first one names store and database, the others have changes. A length of 0 ends
//! the journal.

mod change;
mod frame;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::mpsc;

use cairn_primitives::Cid;

pub(super) use self::change::{JournalEntry, encode_name, encode_pin, encode_root};
use self::frame::{decode_frame, encode_frame, seal};
use super::sum::{PinSum, checksum};
use crate::block::disk::{Access, Disk, DiskFile};

/// The journal's file, in the folder of the block store.
pub(crate) const PATH: &str = "pins.journal";
const FRESH: &str = "pins.journal.new";
/// What the first frame begins with.
const TITLE: &str = "cairn-pins 1";
/// Bytes of a frame before its payload.
const HEAD: usize = 12;
/// Largest payload that is read, in bytes: a batch of changes is one frame.
const MOST: u64 = 1 << 30;
/// Payload at which a frame of a whole set is ended, in bytes.
const PIECE: usize = 64 << 10;
/// Bytes by which the file grows at least: a sync of what overwrites zeros is cheaper than one of a file that grows.
const GROW: u64 = 64 << 10;
/// Bytes of changes below which the journal is never written again.
const COMPACT: u64 = 1 << 20;

/// What the pins are at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// How often they were changed.
    pub(super) turn: u64,
    /// What they come to.
    pub(super) sum: PinSum,
}

/// Whose journal it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JournalOwner {
    /// Id of the block store.
    pub(super) store: String,
    /// Id of the database.
    pub(super) rows: String,
}

/// A journal that is written.
#[derive(Debug)]
pub(super) struct Journal {
    disk: Arc<dyn Disk>,
    owner: JournalOwner,
    file: Arc<dyn DiskFile>,
    /// After the last frame.
    end: u64,
    /// After the frame before the one that was written last.
    before: u64,
    allocated: u64,
    /// Bytes of the whole set at its front.
    base: u64,
    /// Whether what is in it may be less than what was promised: it has to be written again.
    broken: bool,
    syncer: Syncer,
}

/// Syncs on a thread of its own, so that the database syncs at the same time.
#[derive(Debug)]
struct Syncer {
    work: mpsc::SyncSender<Arc<dyn DiskFile>>,
    done: mpsc::Receiver<io::Result<()>>,
}

impl Syncer {
    fn start() -> io::Result<Self> {
        let (work, wanted) = mpsc::sync_channel::<Arc<dyn DiskFile>>(1);
        let (tell, done) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("pin-journal".into())
            .spawn(move || {
                while let Ok(file) = wanted.recv() {
                    if tell.send(file.sync_data()).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self { work, done })
    }
}

/// What a journal says.
#[derive(Debug)]
pub(super) struct JournalContents {
    pub(super) owner: JournalOwner,
    pub(super) state: State,
    /// The changes behind the turn that was asked for.
    pub(super) changes: Vec<JournalEntry>,
    /// Whether `changes` begins with a whole set, so that what is not in it is not pinned.
    pub(super) whole: bool,
    /// The root of the mutable file system that it names last, whatever the turn.
    pub(super) mfs_root: Option<Cid>,
    /// Whether a part of it cannot be read.
    pub(super) damaged: bool,
    end: u64,
    base: u64,
}

/// Reads a journal; `None` when there is none, or none that says whose it is.
pub(super) fn read(disk: &dyn Disk, after: Option<u64>) -> io::Result<Option<JournalContents>> {
    let file = match disk.open(PATH, Access::Read, false) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let len = file.len()?;
    let mut at = 0;
    let mut told: Option<JournalContents> = None;
    while at + HEAD as u64 <= len {
        let mut head = [0; HEAD];
        if file.read_at(at, &mut head)? < HEAD {
            break;
        }
        let [a, b, c, d, sum @ ..] = head;
        let size = u64::from(u32::from_le_bytes([a, b, c, d]));
        if size == 0 {
            break;
        }
        let payload = match usize::try_from(size) {
            Ok(want) if size <= MOST && at + HEAD as u64 + size <= len => {
                file.read_to_vec(at + HEAD as u64, want)?
            }
            _ => Vec::new(),
        };
        let good = checksum::<8>(&payload) == sum && !payload.is_empty();
        let Some(told) = &mut told else {
            let owner = if good { title(&payload) } else { None };
            let Some(owner) = owner else {
                return Ok(None);
            };
            at += HEAD as u64 + size;
            told = Some(JournalContents {
                owner,
                state: State::default(),
                changes: Vec::new(),
                whole: false,
                mfs_root: None,
                damaged: false,
                end: at,
                base: at,
            });
            continue;
        };
        let frame = if good { decode_frame(&payload) } else { None };
        let Some(frame) = frame else {
            // The last one may have been cut short; that nothing was promised of it only the database can tell.
            told.damaged = true;
            if payload.is_empty() {
                break;
            }
            at += HEAD as u64 + size;
            continue;
        };
        at += HEAD as u64 + size;
        if frame.state.turn < told.state.turn {
            // Left from a time before the file was cut.
            break;
        }
        told.state = frame.state;
        let roots = frame.changes.iter().rev();
        if let Some(root) = roots.flat_map(JournalEntry::as_root).next() {
            told.mfs_root = Some(root.clone());
        }
        if after.is_none_or(|after| frame.state.turn > after) {
            told.whole |= frame.whole;
            told.changes.extend(frame.changes);
        }
        if frame.whole {
            told.base = at;
        }
        told.end = at;
    }
    Ok(told)
}

fn title(payload: &[u8]) -> Option<JournalOwner> {
    let mut lines = std::str::from_utf8(payload).ok()?.lines();
    if lines.next()? != TITLE {
        return None;
    }
    Some(JournalOwner {
        store: lines.next()?.to_owned(),
        rows: lines.next()?.to_owned(),
    })
}

impl Journal {
    /// Goes on with a journal that was read whole.
    pub(super) fn resume(disk: Arc<dyn Disk>, told: &JournalContents) -> io::Result<Self> {
        let file = disk.open(PATH, Access::Write, false)?;
        let allocated = file.len()?;
        Ok(Self {
            disk,
            owner: told.owner.clone(),
            file,
            end: told.end,
            before: told.end,
            allocated,
            base: told.base,
            broken: false,
            syncer: Syncer::start()?,
        })
    }

    /// Makes a journal of a whole set, in place of the one that may be there.
    pub(super) fn create(
        disk: Arc<dyn Disk>,
        owner: JournalOwner,
        state: &State,
        whole: &mut FullSet<'_>,
    ) -> io::Result<Self> {
        let (file, end) = write_whole(&*disk, &owner, state, whole)?;
        Ok(Self {
            disk,
            owner,
            file,
            end,
            before: end,
            allocated: end,
            base: end,
            broken: false,
            syncer: Syncer::start()?,
        })
    }

    /// Writes the journal again from a whole set, durably.
    pub(super) fn rewrite(&mut self, state: &State, whole: &mut FullSet<'_>) -> io::Result<()> {
        self.broken = true;
        let (file, end) = write_whole(&*self.disk, &self.owner, state, whole)?;
        self.file = file;
        (self.end, self.before, self.allocated, self.base) = (end, end, end, end);
        self.broken = false;
        Ok(())
    }

    /// Whether it has to be written again before anything is added.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether the changes have become so many that it is better written again.
    pub(super) fn is_long(&self) -> bool {
        self.end - self.base > COMPACT.max(self.base)
    }

    /// Adds changes, and begins to make them durable: [`Journal::settle`] tells.
    pub(super) fn append(&mut self, state: &State, changes: &[u8]) -> io::Result<()> {
        self.before = self.end;
        let mut frame = Vec::with_capacity(changes.len() + 64);
        encode_frame(state, false, changes, &mut frame);
        let end = self.end + frame.len() as u64;
        // The zeros after it end it.
        if end + HEAD as u64 > self.allocated {
            let allocated = (end + HEAD as u64).next_multiple_of(GROW);
            self.file.allocate(allocated)?;
            self.allocated = allocated;
        }
        self.file.write_at(self.end, &frame)?;
        self.end = end;
        let asked = self.syncer.work.send(Arc::clone(&self.file));
        asked.map_err(|_| io::Error::other("the thread that syncs the pin journal has ended"))
    }

    /// Waits until what was added is durable.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        let done = match self.syncer.done.recv() {
            Ok(done) => done,
            Err(_) => Err(io::Error::other(
                "the thread that syncs the pin journal has ended",
            )),
        };
        if done.is_err() {
            self.broken = true;
        }
        done
    }

    /// Takes back what was added last: the database did not take it.
    pub(super) fn undo(&mut self) {
        let cut = self
            .file
            .set_len(self.before)
            .and_then(|()| self.file.allocate(self.allocated));
        if cut.is_err() {
            self.broken = true;
        }
        self.end = self.before;
    }
}

/// Calls with each change that makes a whole set.
pub(super) type FullSet<'a> = dyn FnMut(&mut dyn FnMut(JournalEntry)) -> io::Result<()> + 'a;

/// Writes a journal of a whole set to a file of its own, and renames it.
fn write_whole(
    disk: &dyn Disk,
    owner: &JournalOwner,
    state: &State,
    whole: &mut FullSet<'_>,
) -> io::Result<(Arc<dyn DiskFile>, u64)> {
    match disk.remove(FRESH) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = disk.open(FRESH, Access::Create, false)?;
    let mut out = vec![0; HEAD];
    out.extend_from_slice(format!("{TITLE}\n{}\n{}\n", owner.store, owner.rows).as_bytes());
    seal(&mut out, 0);
    let mut at = 0;
    let mut piece = Vec::new();
    let mut failed = Ok(());
    let mut put = |out: &mut Vec<u8>| {
        let written = file.write_at(at, out);
        at += out.len() as u64;
        out.clear();
        written
    };
    whole(&mut |noted| {
        noted.encode(&mut piece);
        if piece.len() >= PIECE && failed.is_ok() {
            encode_frame(state, true, &piece, &mut out);
            piece.clear();
            failed = put(&mut out);
        }
    })?;
    failed?;
    encode_frame(state, true, &piece, &mut out);
    put(&mut out)?;
    file.sync_data()?;
    disk.rename(FRESH, PATH)?;
    disk.sync_dir("")?;
    Ok((file, at))
}
