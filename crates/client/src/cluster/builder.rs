//! Builder of clients.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::Cluster;
use super::error::ClusterError;
use super::peers::{Endpoints, Peer};
use crate::address::{Address, AddressError};
use crate::builder::{IntoAddress, basic_authorization};
use crate::kubo::{DEFAULT_TIMEOUT, Retry};
use crate::rest::Rest;
#[cfg(feature = "tls")]
use crate::transport::Roots;
use crate::transport::{Http, HttpOptions, Transport};

/// The default address of a peer.
pub const DEFAULT_ADDR: &str = "/ip4/127.0.0.1/tcp/9094";

/// Builder of a [`Cluster`] client. Invalid settings are reported by [`Self::build`].
#[must_use = "a builder does nothing before `build`"]
pub struct Builder {
    addresses: Vec<Result<Address, AddressError>>,
    http: HttpOptions,
    authorization: Option<String>,
    timeout: Option<Duration>,
    retry: Option<Retry>,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The authorization is a secret.
        out.debug_struct("Builder")
            .field("addresses", &self.addresses)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Adds another peer of the cluster, which is asked if the ones before it fail.
    pub fn peer(mut self, address: impl IntoAddress) -> Self {
        self.addresses.push(address.into_address());
        self
    }

    /// Sends a user name and password with every request (HTTP Basic authentication): <https://www.rfc-editor.org/rfc/rfc7617>.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        self.authorization = Some(basic_authorization(user, password));
        self
    }

    /// Sends a JWT with every request, as [`Cluster::token`] returns it.
    pub fn bearer(mut self, token: &str) -> Self {
        self.authorization = Some(format!("Bearer {token}"));
        self
    }

    /// Sets the timeout of calls [default: 120 seconds]: the time in which nothing is sent or received.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Disables the timeout.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// Sets the timeout for connecting [default: 5 seconds].
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.http.connect_timeout = Some(timeout);
        self
    }

    /// Sets when requests to one peer are repeated before the next is asked [default: 3 times, but never if there are several peers].
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Sets the trusted certificates [default: those of the system].
    #[cfg(feature = "tls")]
    pub fn roots(mut self, roots: Roots) -> Self {
        self.http.roots = roots;
        self
    }

    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Address`], [`ClusterError::Credentials`], [`ClusterError::Connection`] if an address needs TLS and the
    /// feature `tls` is off.
    pub fn build(self) -> Result<Cluster, ClusterError> {
        let mut peers = Vec::new();
        let authorization = header(self.authorization.as_deref())?;
        let retry = self.retry.unwrap_or(match self.addresses.len() {
            1 => Retry::default(),
            _ => Retry::NEVER,
        });
        for address in self.addresses {
            let address = address?;
            let http = Http::with_options(&address, &self.http)?;
            let mut rest = Rest::new(http, "")
                .with_timeout(self.timeout)
                .with_retry(retry);
            if let Some(value) = &authorization {
                rest = rest.with_authorization(value.clone());
            }
            peers.push(Peer {
                address: address.to_string(),
                rest,
            });
        }
        Ok(Cluster {
            endpoints: Arc::new(Endpoints::new(peers)),
        })
    }
}

fn header(authorization: Option<&str>) -> Result<Option<HeaderValue>, ClusterError> {
    let value = authorization.map(HeaderValue::from_str).transpose();
    value.map_err(|_| ClusterError::Credentials)
}

impl Cluster {
    /// Builds a client of the peer at this address, such as [`DEFAULT_ADDR`].
    pub fn builder(address: impl IntoAddress) -> Builder {
        Builder {
            addresses: vec![address.into_address()],
            http: HttpOptions::default(),
            authorization: None,
            timeout: Some(DEFAULT_TIMEOUT),
            retry: None,
        }
    }

    /// A client over these transports, one for each peer, without timeouts and credentials.
    #[must_use]
    pub fn over<T: Transport>(transports: impl IntoIterator<Item = T>) -> Self {
        let peers = transports.into_iter().enumerate();
        let peers = peers
            .map(|(place, transport)| Peer {
                address: format!("peer {place}"),
                rest: Rest::new(transport, ""),
            })
            .collect();
        Self {
            endpoints: Arc::new(Endpoints::new(peers)),
        }
    }
}
