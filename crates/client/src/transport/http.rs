//! HTTP.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;

#[cfg(feature = "tls")]
use super::Roots;
use super::{Body, Transport};
use crate::address::Address;
use crate::error::TransportError;

/// Connection options.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Timeout for connecting; `None` for that of the system [default: 5 seconds].
    pub connect_timeout: Option<Duration>,
    /// Whether connections are kept open for further requests [default: true].
    pub keep_connections: bool,
    /// Proxy to use, for example `http://proxy.example:3128` [default: none].
    pub proxy: Option<String>,
    /// Trusted certificates, if the address uses TLS.
    #[cfg(feature = "tls")]
    pub roots: Roots,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Some(Duration::from_secs(5)),
            keep_connections: true,
            proxy: None,
            #[cfg(feature = "tls")]
            roots: Roots::System,
        }
    }
}

/// HTTP to one server: HTTP/1.1 over TCP or a Unix socket; TLS with the feature `tls`; HTTP/2 over TLS with the feature `http2`,
/// if the server supports it.
///
/// Redirects are not followed, and proxy settings of the environment are not used.
#[derive(Clone, Debug)]
pub struct Http {
    /// Created when needed; dropped to close its connections.
    client: Arc<Mutex<Option<reqwest::Client>>>,
    address: Address,
    options: HttpOptions,
}

impl Http {
    /// A client of the server at this address. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] if the client cannot be created.
    pub fn new(address: &Address) -> Result<Self, TransportError> {
        Self::with_options(address, &HttpOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] if the client cannot be created: invalid certificates, an invalid proxy URL, or HTTPS without the
    /// feature `tls`.
    pub fn with_options(address: &Address, options: &HttpOptions) -> Result<Self, TransportError> {
        let client = client(address, options)?;
        Ok(Self {
            client: Arc::new(Mutex::new(Some(client))),
            address: address.clone(),
            options: options.clone(),
        })
    }

    /// The HTTP client, created again after it was closed.
    fn open(&self) -> Result<reqwest::Client, TransportError> {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*kept {
            return Ok(client.clone());
        }
        let client = client(&self.address, &self.options)?;
        *kept = Some(client.clone());
        Ok(client)
    }

    async fn exchange(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        let path = head
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        let mut builder = self
            .open()?
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
        let source = root(error).into();
        let address = || self.address.to_string();
        if is_certificate(error) {
            TransportError::Certificate {
                address: address(),
                source,
            }
        } else if !error.is_connect() {
            TransportError::Broken(source)
        } else if let Some(limit) = self.options.connect_timeout.filter(|_| error.is_timeout()) {
            TransportError::ConnectTimeout {
                address: address(),
                limit,
            }
        } else {
            TransportError::Connect {
                address: address(),
                source,
            }
        }
    }
}

fn client(address: &Address, options: &HttpOptions) -> Result<reqwest::Client, TransportError> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true);
    if let Some(limit) = options.connect_timeout {
        builder = builder.connect_timeout(limit);
    }
    if !options.keep_connections {
        builder = builder.pool_max_idle_per_host(0);
    }
    if let Some(proxy) = &options.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(setup)?);
    }
    builder = match address {
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
    #[cfg(feature = "tls")]
    {
        // Set for every address: otherwise reqwest creates one, which reads the certificates of the system.
        builder = builder.tls_backend_preconfigured(match address.is_tls() {
            true => options.roots.config()?,
            false => Roots::Only(Vec::new()).config()?,
        });
    }
    #[cfg(not(feature = "tls"))]
    if address.is_tls() {
        return Err(TransportError::Setup(
            "HTTPS needs the feature `tls` of cairn-client".into(),
        ));
    }
    #[cfg(feature = "http2")]
    {
        builder = builder.http2_adaptive_window(true);
    }
    builder.build().map_err(setup)
}

fn setup(error: reqwest::Error) -> TransportError {
    TransportError::Setup(Box::new(error))
}

/// The root cause: the errors in between only name layers, and a URL with all arguments.
fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Whether TLS rejected the server's certificate.
#[cfg(feature = "tls")]
fn is_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref::<rustls::Error>() {
        return true;
    }
    // The inner error of an I/O error is not among its sources.
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    match wrapped {
        Some(inner) => is_certificate(inner),
        None => error.source().is_some_and(is_certificate),
    }
}

#[cfg(not(feature = "tls"))]
fn is_certificate(_: &reqwest::Error) -> bool {
    false
}

impl Transport for Http {
    fn send(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(self.exchange(request))
    }

    fn close(&self) {
        self.client
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}
