//! A blocking interface: traits that block the current thread on calls, streams and byte answers.
//!
//! Calls run on a runtime of this module, which is started by the first call. It has one thread and is never stopped.
//!
//! ```no_run
//! use std::io::Read as _;
//! use cairn_client::Kubo;
//! use cairn_client::blocking::{Iterate as _, ReadBytes as _, Wait as _};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let kubo = Kubo::connect("/ip4/127.0.0.1/tcp/5001").wait()?;
//! let added = kubo.add("notes.txt").wait()?;
//! let bytes = kubo.cat(&added.cid).to_vec(1 << 20).wait()?;
//! for pin in kubo.pins().ls().stream().iter() {
//!     println!("{}", pin?.cid);
//! }
//! let mut text = String::new();
//! kubo.cat(&added.cid).wait()?.reader().read_to_string(&mut text)?;
//! # let _ = bytes; Ok(())
//! # }
//! ```

use std::future::{Future, IntoFuture};
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{OnceLock, mpsc};

use bytes::{Buf as _, Bytes};
use futures_util::stream::{Stream, StreamExt as _};
use tokio::runtime::Runtime;

use crate::error::{Error, TransportError};
use crate::kubo::Answer;

fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("cairn-client")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    });
    match made {
        Ok(runtime) => Ok(runtime),
        Err(error) => Err(TransportError::Setup(error.as_str().into()).into()),
    }
}

/// Runs a future on the runtime of this module and blocks until it is done. This also works in the thread of another runtime.
fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Error> {
    let (done, outcome) = mpsc::sync_channel(1);
    runtime()?.spawn(async move {
        let _ = done.send(work.await);
    });
    outcome
        .recv()
        .map_err(|_| TransportError::Setup("the call ended without a result".into()).into())
}

/// Blocking on calls and futures.
pub trait Wait<T>: IntoFuture<Output = Result<T, Error>> {
    /// Blocks until the result is there.
    ///
    /// # Errors
    ///
    /// Those of the call.
    fn wait(self) -> Result<T, Error>;
}

impl<T, C> Wait<T> for C
where
    T: Send + 'static,
    C: IntoFuture<Output = Result<T, Error>>,
    C::IntoFuture: Send + 'static,
{
    fn wait(self) -> Result<T, Error> {
        run(self.into_future())?
    }
}

/// Streams as iterators.
pub trait Iterate<T>: Stream<Item = Result<T, Error>> {
    /// Returns an iterator that blocks for each item. Dropping it ends the call.
    fn iter(self) -> Iter<T>;
}

impl<T, S> Iterate<T> for S
where
    S: Stream<Item = Result<T, Error>> + Send + 'static,
{
    fn iter(self) -> Iter<T> {
        Iter(Some(Box::pin(self)))
    }
}

type BoxedItems<T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>;

/// The items of a stream; see [`Iterate::iter`].
pub struct Iter<T>(Option<BoxedItems<T>>);

impl<T> std::fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Iterator for Iter<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut stream = self.0.take()?;
        let next = run(async move {
            let item = stream.next().await;
            (item, stream)
        });
        match next {
            Ok((item, stream)) => {
                self.0 = item.is_some().then_some(stream);
                item
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// Byte answers as readers.
pub trait ReadBytes {
    /// Returns a reader that blocks for more bytes.
    fn reader(self) -> Reader;
}

impl ReadBytes for Answer {
    fn reader(self) -> Reader {
        Reader {
            answer: Some(self),
            piece: Bytes::new(),
        }
    }
}

/// The bytes of an answer; see [`ReadBytes::reader`].
#[derive(Debug)]
pub struct Reader {
    answer: Option<Answer>,
    piece: Bytes,
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            let Some(mut answer) = self.answer.take() else {
                return Ok(0);
            };
            let next = run(async move {
                let piece = answer.chunk().await;
                (piece, answer)
            });
            let (piece, answer) = next.map_err(io::Error::other)?;
            if let Some(piece) = piece.map_err(io::Error::other)? {
                self.piece = piece;
                self.answer = Some(answer);
            }
        }
        let count = self.piece.len().min(out.len());
        self.piece
            .copy_to_slice(out.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
