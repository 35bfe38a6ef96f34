//! Builder of clients.

use std::time::Duration;

use cairn_primitives::credentials::basic;
use http::{HeaderName, HeaderValue, header};

use crate::address::{Address, AddressError};
use crate::error::Error;
use crate::kubo::{Kubo, Retry};
#[cfg(feature = "tls")]
use crate::transport::Roots;
use crate::transport::{Http, HttpOptions};
use crate::version::Supported;

/// The default address of a server.
pub const DEFAULT_ADDR: &str = "/dns/localhost/tcp/5001/http";

/// Conversion to the address of a server: from a multiaddr or URL as text, or from an [`Address`].
pub trait IntoAddress {
    /// Parses the address.
    ///
    /// # Errors
    ///
    /// [`AddressError`] if the text is neither a multiaddr nor a URL.
    fn into_address(self) -> Result<Address, AddressError>;
}

impl IntoAddress for &str {
    fn into_address(self) -> Result<Address, AddressError> {
        self.parse()
    }
}

impl IntoAddress for String {
    fn into_address(self) -> Result<Address, AddressError> {
        self.parse()
    }
}

impl IntoAddress for &String {
    fn into_address(self) -> Result<Address, AddressError> {
        self.parse()
    }
}

impl IntoAddress for Address {
    fn into_address(self) -> Result<Address, AddressError> {
        Ok(self)
    }
}

impl IntoAddress for &Address {
    fn into_address(self) -> Result<Address, AddressError> {
        Ok(self.clone())
    }
}

/// Builder of a [`Kubo`] client. Invalid settings are reported by [`Self::build`].
///
/// ```no_run
/// # async fn example() -> Result<(), cairn_client::Error> {
/// use std::time::Duration;
/// use cairn_client::Kubo;
/// let kubo = Kubo::builder("https://node.example/ipfs")
///     .bearer("a token")
///     .header("X-Team", "archive")
///     .timeout(Duration::from_secs(30))
///     .build()?;
/// # let _ = kubo; Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing before `build` or `connect`"]
pub struct Builder {
    address: Result<Address, AddressError>,
    http: HttpOptions,
    headers: Vec<Result<(HeaderName, HeaderValue), http::Error>>,
    cookies: Vec<String>,
    options: Vec<(String, String)>,
    timeout: Option<Duration>,
    base: String,
    chunk: Option<usize>,
    retry: Retry,
    supported: Supported,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Headers and cookies may contain secrets.
        f.debug_struct("Builder")
            .field("address", &self.address)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

impl Builder {
    fn new(address: impl IntoAddress) -> Self {
        Self {
            address: address.into_address(),
            http: HttpOptions::default(),
            headers: Vec::new(),
            cookies: Vec::new(),
            options: Vec::new(),
            timeout: Some(crate::kubo::DEFAULT_TIMEOUT),
            base: crate::kubo::DEFAULT_BASE.to_owned(),
            chunk: None,
            retry: Retry::default(),
            supported: Supported::default(),
        }
    }

    /// Sets the path of the API below the address [default: `api/v0`].
    pub fn base(mut self, base: impl Into<String>) -> Self {
        self.base = base.into();
        self
    }

    /// Sends `Authorization: Bearer TOKEN` with every request.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sends a user name and password with every request (HTTP Basic authentication): <https://www.rfc-editor.org/rfc/rfc7617>.
    pub fn basic(self, user: &str, password: &str) -> Self {
        self.header("authorization", basic_authorization(user, password))
    }

    /// Sends a header with every request.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let name = HeaderName::try_from(name.as_ref()).map_err(http::Error::from);
        let value = HeaderValue::try_from(value.as_ref()).map_err(http::Error::from);
        self.headers.push(name.and_then(|name| Ok((name, value?))));
        self
    }

    /// Sends a cookie with every request.
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.push(format!("{name}={value}"));
        self
    }

    /// Sends an option with every request. It overrides the options of calls.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }

    /// Whether the server runs commands without contacting peers.
    pub fn offline(self, offline: bool) -> Self {
        self.option("offline", if offline { "true" } else { "false" })
    }

    /// Sets the timeout of calls [default: 120 seconds]; see [`Call::timeout`](crate::Call::timeout).
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

    /// Sets the size of the chunks in which files and readers are read, in bytes, from 4 KiB to 16 MiB [default: 1 MiB].
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.chunk = Some(bytes);
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

    /// Whether connections are kept open between calls, until [`Kubo::close`] [default: true].
    pub fn session(mut self, keep: bool) -> Self {
        self.http.keep_connections = keep;
        self
    }

    /// Sets when calls are retried.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Sets which versions of servers [`Self::connect`] accepts.
    pub fn supported(mut self, supported: Supported) -> Self {
        self.supported = supported;
        self
    }

    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Address`], [`Error::Request`] for an invalid header, [`Error::Connection`] if the address needs TLS and the feature
    /// `tls` is off, or the proxy is invalid.
    pub fn build(self) -> Result<Kubo, Error> {
        let transport = Http::with_options(&self.address?, &self.http)?;
        let mut kubo = Kubo::new(transport)
            .with_base(&self.base)
            .with_timeout(self.timeout)
            .with_retry(self.retry)
            .with_supported(self.supported);
        if let Some(chunk) = self.chunk {
            kubo = kubo.with_chunk_size(chunk);
        }
        for header in self.headers {
            let (name, value) = header?;
            kubo = kubo.with_header(name, value);
        }
        if !self.cookies.is_empty() {
            let value =
                HeaderValue::try_from(self.cookies.join("; ")).map_err(http::Error::from)?;
            kubo = kubo.with_header(header::COOKIE, value);
        }
        for (name, value) in self.options {
            kubo = kubo.with_option(name, value);
        }
        Ok(kubo)
    }

    /// Builds the client, checks the version of the server, and enables the workarounds for this version.
    ///
    /// # Errors
    ///
    /// Those of [`Self::build`]; [`Error::Version`] if the version is not supported; any other [`Error`] if it cannot be read.
    pub async fn connect(self) -> Result<Kubo, Error> {
        let kubo = self.build()?;
        kubo.check_version().await?;
        Ok(kubo)
    }
}

/// The value of `Authorization` for HTTP Basic authentication: <https://www.rfc-editor.org/rfc/rfc7617>.
pub(crate) fn basic_authorization(user: &str, password: &str) -> String {
    format!("Basic {}", basic::write(user, password))
}

impl Kubo {
    /// Builds a client of the server at this address.
    pub fn builder(address: impl IntoAddress) -> Builder {
        Builder::new(address)
    }

    /// Connects to the server at this address, a multiaddr or URL such as [`DEFAULT_ADDR`], and checks its version.
    ///
    /// # Errors
    ///
    /// As [`Builder::connect`].
    pub async fn connect(address: impl IntoAddress) -> Result<Self, Error> {
        Self::builder(address).connect().await
    }

    /// Checks that the version of the server is supported, and enables the workarounds for it.
    ///
    /// # Errors
    ///
    /// As [`Builder::connect`].
    pub async fn check_version(&self) -> Result<(), Error> {
        let info = self.apply_workarounds().await?;
        Ok(self.supported().check(&info.version)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_told_when_the_client_is_made() {
        assert!(matches!(
            Kubo::builder("nowhere").build(),
            Err(Error::Address(_))
        ));
        assert!(matches!(
            Kubo::builder(DEFAULT_ADDR).bearer("a\nb").build(),
            Err(Error::Request(_))
        ));
        assert!(matches!(
            Kubo::builder(DEFAULT_ADDR).proxy("::").build(),
            Err(Error::Connection(_))
        ));
        assert!(Kubo::builder(DEFAULT_ADDR).basic("u", "p").build().is_ok());
    }
}
