//! Builder of clients of REST APIs.

use std::marker::PhantomData;
use std::time::Duration;

use cairn_wire::rest::Api;
use http::{HeaderName, HeaderValue};

use super::{Rest, SetupError};
use crate::address::{Address, AddressError};
use crate::builder::{IntoAddress, basic_authorization};
use crate::kubo::{DEFAULT_TIMEOUT, Retry};
#[cfg(feature = "tls")]
use crate::transport::Roots;
use crate::transport::{Http, HttpOptions};

/// A client of one REST API, which [`RestBuilder`] can build.
pub trait RestClient: Sized {
    /// The API.
    type Api: Api;

    /// The client that sends its requests through this one.
    fn from_rest(rest: Rest<Self::Api>) -> Self;
}

/// Builder of a client of a REST API. Invalid settings are reported by [`Self::build`].
///
/// ```no_run
/// # fn example() -> Result<(), cairn_client::rest::SetupError> {
/// use std::time::Duration;
/// use cairn_client::pinning::PinningService;
/// let service = PinningService::builder("https://pins.example/psa")
///     .token("a token")
///     .timeout(Duration::from_secs(30))
///     .build()?;
/// # let _ = service; Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing before `build`"]
pub struct RestBuilder<C> {
    address: Result<Address, AddressError>,
    http: HttpOptions,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    retry: Retry,
    client: PhantomData<fn() -> C>,
}

impl<C> std::fmt::Debug for RestBuilder<C> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Headers may contain secrets.
        out.debug_struct("RestBuilder")
            .field("address", &self.address)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

impl<C: RestClient> RestBuilder<C> {
    /// A client of the server at this URL or multiaddr. The URL may have a path, below which the API is.
    pub fn new(address: impl IntoAddress) -> Self {
        Self {
            address: address.into_address(),
            http: HttpOptions::default(),
            headers: Vec::new(),
            timeout: Some(DEFAULT_TIMEOUT),
            retry: Retry::SERVICES,
            client: PhantomData,
        }
    }

    /// Sends an access token with every request: `Authorization: Bearer TOKEN`.
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sends a user name and password with every request (HTTP Basic authentication).
    pub fn basic(self, user: &str, password: &str) -> Self {
        self.header("authorization", basic_authorization(user, password))
    }

    /// Sends a header with every request. A later value replaces an earlier one.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
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

    /// Sets when requests are repeated [default: [`Retry::SERVICES`]].
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Uses a proxy, for example `http://proxy.example:3128` [default: none; environment variables are not read].
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.http.proxy = Some(url.into());
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
    /// [`SetupError`].
    pub fn build(self) -> Result<C, SetupError> {
        let transport = Http::with_options(&self.address?, &self.http)?;
        let mut rest = Rest::new(transport, "")
            .with_timeout(self.timeout)
            .with_retry(self.retry);
        for (name, value) in self.headers {
            let invalid = |source| SetupError::Header {
                name: name.clone(),
                source,
            };
            let value = HeaderValue::from_str(&value).map_err(|error| invalid(error.into()))?;
            let name =
                HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid(error.into()))?;
            rest = rest.with_header(name, value);
        }
        Ok(C::from_rest(rest))
    }
}

#[cfg(test)]
mod tests {
    use cairn_wire::pinning::Pinning;

    use super::*;

    struct Client;

    impl RestClient for Client {
        type Api = Pinning;

        fn from_rest(_: Rest<Pinning>) -> Self {
            Self
        }
    }

    #[test]
    fn invalid_settings_are_reported_without_secrets() {
        let built = RestBuilder::<Client>::new("nowhere").build();
        assert!(matches!(built, Err(SetupError::Address(_))));
        let built = RestBuilder::<Client>::new("http://localhost")
            .token("sec\nret")
            .build();
        let Err(error @ SetupError::Header { .. }) = built else {
            panic!("the token was accepted");
        };
        assert!(!format!("{error:?} {error}").contains("sec"));
        let builder = RestBuilder::<Client>::new("http://localhost").token("secret");
        assert!(!format!("{builder:?}").contains("secret"));
    }
}
