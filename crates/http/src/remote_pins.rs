//! The interface to remote pinning services; the program provides a client for them.

use std::fmt::Debug;

use cairn_wire::pinning::{AddPin, DeletePin, GetPin, GetPins, Pin, PinResults, PinStatus};
use futures_util::future::BoxFuture;

/// A pinning service and the credential for it.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAddress {
    /// The URL of its API.
    pub endpoint: String,
    /// The access token.
    pub token: String,
}

impl Debug for ServiceAddress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is a secret.
        out.debug_struct("ServiceAddress")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// The error of a call to a service, as text for people without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RemotePinError(pub String);

/// A call and its answer.
pub type RemoteCall<'a, T> = BoxFuture<'a, Result<T, RemotePinError>>;

/// Speaks the Pinning Service API to any service. Each call is bounded in time.
pub trait RemotePins: Debug + Send + Sync {
    /// Lists pins.
    fn list<'a>(&'a self, at: &'a ServiceAddress, request: GetPins) -> RemoteCall<'a, PinResults>;

    /// Adds a pin.
    fn add<'a>(
        &'a self,
        at: &'a ServiceAddress,
        request: AddPin,
        pin: Pin,
    ) -> RemoteCall<'a, PinStatus>;

    /// Tells of a pin.
    fn get<'a>(&'a self, at: &'a ServiceAddress, request: GetPin) -> RemoteCall<'a, PinStatus>;

    /// Removes a pin.
    fn delete<'a>(&'a self, at: &'a ServiceAddress, request: DeletePin) -> RemoteCall<'a, ()>;
}
