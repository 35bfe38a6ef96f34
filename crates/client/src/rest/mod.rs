//! A client of REST APIs, made from the declarations of their endpoints.

mod error;
mod received;

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use cairn_wire::rest::{Api, Endpoint, expand};
use cairn_wire::shape::{self, NoBody, Record, STREAM_END, STREAM_END_TRAILER};
use http::{HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full};

pub use self::error::{CallError, ErrorOf};
pub use self::received::{Download, OneOrMany, Received, Records, ValueOf};
use crate::kubo::Answer;
use crate::transport::{self, Body, Transport};
use crate::upload::{CHUNK, Failure, RawUpload, Upload};

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
    body: Body,
    failure: Option<Failure>,
}

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

    /// Calls an endpoint that takes no body. What it gives follows from the declaration.
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn call<E>(&self, endpoint: &E) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Body = NoBody, Reply: Received>,
    {
        let nothing = Encoded {
            media_type: None,
            body: transport::empty(),
            failure: None,
        };
        self.exchange(endpoint, nothing).await
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
        let body = Full::new(Bytes::from(json))
            .map_err(|never| match never {})
            .boxed_unsync();
        let encoded = Encoded {
            media_type: Some(HeaderValue::from_static("application/json")),
            body,
            failure: None,
        };
        self.exchange(endpoint, encoded).await
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
            body,
            failure: Some(failure),
        };
        self.exchange(endpoint, encoded).await
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
            body,
            failure: Some(failure),
        };
        self.exchange(endpoint, encoded).await
    }

    async fn exchange<E>(&self, endpoint: &E, encoded: Encoded) -> Result<ValueOf<E>, ErrorOf<E>>
    where
        E: Endpoint<Api = A, Reply: Received>,
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
            // An answer that is cut off says why in its trailer, to whoever takes none for whole without it.
            .header(header::TE, HeaderValue::from_static("trailers"))
            .header(STREAM_END, HeaderValue::from_static(STREAM_END_TRAILER));
        if let Some(value) = &self.authorization {
            request = request.header(header::AUTHORIZATION, value.clone());
        }
        if let Some(media_type) = encoded.media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        for (name, value) in parameters.headers.pairs() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(http::Error::from)?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(http::Error::from)?;
            request = request.header(name, value);
        }
        let sent = self.transport.send(request.body(encoded.body)?).await;
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
        let failure = encoded.failure.clone();
        let answer = Answer::accepted(head.headers, body, encoded.failure);
        if status.is_success() {
            return E::Reply::receive(received::Context::new(status, endpoint.many()), answer)
                .await;
        }
        let bytes = received::whole(answer).await?;
        if let Some(error) = failure.as_ref().and_then(Failure::take) {
            return Err(CallError::Upload(error));
        }
        Err(match serde_json::from_slice(&bytes) {
            Ok(error) => CallError::Refused { status, error },
            Err(source) => CallError::Malformed { status, source },
        })
    }
}
