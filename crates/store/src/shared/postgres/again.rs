//! Repeats transactions that were in each other's way.
//!
//! PostgreSQL ends one of several transactions that wait for each other in a circle, and one that cannot be brought into an
//! order with others: <https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html>. Nothing of it
//! was stored then, and it is begun again.

use std::time::Duration;

use crate::shared::SharedError;

/// Attempts in all. Each waits for locks until the server looks for a circle, a second unless it is told otherwise.
const ATTEMPTS: u32 = 6;

/// The longest wait before the second attempt; twice as long before each further one.
const WAIT: Duration = Duration::from_millis(20);

/// Whether an error ended a transaction that may succeed when it is repeated: a serialization failure or a deadlock.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["40001", "40P01"].contains(&code.as_ref()))
}

/// Runs a transaction, and runs it again while it fails with [`SharedError::Conflict`]. It must begin and commit itself, and
/// change nothing else.
///
/// # Errors
/// The error of the last attempt.
pub(super) async fn again<T, F>(transaction: impl Fn() -> F + Send) -> Result<T, SharedError>
where
    F: Future<Output = Result<T, SharedError>> + Send,
{
    let mut attempt = 1;
    loop {
        match transaction().await {
            Err(SharedError::Conflict(cause)) if attempt < ATTEMPTS => {
                tracing::debug!(attempt, %cause, "a transaction is repeated");
            }
            done => return done,
        }
        // Those that were in each other's way begin at different times.
        let longest = WAIT.saturating_mul(1 << attempt.min(16));
        tokio::time::sleep(longest.mul_f64(share())).await;
        attempt += 1;
    }
}

/// A random number from 0 to 1.
fn share() -> f64 {
    let mut byte = [128; 1];
    // Without random bytes all wait equally long, each for what remains of another's attempt.
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn attempts(conflicts: u32) -> (u32, Result<u32, SharedError>) {
        let count = AtomicU32::new(0);
        let outcome = again(|| async {
            let attempt = count.fetch_add(1, Ordering::Relaxed) + 1;
            match attempt > conflicts {
                true => Ok(attempt),
                false => Err(SharedError::Conflict(Arc::new(std::fmt::Error))),
            }
        });
        let outcome = outcome.await;
        (count.into_inner(), outcome)
    }

    #[tokio::test(start_paused = true)]
    async fn conflicts_are_repeated_up_to_a_bound() {
        assert!(matches!(attempts(0).await, (1, Ok(1))));
        assert!(matches!(attempts(2).await, (3, Ok(3))));
        let (count, outcome) = attempts(u32::MAX).await;
        assert_eq!(count, ATTEMPTS);
        assert!(matches!(outcome, Err(SharedError::Conflict(_))));
    }

    #[tokio::test]
    async fn other_errors_are_not_repeated() {
        let count = AtomicU32::new(0);
        let outcome = again(|| async {
            count.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(SharedError::Closed)
        });
        assert!(matches!(outcome.await, Err(SharedError::Closed)));
        assert_eq!(count.into_inner(), 1);
    }
}
