//! REST endpoints, mounted by their declarations.
//!
//! [`Mount`] makes a router of endpoints and their [`Handler`]s. It reads the request, checks who calls, and writes the
//! answer; faults are answered in the API's own form, those of unknown paths and methods as well.

use std::future::Future;
use std::marker::PhantomData;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use bytes::{BufMut as _, Bytes, BytesMut};
use cairn_wire::rest::{Access, Api, Endpoint, Fault, Query, Scheme};
use cairn_wire::shape::{self, Record, Reply};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};

use crate::stream::{Ending, Streamed, Trailers};
use crate::trailer::Slot;

/// Most bytes of a JSON body.
const MAX_JSON: usize = 1 << 20;

/// What the handlers of an API share, and who may call.
pub trait Service: Clone + Send + Sync + 'static {
    /// The API.
    type Api: Api;

    /// Who calls.
    type Caller: Send;

    /// Finds out who calls; `Err` refuses the request.
    fn authenticate(
        &self,
        credential: Option<Credential<'_>>,
        access: Access,
    ) -> impl Future<Output = Result<Self::Caller, Fault>> + Send;
}

/// What `Authorization` holds.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    /// How it is written.
    pub scheme: Scheme,
    /// The token, or the pair of name and password in base64.
    pub secret: &'a str,
}

impl<'a> Credential<'a> {
    fn of(request: &'a Request) -> Option<Self> {
        let value = request.headers().get(header::AUTHORIZATION)?;
        let (name, secret) = value.to_str().ok()?.split_once(' ')?;
        let schemes = [Scheme::Bearer, Scheme::Basic];
        let scheme = schemes
            .into_iter()
            .find(|scheme| scheme.name().eq_ignore_ascii_case(name))?;
        let secret = secret.trim();
        Some(Self { scheme, secret })
    }
}

/// A refusal in the form of an API.
#[derive(Debug)]
pub struct Refusal<A: Api> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: A::Error,
}

impl<A: Api> From<Fault> for Refusal<A> {
    fn from(fault: Fault) -> Self {
        let (status, body) = A::fault(&fault);
        Self { status, body }
    }
}

/// One call of an endpoint.
#[derive(Debug)]
pub struct Call<S: Service, B> {
    /// What the handlers share.
    pub service: S,
    /// Who calls.
    pub caller: S::Caller,
    /// What the request carries.
    pub body: B,
}

/// What the handler of an endpoint is called with.
pub type Input<S, E> = Call<S, <<E as Endpoint>::Body as Carried>::Value>;

/// What the handler of an endpoint gives.
pub type Answer<E> = <<E as Endpoint>::Reply as Answered<<E as Endpoint>::Api>>::Answer;

/// What answers an endpoint. What it is called with and what it gives follow from the declaration.
///
/// ```compile_fail
/// use cairn_http::rest::{Answer, Handler, Input, Refusal, Service};
/// use cairn_wire::pinning::{GetPin, Pinning};
///
/// // `GET /pins/{requestid}` answers with one record, not with text.
/// struct Mine;
/// impl<S: Service<Api = Pinning>> Handler<S> for GetPin {
///     async fn handle(self, _: Input<S, Self>) -> Result<String, Refusal<Pinning>> {
///         Ok(String::new())
///     }
/// }
/// ```
pub trait Handler<S: Service<Api = Self::Api>>:
    Endpoint<Body: Carried, Reply: Answered<<Self as Endpoint>::Api>>
{
    /// Answers one call.
    fn handle(
        self,
        call: Input<S, Self>,
    ) -> impl Future<Output = Result<Answer<Self>, Refusal<Self::Api>>> + Send;
}

/// A body that can be read.
pub trait Carried: shape::Body {
    /// What the handler gets.
    type Value: Send;

    /// Reads it.
    fn read(request: Request) -> impl Future<Output = Result<Self::Value, Fault>> + Send;
}

impl Carried for shape::NoBody {
    type Value = ();

    async fn read(_: Request) -> Result<(), Fault> {
        Ok(())
    }
}

impl<T: Record> Carried for shape::Json<T> {
    type Value = T;

    async fn read(request: Request) -> Result<T, Fault> {
        let body = Limited::new(request.into_body(), MAX_JSON);
        let bytes = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(Fault::TooLarge(MAX_JSON));
            }
            Err(error) => return Err(Fault::Body(error.to_string())),
        };
        serde_json::from_slice(&bytes).map_err(|error| Fault::Body(error.to_string()))
    }
}

/// Bytes of a media type, as they come: the whole request, for a handler that reads its body.
impl Carried for shape::RawBody {
    type Value = Request;

    async fn read(request: Request) -> Result<Request, Fault> {
        Ok(request)
    }
}

/// A reply that can be sent.
pub trait Answered<A: Api>: Reply {
    /// What a handler gives.
    type Answer: Send;

    /// Sends it.
    fn send(
        answer: Self::Answer,
        status: u16,
        trailers: Trailing,
    ) -> impl Future<Output = Result<Response, Refusal<A>>> + Send;
}

/// How an error after the first byte can reach the client.
#[derive(Debug)]
pub struct Trailing(Trailers);

impl<A: Api, T: Record> Answered<A> for shape::One<T> {
    type Answer = T;

    async fn send(answer: T, status: u16, _: Trailing) -> Result<Response, Refusal<A>> {
        Ok(json(status, &answer))
    }
}

impl<A: Api> Answered<A> for shape::Nothing {
    type Answer = ();

    async fn send((): (), status: u16, _: Trailing) -> Result<Response, Refusal<A>> {
        Ok(answer(status, None, Body::empty()))
    }
}

impl<A: Api, T: Record> Answered<A> for shape::Many<T> {
    type Answer = BoxStream<'static, Result<T, Refusal<A>>>;

    async fn send(
        mut records: Self::Answer,
        status: u16,
        trailing: Trailing,
    ) -> Result<Response, Refusal<A>> {
        let Some(first) = records.next().await.transpose()? else {
            return Ok(answer(A::EMPTY_STREAM, None, Body::empty()));
        };
        let lines =
            futures_util::stream::iter([Ok(first)])
                .chain(records)
                .map(|record| match record {
                    Ok(record) => line(&record).map_err(|error| Ending::Cut(error.to_string())),
                    Err(refusal) => Err(Ending::Cut(
                        serde_json::to_string(&refusal.body).unwrap_or_default(),
                    )),
                });
        let body = Body::new(Streamed::new(lines.boxed(), trailing.0));
        Ok(answer(status, Some("application/x-ndjson"), body))
    }
}

fn line(record: &impl serde::Serialize) -> Result<Bytes, serde_json::Error> {
    let mut out = BytesMut::new();
    serde_json::to_writer((&mut out).writer(), record)?;
    out.put_u8(b'\n');
    Ok(out.freeze())
}

/// Endpoints of an API that become a router.
pub struct Mount<S: Service> {
    router: Router<S>,
    service: PhantomData<fn() -> S>,
}

impl<S: Service> std::fmt::Debug for Mount<S> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Mount").finish_non_exhaustive()
    }
}

impl<S: Service> Default for Mount<S> {
    fn default() -> Self {
        Self {
            router: Router::new(),
            service: PhantomData,
        }
    }
}

impl<S: Service> Mount<S> {
    /// Adds an endpoint.
    #[must_use]
    pub fn with<E: Handler<S, Api = S::Api>>(mut self) -> Self {
        let filter = match E::SPEC.method {
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            "PATCH" => MethodFilter::PATCH,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        self.router = self
            .router
            .route(&by_place(E::SPEC.path), on(filter, serve::<S, E>));
        self
    }

    /// The router. Everything else below it is answered with the API's own faults.
    pub fn into_router(self, service: S) -> Router {
        self.router
            .fallback(|| async { refused::<S::Api>(Fault::NoSuchPath.into()) })
            .method_not_allowed_fallback(|| async { refused::<S::Api>(Fault::Method.into()) })
            .with_state(service)
    }
}

/// A template whose parameters are named by their place: endpoints that share a path may name its parts differently.
fn by_place(template: &str) -> String {
    let segments = template.split('/').enumerate().map(|(place, segment)| {
        if segment.starts_with("{*") {
            format!("{{*p{place}}}")
        } else if segment.starts_with('{') {
            format!("{{p{place}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

async fn serve<S: Service, E: Handler<S, Api = S::Api>>(
    State(service): State<S>,
    path: RawPathParams,
    request: Request,
) -> Response {
    match call::<S, E>(service, &path, request).await {
        Ok(response) => response,
        Err(refusal) => refused(refusal),
    }
}

async fn call<S: Service, E: Handler<S, Api = S::Api>>(
    service: S,
    path: &RawPathParams,
    request: Request,
) -> Result<Response, Refusal<S::Api>> {
    let caller = service
        .authenticate(Credential::of(&request), E::SPEC.access)
        .await?;
    let path: Vec<String> = path.iter().map(|(_, value)| value.to_owned()).collect();
    let query = Query::parse(request.uri().query().unwrap_or_default()).map_err(Fault::from)?;
    let endpoint = E::from_request(&path, &query).map_err(Fault::from)?;
    let trailing = Trailing(match request.extensions().get::<Slot>() {
        Some(slot) => Trailers::Slot(slot.clone()),
        None => Trailers::Frame,
    });
    let body = E::Body::read(request).await?;
    let call = Call {
        service,
        caller,
        body,
    };
    let answer = endpoint.handle(call).await?;
    E::Reply::send(answer, E::SPEC.success, trailing).await
}

fn refused<A: Api>(refusal: Refusal<A>) -> Response {
    let Refusal { status, body } = refusal;
    let mut response = json(status, &body);
    if status == 401 {
        for scheme in A::SCHEMES {
            let value = match scheme {
                Scheme::Bearer => HeaderValue::from_static("Bearer"),
                Scheme::Basic => HeaderValue::from_static("Basic"),
            };
            response
                .headers_mut()
                .append(header::WWW_AUTHENTICATE, value);
        }
    }
    response
}

fn json(status: u16, value: &impl serde::Serialize) -> Response {
    match line(value) {
        Ok(line) => answer(status, Some("application/json"), Body::from(line)),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            answer(500, None, Body::empty())
        }
    }
}

fn answer(status: u16, media_type: Option<&'static str>, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(media_type) = media_type {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    response
}
