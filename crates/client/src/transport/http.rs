//! Over HTTP.

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::{Body, Roots, Transport};
use crate::address::Address;
use crate::error::TransportError;

/// Connection options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// Timeout to connect; 5 seconds by default.
    pub connect_timeout: Duration,
    /// The trusted certificates, for TLS.
    pub roots: Roots,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            roots: Roots::System,
        }
    }
}

/// HTTP to one server: HTTP/1.1 over TCP or a Unix socket; over TLS also HTTP/2 if the server supports it.
///
/// No proxy is used and no redirect is followed: a request only goes to the named server.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    address: Address,
}

impl Http {
    /// A client of the server at this address. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] when the client cannot be made.
    pub fn new(address: &Address) -> Result<Self, TransportError> {
        Self::with_options(address, &HttpOptions::default())
    }

    /// The same, by these options.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] when the client cannot be made: its roots may be no certificates.
    pub fn with_options(address: &Address, options: &HttpOptions) -> Result<Self, TransportError> {
        let builder = reqwest::Client::builder()
            .connect_timeout(options.connect_timeout)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true);
        let builder = match address {
            Address::Url(_) => builder,
            #[cfg(unix)]
            Address::Unix(path) => builder.unix_socket(path.clone()),
            #[cfg(not(unix))]
            Address::Unix(_) => {
                return Err(TransportError::Setup(
                    "Unix sockets need a Unix system".into(),
                ));
            }
        };
        let client = builder
            // Given for every address: the library below makes one of its own otherwise, which reads the system's
            // roots.
            .tls_backend_preconfigured(match address.is_tls() {
                true => options.roots.config()?,
                false => Roots::Only(Vec::new()).config()?,
            })
            .http2_adaptive_window(true)
            .build()
            .map_err(|error| TransportError::Setup(Box::new(error)))?;
        Ok(Self {
            client,
            address: address.clone(),
        })
    }

    async fn exchange(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        let path = head
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        let mut builder = self
            .client
            .request(head.method, format!("{}{path}", self.address.base()))
            .headers(head.headers);
        if !body.is_end_stream() {
            builder = builder.body(reqwest::Body::wrap_stream(body.into_data_stream()));
        }
        let response = builder.send().await.map_err(|error| self.failure(&error))?;
        let response: Response<reqwest::Body> = response.into();
        Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
    }

    fn failure(&self, error: &reqwest::Error) -> TransportError {
        let connect = error.is_connect();
        let source = root(error).into();
        let address = || self.address.to_string();
        if is_certificate(error) {
            TransportError::Certificate {
                address: address(),
                source,
            }
        } else if connect {
            TransportError::Connect {
                address: address(),
                source,
            }
        } else {
            TransportError::Broken(source)
        }
    }
}

/// The cause behind all others: those between only say which layer passed it on, and name a URL with every argument.
fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Whether TLS has refused the server's certificate.
fn is_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref::<rustls::Error>() {
        return true;
    }
    // What an I/O error wraps is not among its sources.
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    match wrapped {
        Some(inner) => is_certificate(inner),
        None => error.source().is_some_and(is_certificate),
    }
}

impl Transport for Http {
    fn send(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}
