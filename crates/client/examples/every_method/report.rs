//! The outcomes of calls.

use std::future::IntoFuture;
use std::time::Duration;

use cairn_client::{Answer, Call, Callable, Error, Items};

use super::LIMIT;

/// How long an endless stream is followed.
const FOLLOWED: Duration = Duration::from_secs(1);

/// The outcome of each method, in the order of the calls.
#[derive(Debug, Default)]
pub(crate) struct Report {
    outcomes: Vec<(&'static str, String)>,
}

impl Report {
    /// The methods with their outcomes: `ok`, or the status and the error.
    pub(crate) fn outcomes(&self) -> &[(&'static str, String)] {
        &self.outcomes
    }

    /// Calls a method.
    pub(crate) async fn call<T>(
        &mut self,
        method: &'static str,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Option<T> {
        let result = call.await;
        self.note(method, result)
    }

    /// Calls a method that returns bytes, and reads them.
    pub(crate) async fn bytes<C>(&mut self, method: &'static str, call: Call<C>) -> Option<Vec<u8>>
    where
        C: Callable<Output = Answer>,
    {
        let result = call.to_vec(LIMIT).await;
        self.note(method, result)
    }

    /// Follows a stream that has no end for a moment.
    pub(crate) async fn follow<T>(&mut self, method: &'static str, mut items: Items<T>) {
        match tokio::time::timeout(FOLLOWED, items.try_next()).await {
            Ok(result) => drop(self.note(method, result)),
            Err(_) => drop(self.note(method, Ok(()))),
        }
    }

    /// Notes the outcome of a method.
    pub(crate) fn note<T>(&mut self, method: &'static str, result: Result<T, Error>) -> Option<T> {
        let (outcome, value) = match result {
            Ok(value) => ("ok".to_owned(), Some(value)),
            Err(error) => (text(&error), None),
        };
        self.outcomes.push((method, outcome));
        value
    }
}

/// One line about an error: its status and its message.
fn text(error: &Error) -> String {
    let message = error.to_string();
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match error {
        Error::Status { status, .. } | Error::Response { status, .. } => {
            format!("{}: {message}", status.as_u16())
        }
        _ => message,
    }
}
