//! A client of REST APIs, made from the declarations of their endpoints.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use cairn_wire::rest::{Api, Endpoint, expand};
use cairn_wire::shape::{self, NoBody, Record, Reply};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};

use crate::error::TransportError;
use crate::transport::{self, Body, BoxError, Transport};

/// Most bytes of an answer that is held as a whole.
const LIMIT: usize = 16 << 20;

/// Speaks an API to one server. Cheap to clone.
pub struct Rest<A> {
    transport: Arc<dyn Transport>,
    base: String,
    authorization: Option<HeaderValue>,
    api: PhantomData<fn() -> A>,
}

impl<A> std::fmt::Debug for Rest<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The authorization is a secret.
        out.debug_struct("Rest")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl<A> Clone for Rest<A> {
    fn clone(&self) -> Self {
        Self {
            transport: self.transport.clone(),
            base: self.base.clone(),
            authorization: self.authorization.clone(),
            api: PhantomData,
        }
    }
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<E: std::fmt::Debug> {
    /// The API refused the request.
    #[error("the server answered {status}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// What the API says.
        error: E,
    },
    /// The answer is not what the endpoint declares.
    #[error("the server's answer ({status}) is not understood")]
    Malformed {
        /// The HTTP status.
        status: StatusCode,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The answer broke off, or is longer than 16 MiB.
    #[error("the answer cannot be read")]
    Cut(#[source] BoxError),
    /// The request did not reach the server.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The request cannot be written.
    #[error("the request cannot be written")]
    Request(#[from] http::Error),
    /// The body cannot be written as JSON.
    #[error("the request body cannot be written")]
    Body(#[source] serde_json::Error),
}

/// How a call of an endpoint fails.
pub type ErrorOf<E> = CallError<<<E as Endpoint>::Api as Api>::Error>;

/// A reply that a call can receive.
pub trait Received: Reply {
    /// What the caller gets.
    type Value: Send;

    /// Reads it.
    fn receive<E: std::fmt::Debug>(
        status: StatusCode,
        body: Body,
    ) -> impl Future<Output = Result<Self::Value, CallError<E>>> + Send;
}

impl<T: Record> Received for shape::One<T> {
    type Value = T;

    async fn receive<E: std::fmt::Debug>(
        status: StatusCode,
        body: Body,
    ) -> Result<T, CallError<E>> {
        let bytes = whole(body).await.map_err(CallError::Cut)?;
        serde_json::from_slice(&bytes).map_err(|source| CallError::Malformed { status, source })
    }
}

impl Received for shape::Nothing {
    type Value = ();

    async fn receive<E: std::fmt::Debug>(_: StatusCode, body: Body) -> Result<(), CallError<E>> {
        whole(body).await.map(drop).map_err(CallError::Cut)
    }
}

impl Received for shape::Bytes {
    type Value = Body;

    async fn receive<E: std::fmt::Debug>(_: StatusCode, body: Body) -> Result<Body, CallError<E>> {
        Ok(body)
    }
}

impl<A: Api> Rest<A> {
    /// A client over this transport, of the API below this path (empty, or as in `/api/v1`).
    pub fn new(transport: impl Transport, base: impl Into<String>) -> Self {
        Self {
            transport: Arc::new(transport),
            base: base.into(),
            authorization: None,
            api: PhantomData,
        }
    }

    /// Sends this `Authorization` with every request.
    #[must_use]
    pub fn with_authorization(mut self, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.authorization = Some(value);
        self
    }

    /// Calls an endpoint that takes no body.
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn call<E>(&self, endpoint: &E) -> Result<<E::Reply as Received>::Value, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Body = NoBody, Reply: Received>,
    {
        self.exchange(endpoint, None).await
    }

    /// Calls an endpoint that takes one JSON value.
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn send<E, T>(
        &self,
        endpoint: &E,
        body: &T,
    ) -> Result<<E::Reply as Received>::Value, ErrorOf<E>>
    where
        T: Record + Sync,
        E: Endpoint<Api = A, Body = shape::Json<T>, Reply: Received>,
    {
        let body = serde_json::to_vec(body).map_err(CallError::Body)?;
        self.exchange(endpoint, Some(body)).await
    }

    async fn exchange<E>(
        &self,
        endpoint: &E,
        json: Option<Vec<u8>>,
    ) -> Result<<E::Reply as Received>::Value, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Reply: Received>,
    {
        let (path, query) = endpoint.to_request();
        let mut target = format!("{}{}", self.base, expand(E::SPEC.path, &path));
        let query = query.to_string();
        if !query.is_empty() {
            target.push('?');
            target.push_str(&query);
        }
        let mut request = Request::builder().method(E::SPEC.method).uri(target);
        if let Some(value) = &self.authorization {
            request = request.header(header::AUTHORIZATION, value.clone());
        }
        let body = match json {
            None => transport::empty(),
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Full::new(Bytes::from(json))
                    .map_err(|never| match never {})
                    .boxed_unsync()
            }
        };
        let response: Response<Body> = self.transport.send(request.body(body)?).await?;
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return E::Reply::receive(head.status, body).await;
        }
        let bytes = whole(body).await.map_err(CallError::Cut)?;
        Err(match serde_json::from_slice(&bytes) {
            Ok(error) => CallError::Refused {
                status: head.status,
                error,
            },
            Err(source) => CallError::Malformed {
                status: head.status,
                source,
            },
        })
    }
}

async fn whole(mut body: Body) -> Result<Bytes, BoxError> {
    let mut out = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if out.len() + data.len() > LIMIT {
            return Err(format!("the answer is longer than {LIMIT} bytes").into());
        }
        out.extend_from_slice(&data);
    }
    Ok(out.freeze())
}
