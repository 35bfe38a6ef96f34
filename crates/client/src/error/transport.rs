//! Why a request did not get a response.

use std::time::Duration;

use crate::transport::BoxError;

/// Why a request did not get a response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection could be made.
    #[error("cannot connect to {address}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// No connection could be made within the timeout.
    #[error("cannot connect to {address} within {} s", limit.as_secs_f64())]
    ConnectTimeout {
        /// Where.
        address: String,
        /// The timeout.
        limit: Duration,
    },
    /// The server's certificate is not trusted, or belongs to another server.
    #[error("the certificate of {address} is not trusted")]
    Certificate {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The connection failed before the response started.
    #[error("the connection failed")]
    Broken(#[source] BoxError),
    /// The client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] BoxError),
}
