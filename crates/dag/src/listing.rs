//! Long listings produced by a blocking thread and read by an async task.

use tokio::sync::mpsc;

/// Entries per batch. The first batches are small, so that the first entry does not wait for the five-hundredth.
const FIRST: usize = 8;
const LATER: usize = 512;
/// Batches that wait to be read; at the bound the thread waits.
const WAITING: usize = 4;

/// Entries that a blocking thread finds, in order. Dropping it stops the thread at its next entry.
#[derive(Debug)]
pub struct Listing<T, E> {
    receiver: mpsc::Receiver<Result<Vec<T>, E>>,
    current: std::vec::IntoIter<T>,
}

impl<T: Send + 'static, E: Send + 'static> Listing<T, E> {
    /// Starts `list` on a blocking thread; it calls its argument with each entry and stops when that returns `false`.
    pub fn start(
        list: impl FnOnce(&mut dyn FnMut(T) -> bool) -> Result<(), E> + Send + 'static,
    ) -> Self {
        Self::start_watched(|_| false, move |each, _| list(each))
    }

    /// As [`Self::start`], for lists whose next entry may take long: the second argument returns whether the list is
    /// still read. No batch has more than one large entry.
    pub(crate) fn start_watched(
        heavy: fn(&T) -> bool,
        list: impl FnOnce(&mut dyn FnMut(T) -> bool, &dyn Fn() -> bool) -> Result<(), E>
        + Send
        + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || {
            let mut batch = Vec::with_capacity(FIRST);
            let mut room = FIRST;
            let mut each = |entry| {
                let full = batch.len() + 1 >= room || heavy(&entry);
                batch.push(entry);
                if !full {
                    return true;
                }
                room = LATER;
                sender
                    .blocking_send(Ok(std::mem::replace(&mut batch, Vec::with_capacity(LATER))))
                    .is_ok()
            };
            let result = list(&mut each, &|| !sender.is_closed());
            // An error follows what came before it. A reader that is gone wants neither.
            if !batch.is_empty() {
                let _ = sender.blocking_send(Ok(batch));
            }
            if let Err(error) = result {
                let _ = sender.blocking_send(Err(error));
            }
        });
        Self {
            receiver,
            current: Vec::new().into_iter(),
        }
    }

    /// The next entry, or `None` at the end. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        loop {
            if let Some(entry) = self.current.next() {
                return Some(Ok(entry));
            }
            match self.receiver.recv().await? {
                Ok(batch) => self.current = batch.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
