//! `get`: downloads files and directories.

mod archive;
mod extract;
mod folders;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use bytes::{Buf as _, Bytes};
use cairn_client::{Answer, Error as ClientError};
use cairn_wire::Values;
use cairn_wire::kubo::get::Get;
use cairn_wire::text::escaped;
use tokio::sync::mpsc;

use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::session::Session;

/// Pieces of the archive that wait to be unpacked.
const WAITING: usize = 8;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    _: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let asked = request.typed::<Get>()?;
    if asked.compress
        && asked
            .compression_level
            .is_some_and(|level| !(1..=9).contains(&level))
    {
        return Err(Problem::usage("compression level must be between 1 and 9"));
    }
    let whole = asked.archive || asked.compress;
    let target = target(&asked, whole);
    let display_path = progress::is_enabled(super::given_flag(request, &["progress", "p"]));

    let answer = session
        .kubo
        .send(request.spec, values(&asked), None)
        .await?;
    let progress = Progress::bytes(display_path, answer.length());
    let mut shown_target = String::new();
    escaped(&target.to_string_lossy(), &mut shown_target);
    let kind = if whole { "archive" } else { "file(s)" };
    progress.suspend(|| {
        output
            .text(&format!("Saving {kind} to {shown_target}\n"))
            .and_then(|()| output.flush())
    })?;
    if whole {
        save(answer, &target, &progress).await
    } else {
        unpack(answer, target, &progress).await
    }
}

/// The request to the server, without local options.
fn values(asked: &Get) -> Values {
    let mut values = Values::default();
    values.argument(asked.path.clone());
    if asked.archive {
        values.option("archive", "true");
    }
    if asked.compress {
        values.option("compress", "true");
        if let Some(level) = asked.compression_level {
            values.option("compression-level", level.to_string());
        }
    }
    values
}

/// Where to write: the given path, or the last name of the content path in the working directory.
fn target(asked: &Get, whole: bool) -> PathBuf {
    let mut name = match asked.output.as_deref().filter(|output| !output.is_empty()) {
        Some(output) => output.as_bytes().to_vec(),
        None => {
            let mut names = asked.path.split(|&byte| byte == b'/').rev();
            match names.find(|name| !name.is_empty()).unwrap_or_default() {
                b"" | b"." | b".." => b"download".to_vec(),
                last => last.to_vec(),
            }
        }
    };
    if whole {
        if asked.archive && !name.ends_with(b".tar") && !name.ends_with(b".tar.gz") {
            name.extend_from_slice(b".tar");
        }
        if asked.compress && !name.ends_with(b".gz") {
            name.extend_from_slice(b".gz");
        }
    }
    PathBuf::from(OsString::from_vec(name))
}

/// Writes the bytes as they arrive.
async fn save(mut answer: Answer, target: &Path, progress: &Progress) -> Result<(), Problem> {
    let failed = |error: io::Error| {
        Problem::failed(format!("cannot write {}", target.display())).because(&error)
    };
    let mut file = File::create(target).map_err(failed)?;
    while let Some(bytes) = answer.chunk().await? {
        file.write_all(&bytes).map_err(failed)?;
        progress.add(bytes.len() as u64);
    }
    Ok(())
}

/// Unpacks the archive in a separate thread while it arrives.
async fn unpack(mut answer: Answer, target: PathBuf, progress: &Progress) -> Result<(), Problem> {
    let (pieces, taken) = mpsc::channel(WAITING);
    let unpacking = tokio::task::spawn_blocking(move || {
        extract::extract(
            ArchiveReader {
                taken,
                piece: Bytes::new(),
            },
            &target,
        )
    });
    let mut malformed: Option<ClientError> = None;
    loop {
        match answer.chunk().await {
            Ok(Some(bytes)) => {
                let length = bytes.len() as u64;
                // The thread has ended; it returns the error.
                if pieces.send(Ok(bytes)).await.is_err() {
                    break;
                }
                progress.add(length);
            }
            Ok(None) => break,
            Err(error) => {
                malformed = Some(error);
                let _ = pieces
                    .send(Err(io::Error::other("the archive was cut off")))
                    .await;
                break;
            }
        }
    }
    drop(pieces);
    let unpacked = unpacking
        .await
        .map_err(|error| Problem::failed("unpacking was interrupted").because(&error))?;
    if let Some(error) = malformed {
        return Err(Problem::from(error).hint("the output is incomplete"));
    }
    unpacked.map_err(|error| Problem::from_error(&error))
}

/// A reader of the pieces of an archive.
struct ArchiveReader {
    taken: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for ArchiveReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.taken.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let count = self.piece.len().min(out.len());
        self.piece
            .copy_to_slice(out.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
