//! A client of REST APIs, made from the declarations of their endpoints.
//!
//! [`Rest`] calls any declared endpoint. The clients of single APIs, such as [`crate::pinning`], are built on it.

mod builder;
mod error;
mod pace;
mod received;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cairn_wire::rest::{Api, Endpoint, expand};
use cairn_wire::shape::{self, NoBody, Record, STREAM_END, STREAM_END_TRAILER};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::time::Instant;

pub use self::builder::{RestBuilder, RestClient};
pub(crate) use self::error::is_retryable;
pub use self::error::{CallError, ErrorOf, SetupError};
use self::pace::Pace;
pub use self::received::{Download, OneOrMany, Received, Records, ValueOf};
use crate::kubo::{Answer, Idle, Retry, USER_AGENT};
use crate::transport::{self, Body, Transport};
use crate::upload::{CHUNK, Failure, RawUpload, Upload};

/// The size of the slices in which bytes in memory are sent.
const SLICE: usize = 64 << 10;

/// A body that is sent as files.
pub trait TakesFiles: shape::Body {}

impl TakesFiles for shape::Files {}
impl TakesFiles for shape::RawOrFiles {}

/// A body that is sent as bytes.
pub trait TakesBytes: shape::Body {}

impl TakesBytes for shape::RawBody {}
impl TakesBytes for shape::RawOrFiles {}

/// A body that is ready to be sent.
struct Encoded {
    media_type: Option<HeaderValue>,
    length: Option<usize>,
    body: Body,
    failure: Option<Failure>,
}

/// A function that is called with the number of bytes that an attempt has sent.
type OnSent = Arc<dyn Fn(u64) + Send + Sync>;

/// The body of a request, or of each attempt to send it.
enum Payload {
    /// None.
    Nothing,
    /// Bytes in memory, and who is told how many of them an attempt has sent.
    Bytes(HeaderValue, Bytes, Option<OnSent>),
    /// A body that can be sent once.
    Once(Option<Encoded>),
}

/// Bytes as a body in slices, so that it is seen how many have been sent.
fn in_slices(bytes: Bytes, on_sent: Option<OnSent>) -> Body {
    let whole = bytes.len() as u64;
    let slices = stream::unfold(bytes, move |mut rest| {
        if let Some(on_sent) = &on_sent {
            on_sent(whole - rest.len() as u64);
        }
        let slice = rest.split_to(rest.len().min(SLICE));
        let next = (!slice.is_empty()).then(|| (Ok(Frame::data(slice)), rest));
        std::future::ready(next)
    });
    StreamBody::new(slices).boxed_unsync()
}

impl Payload {
    /// The body of the next attempt; `None` if it was consumed.
    fn encode(&mut self) -> Option<Encoded> {
        match self {
            Self::Nothing => Some(Encoded {
                media_type: None,
                length: None,
                body: transport::empty(),
                failure: None,
            }),
            Self::Bytes(media_type, bytes, on_sent) => Some(Encoded {
                media_type: Some(media_type.clone()),
                length: Some(bytes.len()),
                body: in_slices(bytes.clone(), on_sent.clone()),
                failure: None,
            }),
            Self::Once(encoded) => encoded.take(),
        }
    }
}

/// A client of one API of one server. Cheap to clone.
///
/// [`Self::new`] makes a client without timeout and retries; [`RestBuilder`] sets both.
pub struct Rest<A> {
    transport: Arc<dyn Transport>,
    base: String,
    headers: HeaderMap,
    timeout: Option<Duration>,
    retry: Retry,
    repeatable: bool,
    pace: Arc<Pace>,
    api: PhantomData<fn() -> A>,
}

impl<A> std::fmt::Debug for Rest<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The headers may contain a secret.
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
            headers: self.headers.clone(),
            timeout: self.timeout,
            retry: self.retry,
            repeatable: self.repeatable,
            pace: self.pace.clone(),
            api: PhantomData,
        }
    }
}

impl<A: Api> Rest<A> {
    /// A client over this transport, of the API below this path (empty, or as in `/api/v1`).
    pub fn new(transport: impl Transport, base: impl Into<String>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, USER_AGENT);
        // Requests the trailer with the reason if a response is cut off.
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(STREAM_END, HeaderValue::from_static(STREAM_END_TRAILER));
        Self {
            transport: Arc::new(transport),
            base: base.into(),
            headers,
            timeout: None,
            retry: Retry::NEVER,
            repeatable: false,
            pace: Arc::default(),
            api: PhantomData,
        }
    }

    /// Sends this `Authorization` with every request.
    #[must_use]
    pub fn with_authorization(self, value: HeaderValue) -> Self {
        self.with_header(header::AUTHORIZATION, value)
    }

    /// Sends a header with every request.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        if name == header::AUTHORIZATION {
            value.set_sensitive(true);
        }
        self.headers.insert(name, value);
        self
    }

    /// Sets the time in which nothing is sent or received until a call fails.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets when requests are repeated: if they certainly were not executed, or if their endpoint changes nothing. A `Retry-After`
    /// and the `x-ratelimit` headers of the server are obeyed, unless the delay would exceed [`Retry::within`].
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Repeats requests although they may have been executed: for calls that have the same effect when they are repeated.
    #[must_use]
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// Calls an endpoint that takes no body. What it gives follows from the declaration.
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn call<E>(&self, endpoint: &E) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Body = NoBody, Reply: Received>,
    {
        self.exchange(endpoint, Payload::Nothing, |_| {}).await
    }

    /// Calls an endpoint that removes what it names, and repeats it even if an attempt may have been executed. `None` if it was
    /// absent then: an attempt whose response was lost has removed it.
    ///
    /// # Errors
    ///
    /// Any [`CallError`]; that it was absent from the beginning is one.
    pub async fn remove<E>(&self, endpoint: &E) -> Result<Option<ValueOf<E>>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Body = NoBody, Reply: Received>,
    {
        let mut was_repeated = false;
        let again = |error: &ErrorOf<E>| {
            // One that was refused because of a rate, or that reached no server, has removed nothing.
            was_repeated |=
                !error.is_unexecuted() || error.status() == Some(StatusCode::SERVICE_UNAVAILABLE);
        };
        let client = self.clone().repeatable(true);
        match client.exchange(endpoint, Payload::Nothing, again).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if was_repeated && error.status() == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Calls an endpoint that takes one JSON value.
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn send<E, T>(&self, endpoint: &E, body: &T) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        T: Record + Sync,
        E: Endpoint<Api = A, Body = shape::Json<T>, Reply: Received>,
    {
        let json = serde_json::to_vec(body).map_err(CallError::Body)?;
        let media_type = HeaderValue::from_static("application/json");
        let payload = Payload::Bytes(media_type, json.into(), None);
        self.exchange(endpoint, payload, |_| {}).await
    }

    /// Calls an endpoint that takes files, as `multipart/form-data`. They are read as they are sent.
    ///
    /// ```compile_fail
    /// # async fn wrong(pins: cairn_client::rest::Rest<cairn_wire::pinning::Pinning>, upload: cairn_client::Upload) {
    /// // `GET /pins/{requestid}` takes no body: it is called with `call`.
    /// let get = cairn_wire::pinning::GetPin { requestid: "a".into() };
    /// pins.upload(&get, upload).await;
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn upload<E>(&self, endpoint: &E, upload: Upload) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Body: TakesFiles, Reply: Received>,
    {
        let (media_type, body, failure) = upload.encode(CHUNK);
        let encoded = Encoded {
            media_type: Some(HeaderValue::try_from(media_type).map_err(http::Error::from)?),
            length: None,
            body,
            failure: Some(failure),
        };
        let payload = Payload::Once(Some(encoded));
        self.exchange(endpoint, payload, |_| {}).await
    }

    /// Calls an endpoint that takes bytes, with bytes in memory. Unlike those of [`Self::send_bytes`], the request can be repeated. The
    /// function is called with the number of bytes that have been sent, which starts anew with each attempt.
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn send_whole<E>(
        &self,
        endpoint: &E,
        media_type: HeaderValue,
        bytes: Bytes,
        on_sent: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Body: TakesBytes, Reply: Received>,
    {
        let payload = Payload::Bytes(media_type, bytes, Some(Arc::new(on_sent)));
        self.exchange(endpoint, payload, |_| {}).await
    }

    /// Calls an endpoint that takes bytes, of this media type. They are read as they are sent.
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn send_bytes<E>(
        &self,
        endpoint: &E,
        media_type: HeaderValue,
        bytes: RawUpload,
    ) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Body: TakesBytes, Reply: Received>,
    {
        let (body, failure) = bytes.encode();
        let encoded = Encoded {
            media_type: Some(media_type),
            length: None,
            body,
            failure: Some(failure),
        };
        let payload = Payload::Once(Some(encoded));
        self.exchange(endpoint, payload, |_| {}).await
    }

    /// Sends a request until it is answered or the retries are used up. `again` is called with the error of every attempt that
    /// is repeated.
    async fn exchange<E>(
        &self,
        endpoint: &E,
        mut payload: Payload,
        mut again: impl FnMut(&ErrorOf<E>),
    ) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Reply: Received>,
    {
        let begun = Instant::now();
        let has_time_for =
            |pause: Duration| begun.elapsed().saturating_add(pause) <= self.retry.within;
        // A body that was sent is gone.
        let is_single = matches!(payload, Payload::Once(_));
        let mut attempt = 0;
        loop {
            let pause = self.pace.wait();
            if !pause.is_zero() && has_time_for(pause) {
                tokio::time::sleep(pause).await;
            }
            let encoded = payload
                .encode()
                .ok_or_else(|| CallError::Cut("the body was consumed".into()))?;
            let error = match self.attempt(endpoint, encoded).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let is_safe = E::SPEC.safe || self.repeatable;
            let is_worth = error.is_unexecuted() || is_safe && error.is_retryable();
            let asked = error.retry_after().unwrap_or_default();
            let pause = self.retry.delay(attempt).max(asked);
            if is_single || !is_worth || attempt >= self.retry.most || !has_time_for(pause) {
                return Err(error);
            }
            again(&error);
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Sends a request once.
    async fn attempt<E>(&self, endpoint: &E, encoded: Encoded) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Reply: Received>,
    {
        let mut idle = Idle::new(self.timeout);
        let mut request = self.request(endpoint, encoded.media_type, idle.watch(encoded.body))?;
        if let Some(length) = encoded.length {
            // The body's slices hide it.
            let headers = request.headers_mut();
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        let sent = async { Ok(self.transport.send(request).await) };
        let sent = idle.wait(sent).await.map_err(CallError::reading)?;
        let response: Response<Body> = match sent {
            Ok(response) => response,
            Err(error) => {
                // A file that could not be read is why the request was cut off.
                let failed = encoded.failure.as_ref().and_then(Failure::take);
                return Err(failed.map_or(CallError::Transport(error), CallError::Upload));
            }
        };
        let (head, body) = response.into_parts();
        let status = head.status;
        let now = SystemTime::now();
        self.pace.note(&head.headers, now);
        let retry_after = pace::retry_after(&head.headers, now);
        let failure = encoded.failure.clone();
        let answer = Answer::accepted(head.headers, body, encoded.failure, idle);
        if status.is_success() {
            return E::Reply::receive(received::Context::new(status, endpoint.many()), answer)
                .await;
        }
        let bytes = received::whole(answer).await?;
        if let Some(error) = failure.as_ref().and_then(Failure::take) {
            return Err(CallError::Upload(error));
        }
        Err(match serde_json::from_slice(&bytes) {
            Ok(error) => CallError::Refused {
                status,
                error,
                retry_after,
            },
            Err(source) => CallError::Malformed {
                status,
                retry_after,
                source,
            },
        })
    }

    fn request<E>(
        &self,
        endpoint: &E,
        media_type: Option<HeaderValue>,
        body: Body,
    ) -> Result<Request<Body>, http::Error>
    where
        E: Endpoint<Api = A>,
    {
        let parameters = endpoint.to_request();
        let mut target = format!("{}{}", self.base, expand(E::SPEC.path, &parameters.path));
        let query = parameters.query.to_string();
        if !query.is_empty() {
            target.push('?');
            target.push_str(&query);
        }
        let mut request = Request::builder()
            .method(E::SPEC.method)
            .uri(target)
            .body(body)?;
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        if let Some(media_type) = media_type {
            headers.insert(header::CONTENT_TYPE, media_type);
        }
        for (name, value) in parameters.headers.pairs() {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            headers.append(name, HeaderValue::from_bytes(value.as_bytes())?);
        }
        Ok(request)
    }
}
