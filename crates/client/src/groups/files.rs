//! The mutable file system (MFS).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_primitives::{Cid, rfc3339};
use cairn_wire::kubo::files::chcid::FilesChcid;
use cairn_wire::kubo::files::chmod::FilesChmod;
use cairn_wire::kubo::files::cp::FilesCp;
use cairn_wire::kubo::files::flush::{FilesFlush, Flushed};
use cairn_wire::kubo::files::ls::{DIRECTORY, FilesEntry, FilesListing, FilesLs};
use cairn_wire::kubo::files::mkdir::FilesMkdir;
use cairn_wire::kubo::files::mv::FilesMv;
use cairn_wire::kubo::files::read::FilesRead;
use cairn_wire::kubo::files::rm::FilesRm;
use cairn_wire::kubo::files::stat::{FileStat, FilesStat};
use cairn_wire::kubo::files::touch::FilesTouch;
use cairn_wire::kubo::files::write::FilesWrite;

use crate::error::Error;
use crate::groups::listing::EntryKind;
use crate::kubo::{Call, IntoPath, IntoPaths, binary, cid, list, mode, nothing, one, setters};
use crate::upload::{IntoSource, files};

group! {
    /// The mutable file system (MFS).
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let files = kubo.files();
    /// files.mkdir("/notes").parents(true).await?;
    /// files.write("/notes/today", b"hi").create(true).truncate(true).await?;
    /// let text = files.read("/notes/today").offset(1).to_string(1 << 20).await?;
    /// for entry in files.ls("/notes").long(true).await? {
    ///     println!("{} {} {:?}", entry.name, entry.size, entry.cid);
    /// }
    /// # let _ = text; Ok(())
    /// # }
    /// ```
    Files, files
}

impl Files<'_> {
    /// Copies a file or directory from MFS or from below `/ipfs` to MFS. Only a link is created, no content is copied.
    pub fn cp(&self, source: impl IntoPath, dest: impl IntoPath) -> Call<FilesCp> {
        Call::new(self.0, FilesCp::new(source.into_path(), dest.into_path()))
    }

    /// Lists a directory. CIDs, sizes and kinds are included if `long` is set.
    pub fn ls(&self, path: impl IntoPath) -> Call<FilesLs> {
        Call::new(self.0, FilesLs::new(Some(path.into_path())))
    }

    /// Creates a directory.
    pub fn mkdir(&self, path: impl IntoPath) -> Call<FilesMkdir> {
        Call::new(self.0, FilesMkdir::new(path.into_path()))
    }

    /// Moves a file or directory.
    pub fn mv(&self, source: impl IntoPath, dest: impl IntoPath) -> Call<FilesMv> {
        Call::new(self.0, FilesMv::new(source.into_path(), dest.into_path()))
    }

    /// Reads a file.
    pub fn read(&self, path: impl IntoPath) -> Call<FilesRead> {
        Call::new(self.0, FilesRead::new(path.into_path()))
    }

    /// Removes files, and directories if `recursive` is set. If some cannot be removed, the call fails; the others are removed.
    pub fn rm(&self, paths: impl IntoPaths) -> Call<FilesRm> {
        Call::new(self.0, FilesRm::new(paths.into_paths()))
    }

    /// Returns the CID, size and kind of a file or directory.
    pub fn stat(&self, path: impl IntoPath) -> Call<FilesStat> {
        Call::new(self.0, FilesStat::new(path.into_path()))
    }

    /// Writes to a file.
    pub fn write(&self, path: impl IntoPath, content: impl IntoSource) -> Call<FilesWrite> {
        let upload = files(content.into_source(), self.0.chunk_size());
        Call::new(self.0, FilesWrite::new(path.into_path())).sending(upload)
    }

    /// Flushes the changes below a path to disk and returns its CID.
    pub fn flush(&self, path: impl IntoPath) -> Call<FilesFlush> {
        Call::new(self.0, FilesFlush::new(Some(path.into_path())))
    }

    /// Changes the CID version or hash function of a directory.
    pub fn chcid(&self, path: impl IntoPath) -> Call<FilesChcid> {
        Call::new(self.0, FilesChcid::new(path.into_path()))
    }

    /// Sets the permissions of a file or directory, as in `0o644`.
    pub fn chmod(&self, mode: u32, path: impl IntoPath) -> Call<FilesChmod> {
        Call::new(
            self.0,
            FilesChmod::new(format!("0{mode:o}"), path.into_path()),
        )
    }

    /// Sets the modification time of a file or directory [default: now].
    pub fn touch(&self, path: impl IntoPath) -> Call<FilesTouch> {
        Call::new(self.0, FilesTouch::new(path.into_path()))
    }
}

impl Call<FilesTouch> {
    /// Sets the time.
    pub fn modified(self, time: SystemTime) -> Self {
        let (seconds, nanoseconds) = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => (
                i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                after.subsec_nanos(),
            ),
            Err(before) => before_epoch(before.duration()),
        };
        self.mtime(seconds).mtime_nsecs(nanoseconds)
    }
}

/// Seconds (rounded down) and nanoseconds of a time before 1970.
fn before_epoch(before: Duration) -> (i64, u32) {
    let seconds = -i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
    match before.subsec_nanos() {
        0 => (seconds, 0),
        nanoseconds => (seconds.saturating_sub(1), 1_000_000_000 - nanoseconds),
    }
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MfsEntry {
    /// Its name.
    pub name: String,
    /// Its kind; [`EntryKind::Unknown`] without `long`.
    pub kind: EntryKind,
    /// Size of a file in bytes; 0 without `long`.
    pub size: u64,
    /// Its CID; `None` without `long`.
    pub cid: Option<Cid>,
}

fn entry(entry: FilesEntry) -> Result<MfsEntry, Error> {
    let cid = match entry.hash.as_str() {
        "" => None,
        text => Some(cid(text)?),
    };
    Ok(MfsEntry {
        kind: match (&cid, entry.r#type) {
            (None, _) => EntryKind::Unknown,
            (Some(_), DIRECTORY) => EntryKind::Directory,
            (Some(_), _) => EntryKind::File,
        },
        name: entry.name,
        size: u64::try_from(entry.size).unwrap_or(0),
        cid,
    })
}

/// A file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MfsStat {
    /// Its CID.
    pub cid: Cid,
    /// Its kind.
    pub kind: EntryKind,
    /// Size of a file in bytes; 0 for a directory.
    pub size: u64,
    /// Total size of its blocks in bytes.
    pub cumulative_size: u64,
    /// Number of child blocks; of a directory, number of entries.
    pub blocks: u64,
    /// How much of it is stored locally, if `with_local` is set.
    pub local: Option<Local>,
    /// Its permissions, if stored.
    pub mode: Option<u32>,
    /// Its modification time, if stored.
    pub mtime: Option<SystemTime>,
}

/// How much of a file or directory is stored locally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Local {
    /// Whether it is complete.
    pub complete: bool,
    /// Size of the local blocks in bytes.
    pub size: u64,
}

fn stat(stat: &FileStat) -> Result<MfsStat, Error> {
    Ok(MfsStat {
        cid: cid(&stat.hash)?,
        kind: match stat.r#type.as_str() {
            "directory" => EntryKind::Directory,
            "file" => EntryKind::File,
            _ => EntryKind::Unknown,
        },
        size: stat.size,
        cumulative_size: stat.cumulative_size,
        blocks: u64::try_from(stat.blocks).unwrap_or(0),
        local: stat.with_locality.then_some(Local {
            complete: stat.local,
            size: stat.size_local,
        }),
        // Above the permissions are the bits of Go's file kinds.
        mode: stat
            .mode
            .as_deref()
            .and_then(mode)
            .map(|mode| mode & 0o777)
            .filter(|mode| *mode != 0),
        mtime: stat
            .mtime
            .and_then(|seconds| rfc3339::to_system(seconds, stat.mtime_nsecs.unwrap_or(0))),
    })
}

binary!(FilesRead);
nothing!(
    FilesChcid, FilesChmod, FilesCp, FilesMkdir, FilesMv, FilesTouch, FilesWrite
);

one! {
    FilesLs, FilesListing => Vec<MfsEntry>, |listing| listing.entries.into_iter().map(entry).collect();
    FilesStat, FileStat => MfsStat, |found| stat(&found);
    FilesFlush, Flushed => Cid, |flushed| cid(&flushed.cid);
}

list! {
    // After messages about failed paths the response ends with an error.
    FilesRm, String => String, |message, items| {
        items.push_back(message);
        Ok(())
    };
}

cairn_wire::FilesChcid!(setters);
cairn_wire::FilesChmod!(setters);
cairn_wire::FilesCp!(setters);
cairn_wire::FilesFlush!(setters);
cairn_wire::FilesLs!(setters);
cairn_wire::FilesMkdir!(setters);
cairn_wire::FilesMv!(setters);
cairn_wire::FilesRead!(setters);
cairn_wire::FilesRm!(setters);
cairn_wire::FilesStat!(setters);
cairn_wire::FilesTouch!(setters);
cairn_wire::FilesWrite!(setters);
