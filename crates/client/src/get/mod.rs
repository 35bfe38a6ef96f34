//! Unpacking what `get` answers with: a tar archive from a server that nobody vouches for.

mod archive;
mod extract;
mod place;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::path::PathBuf;

use bytes::{Buf as _, Bytes};
use tokio::sync::mpsc;

pub use self::archive::{Head, Kind, each};
pub use self::extract::{ExtractError, extract};
use crate::error::Error;
use crate::kubo::Answer;
use crate::transport::BoxError;

/// Pieces of the archive that wait to be unpacked.
const WAITING: usize = 8;

/// Where an archive is unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// To this path: the archive's file or directory takes its name. A file goes into a directory that is there.
    Path(PathBuf),
    /// Into this directory, under the name in the archive.
    Within(PathBuf),
}

/// Unpacks an answer as it comes, on a thread that may block, and tells how many bytes have come each time.
///
/// # Errors
///
/// Those of the answer, else [`Error::Extract`]. What had arrived before is there then.
pub async fn unpack(
    mut answer: Answer,
    target: Target,
    mut progress: impl FnMut(u64) + Send,
) -> Result<(), Error> {
    let (pieces, taken) = mpsc::channel(WAITING);
    let unpacking = tokio::task::spawn_blocking(move || {
        let input = Pieces {
            taken,
            piece: Bytes::new(),
        };
        extract(input, &target)
    });
    let mut broken: Option<Error> = None;
    loop {
        match answer.chunk().await {
            Ok(Some(bytes)) => {
                let length = bytes.len() as u64;
                // The thread has ended: it says why.
                if pieces.send(Ok(bytes)).await.is_err() {
                    break;
                }
                progress(length);
            }
            Ok(None) => break,
            Err(error) => {
                broken = Some(error);
                let cut = io::Error::other("the archive was cut off");
                let _ = pieces.send(Err(cut)).await;
                break;
            }
        }
    }
    drop(pieces);
    let unpacked = unpacking.await;
    match (broken, unpacked) {
        (Some(error), _) => Err(error),
        (None, Ok(unpacked)) => Ok(unpacked?),
        (None, Err(error)) => Err(Error::Cut(BoxError::from(error))),
    }
}

/// The pieces of an archive as a reader.
struct Pieces {
    taken: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Pieces {
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
