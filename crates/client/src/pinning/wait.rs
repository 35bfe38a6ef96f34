//! Waiting for pin requests.

use std::future::IntoFuture;
use std::time::Duration;

use cairn_wire::pinning::Status;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::{Pin, PinningError, PinningService, RequestId};

/// The default time limit.
const LIMIT: Duration = Duration::from_secs(60 * 60);
/// The first pause between two requests; each further one is half as long again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Is called with each state of the pin.
type Progress = Box<dyn FnMut(&Pin) + Send>;

/// A call that waits until a pin request is pinned.
#[must_use = "a call does nothing until it is awaited"]
pub struct WaitForPin {
    service: PinningService,
    id: RequestId,
    limit: Duration,
    longest_pause: Duration,
    progress: Option<Progress>,
}

impl std::fmt::Debug for WaitForPin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("WaitForPin")
            .field("id", &self.id)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl WaitForPin {
    pub(super) fn new(service: PinningService, id: &RequestId) -> Self {
        Self {
            service,
            id: id.clone(),
            limit: LIMIT,
            longest_pause: LONGEST_PAUSE,
            progress: None,
        }
    }

    /// Sets the time limit [default: one hour], after which the call fails with [`PinningError::Unfinished`].
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the longest pause between two requests [default: 15 seconds]. The first ones are shorter.
    pub fn every(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Calls a function with every response.
    pub fn on_progress(mut self, function: impl FnMut(&Pin) + Send + 'static) -> Self {
        self.progress = Some(Box::new(function));
        self
    }

    async fn run(mut self) -> Result<Pin, PinningError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let pin = self.service.get(&self.id).await?;
            if let Some(progress) = &mut self.progress {
                progress(&pin);
            }
            match pin.status {
                Status::Pinned => return Ok(pin),
                Status::Failed => return Err(PinningError::Failed { pin: Box::new(pin) }),
                Status::Queued | Status::Pinning => {}
            }
            let left = self.limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(PinningError::Unfinished {
                    pin: Box::new(pin),
                    waited: self.limit,
                });
            }
            // The last request is sent at the end of the time limit.
            tokio::time::sleep(pause.min(self.longest_pause).min(left)).await;
            pause = pause.saturating_mul(3) / 2;
        }
    }
}

impl IntoFuture for WaitForPin {
    type Output = Result<Pin, PinningError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
