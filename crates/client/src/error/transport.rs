//! Why a request did not reach a server.

use std::time::Duration;

use crate::transport::BoxError;

/// Why a request did not reach a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Nobody listens there.
    #[error("cannot connect to {address}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// No connection was made in time.
    #[error("cannot connect to {address} within {} s", limit.as_secs_f64())]
    ConnectTimeout {
        /// Where.
        address: String,
        /// The time that was waited.
        limit: Duration,
    },
    /// The server's certificate is not one to be trusted, or is another server's.
    #[error("the certificate of {address} cannot be trusted")]
    Certificate {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The connection failed before the answer began.
    #[error("the connection failed")]
    Broken(#[source] BoxError),
    /// The client itself could not be made.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] BoxError),
}
