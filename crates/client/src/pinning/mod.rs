//! A client of the IPFS Pinning Service API, for any service that implements it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use cairn_client::Cid;
//! use cairn_client::pinning::PinningService;
//!
//! let service = PinningService::builder("https://pins.example/psa")
//!     .token("a token")
//!     .build()?;
//! let cid: Cid = "bafkqabtimvwgy3yk".parse()?;
//! let added = service.add(&cid).name("greeting").meta("app", "docs").await?;
//! let pinned = service.wait_until_pinned(&added.id).await?;
//! println!("{} is {}", pinned.cid, pinned.status.name());
//! let mut pins = service.list().name("greeting").any_status().stream();
//! while let Some(pin) = pins.try_next().await? {
//!     println!("{} {}", pin.id, pin.cid);
//! }
//! service.delete(&added.id).await?;
//! # Ok(())
//! # }
//! ```
//!
//! * Calls are builders: their methods set the parameters, and they are then awaited.
//! * Requests are repeated where that is safe, and not before the service allows it: see [`Retry::SERVICES`](crate::Retry).
//! * All errors are [`PinningError`].
//!
//! Reference: <https://ipfs.github.io/pinning-services-api-spec/>

mod add;
mod error;
mod list;
mod pin;
#[cfg(test)]
mod tests;
mod wait;

use cairn_primitives::Cid;
use cairn_wire::pinning::{DeletePin, GetPin, GetPins, Pinning};
pub use cairn_wire::pinning::{Status, TextMatchingStrategy as NameMatch};

pub use self::add::AddPin;
pub use self::error::{PinningError, Refusal};
pub use self::list::{ListPins, Page, Pins, Totals};
pub use self::pin::{Pin, RequestId};
pub use self::wait::WaitForPin;
use crate::builder::IntoAddress;
use crate::rest::{Rest, RestBuilder, RestClient};

/// A client of one pinning service. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct PinningService {
    rest: Rest<Pinning>,
    idempotent: bool,
}

impl RestClient for PinningService {
    type Api = Pinning;

    fn from_rest(rest: Rest<Pinning>) -> Self {
        Self {
            rest,
            idempotent: false,
        }
    }
}

impl PinningService {
    /// Builds a client of the service at this URL. The path of the URL is that of the API, without `/pins`.
    pub fn builder(address: impl IntoAddress) -> RestBuilder<Self> {
        RestBuilder::new(address)
    }

    /// A client that sends its requests through this one.
    #[must_use]
    pub fn new(rest: Rest<Pinning>) -> Self {
        Self::from_rest(rest)
    }

    /// States that the service knows `Idempotency-Key`, as Cairn does: adding a pin is then also repeated if the response to an attempt
    /// was lost. Other services may pin twice.
    #[must_use]
    pub fn with_idempotent_adds(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Asks the service to pin a CID. The result is queued in most cases: see [`Self::wait_until_pinned`].
    pub fn add(&self, cid: &Cid) -> AddPin {
        AddPin::new(self.clone(), None, cid)
    }

    /// Replaces a pin request by one for another CID. The service keeps the blocks that both have in common. The new request has
    /// another ID.
    pub fn replace(&self, id: &RequestId, cid: &Cid) -> AddPin {
        AddPin::new(self.clone(), Some(id.clone()), cid)
    }

    /// Gets a pin request.
    ///
    /// # Errors
    ///
    /// Any [`PinningError`]; see [`PinningError::is_not_found`].
    pub async fn get(&self, id: &RequestId) -> Result<Pin, PinningError> {
        let requestid = id.to_string();
        Pin::read(self.rest.call(&GetPin { requestid }).await?)
    }

    /// Lists pin requests: the pinned ones, unless [`ListPins::status`] asks for others. Await it for one page, or use
    /// [`ListPins::stream`] for all.
    pub fn list(&self) -> ListPins {
        ListPins::new(self.clone())
    }

    /// Deletes a pin request. Repeating it is safe, as its ID is never used again: it succeeds also if an attempt whose response was
    /// lost has deleted it.
    ///
    /// # Errors
    ///
    /// Any [`PinningError`]; see [`PinningError::is_not_found`].
    pub async fn delete(&self, id: &RequestId) -> Result<(), PinningError> {
        let requestid = id.to_string();
        self.rest.remove(&DeletePin { requestid }).await?;
        Ok(())
    }

    /// Waits until a pin request is pinned.
    pub fn wait_until_pinned(&self, id: &RequestId) -> WaitForPin {
        WaitForPin::new(self.clone(), id)
    }

    /// The number of pin requests with each status.
    ///
    /// # Errors
    ///
    /// Any [`PinningError`].
    pub async fn totals(&self) -> Result<Totals, PinningError> {
        let count = |status| self.count(status);
        let (queued, pinning, pinned, failed) = tokio::try_join!(
            count(Status::Queued),
            count(Status::Pinning),
            count(Status::Pinned),
            count(Status::Failed),
        )?;
        Ok(Totals {
            queued,
            pinning,
            pinned,
            failed,
        })
    }

    async fn count(&self, status: Status) -> Result<u64, PinningError> {
        let request = GetPins {
            status: vec![status],
            limit: 1,
            ..GetPins::new()
        };
        Ok(self.rest.call(&request).await?.count)
    }
}
