//! Over HTTP.

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::{Body, Transport};
use crate::address::Address;
use crate::error::TransportError;

/// Longest time to connect, when no other is asked for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// HTTP/1.1 to one server, over TCP or a Unix socket.
///
/// No proxy is used and no redirect followed: a request goes to the server that was named, or nowhere.
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
        Self::with_connect_timeout(address, CONNECT_TIMEOUT)
    }

    /// The same with another bound on the time to connect.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] when the client cannot be made.
    pub fn with_connect_timeout(
        address: &Address,
        limit: Duration,
    ) -> Result<Self, TransportError> {
        let builder = reqwest::Client::builder()
            .connect_timeout(limit)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true);
        let builder = match address {
            // The refusal of the library beneath is about URLs.
            Address::Url(url) if url.starts_with("https:") => {
                return Err(TransportError::Setup(
                    "this build speaks HTTP without TLS only".into(),
                ));
            }
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
        if connect {
            TransportError::Connect {
                address: self.address.to_string(),
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

impl Transport for Http {
    fn send(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}
