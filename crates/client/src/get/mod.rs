//! Extraction of the tar archives that `get` returns. The server is not trusted.

mod archive;
mod extract;
mod folders;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::path::PathBuf;

use bytes::{Buf as _, Bytes};
use tokio::sync::mpsc;

pub use self::archive::{EntryKind, Head, each};
pub use self::extract::{ExtractError, extract};
use crate::error::Error;
use crate::kubo::Answer;
use crate::transport::BoxError;

/// Maximum number of chunks that wait to be extracted.
const WAITING: usize = 8;

/// Where an archive is extracted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// To a path, which is the new name of the file or directory. If it is a directory, a file is written into it.
    Path(PathBuf),
    /// Into a directory, under the name in the archive.
    Within(PathBuf),
}

/// Extracts a response while it arrives, in a blocking thread. `progress` is called with the number of bytes of each chunk.
///
/// # Errors
///
/// Those of the response, else [`Error::Extract`]. Files that were written before remain.
pub async fn unpack(
    answer: Answer,
    target: Target,
    mut progress: impl FnMut(u64) + Send,
) -> Result<(), Error> {
    let never = std::future::pending::<std::convert::Infallible>();
    let progress = |bytes: &Bytes| progress(bytes.len() as u64);
    match unpack_until(answer, target, progress, never).await? {
        None => Ok(()),
        Some(never) => match never {},
    }
}

/// As [`unpack`], unless `stop` completes before the end: then the file that is being written is removed, and its output is
/// returned. `progress` is called with each chunk.
///
/// # Errors
///
/// As [`unpack`].
pub async fn unpack_until<S>(
    mut answer: Answer,
    target: Target,
    mut progress: impl FnMut(&Bytes) + Send,
    stop: impl Future<Output = S>,
) -> Result<Option<S>, Error> {
    let (pieces, taken) = mpsc::channel(WAITING);
    let unpacking = tokio::task::spawn_blocking(move || {
        let input = Pieces {
            taken,
            piece: Bytes::new(),
        };
        extract(input, &target)
    });
    let feeding = async move {
        loop {
            match answer.chunk().await {
                Ok(Some(bytes)) => {
                    // The thread has ended and returns the error.
                    if pieces.send(Ok(bytes.clone())).await.is_err() {
                        return Ok(());
                    }
                    progress(&bytes);
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    let cut = io::Error::other("the archive was cut off");
                    let _ = pieces.send(Err(cut)).await;
                    return Err(error);
                }
            }
        }
    };
    // Whichever ends, the thread gets no more pieces then.
    let fed = tokio::select! {
        biased;
        stopped = stop => Err(stopped),
        fed = feeding => Ok(fed),
    };
    let unpacked = unpacking.await;
    match fed {
        Err(stopped) => return Ok(Some(stopped)),
        Ok(fed) => fed?,
    }
    match unpacked {
        Ok(unpacked) => unpacked?,
        Err(error) => return Err(Error::Cut(BoxError::from(error))),
    }
    Ok(None)
}

/// The chunks of an archive as a reader.
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
