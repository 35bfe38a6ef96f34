//! What was read from the rows a moment ago, for requests that need not know it to the instant.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How long something that was read is used.
const RECENT: Duration = Duration::from_millis(250);

/// The value that was read last.
#[derive(Debug)]
pub(super) struct Recent<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Recent<T> {
    /// The value, read again if it is not recent.
    pub(super) async fn get<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let now = Instant::now();
        let kept = self.0.lock().clone();
        if let Some((at, value)) = kept
            && now.duration_since(at) < RECENT
        {
            return Ok(value);
        }
        let value = read.await?;
        *self.0.lock() = Some((now, value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_is_read_again_when_it_is_old() {
        let recent = Recent::default();
        let read = |value: u32| async move { Ok::<_, ()>(value) };
        assert_eq!(recent.get(read(1)).await, Ok(1));
        assert_eq!(recent.get(read(2)).await, Ok(1));
        tokio::time::advance(RECENT).await;
        assert_eq!(recent.get(read(3)).await, Ok(3));
        tokio::time::advance(RECENT).await;
        assert_eq!(
            recent.get(async { Err(()) }).await,
            Err(()),
            "errors are not kept"
        );
        assert_eq!(recent.get(read(4)).await, Ok(4));
    }
}
