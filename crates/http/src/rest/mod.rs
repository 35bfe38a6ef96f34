//! Mounts REST endpoints by their declarations.
//!
//! [`Mount`] builds a router of endpoints and their [`Handler`]s. It parses the request, authenticates the caller,
//! and writes the response; errors have the API's own form, also for unknown paths and methods.

pub mod bearer;
mod body;
mod cors;
mod credential;
mod object;
mod path;
mod reply;

use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, get, on};
use bytes::Bytes;
use cairn_wire::rest::{
    Api, Denial, Endpoint, Fault, Invalid, Parameters, Query, Scheme, Spec, TrailingSlash,
};
use http::{HeaderMap, HeaderValue, Uri, header};

pub(crate) use self::body::is_multipart;
pub use self::body::{Files, Raw, RawOrFiles, RequestBody};
pub use self::credential::{Attempt, Credential};
pub use self::reply::{Download, ErrorTrailer, HandlerReply, OneOrMany, Records};
use self::reply::{empty, json};
use crate::stream::Trailers;

/// State shared by the handlers of an API, and its authentication.
pub trait Service: Clone + Send + Sync + 'static {
    /// The API.
    type Api: Api;

    /// The authenticated caller.
    type Caller: Send;

    /// Authenticates the caller; `Err` refuses the request. `headers` are added to the response in both cases.
    fn authenticate(
        &self,
        attempt: Attempt<'_>,
        headers: &mut HeaderMap,
    ) -> impl Future<Output = Result<Self::Caller, Fault>> + Send;
}

/// An error response in the form of an API.
#[derive(Debug)]
pub struct ErrorResponse<A: Api> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: A::Error,
}

impl<A: Api> From<Fault> for ErrorResponse<A> {
    fn from(fault: Fault) -> Self {
        let (status, body) = A::fault(&fault);
        Self { status, body }
    }
}

impl<A: Api> From<Denial> for ErrorResponse<A> {
    fn from(denial: Denial) -> Self {
        Fault::from(denial).into()
    }
}

/// One call of an endpoint.
#[derive(Debug)]
pub struct Call<S: Service, B> {
    /// State shared by the handlers.
    pub service: S,
    /// The authenticated caller.
    pub caller: S::Caller,
    /// The request body.
    pub body: B,
}

/// The input of the handler of an endpoint.
pub type Input<S, E> = Call<S, <<E as Endpoint>::Body as RequestBody>::Value>;

/// What the handler of an endpoint returns.
pub type Answer<E> = <<E as Endpoint>::Reply as HandlerReply<<E as Endpoint>::Api>>::Answer;

/// Implements an endpoint. Its input and output types follow from the declaration.
///
/// ```compile_fail
/// use cairn_http::rest::{Answer, Handler, Input, ErrorResponse, Service};
/// use cairn_wire::pinning::{GetPin, Pinning};
///
/// // `GET /pins/{requestid}` answers with one record, not with text.
/// struct Mine;
/// impl<S: Service<Api = Pinning>> Handler<S> for GetPin {
///     async fn handle(self, _: Input<S, Self>) -> Result<String, ErrorResponse<Pinning>> {
///         Ok(String::new())
///     }
/// }
/// ```
pub trait Handler<S: Service<Api = Self::Api>>:
    Endpoint<Body: RequestBody, Reply: HandlerReply<<Self as Endpoint>::Api>>
{
    /// Handles one call.
    fn handle(
        self,
        call: Input<S, Self>,
    ) -> impl Future<Output = Result<Answer<Self>, ErrorResponse<Self::Api>>> + Send;
}

/// Builds the router of an API's endpoints.
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
        let path = by_place(E::SPEC.path);
        let slashed = format!("{path}/");
        // A path with a catch-all parameter, or one that ends with a slash, has no slashed form.
        let alone = path.ends_with('/') || path.ends_with('}') && path.contains("{*");
        let router = self.router.route(&path, on(filter, serve::<S, E>));
        self.router = match S::Api::TRAILING_SLASH {
            TrailingSlash::Ignored if !alone => router.route(&slashed, on(filter, serve::<S, E>)),
            TrailingSlash::Redirected(status) if !alone => {
                let redirect = move |uri: Uri| async move { without_slash(status, &uri) };
                router.route(&slashed, on(filter, redirect))
            }
            _ => router,
        };
        self
    }

    /// Also serves an OpenAPI document at `/openapi.json`, to anyone.
    #[must_use]
    pub fn with_openapi(mut self, document: fn() -> serde_json::Value) -> Self {
        // Made when somebody asks.
        let made: Arc<OnceLock<Bytes>> = Arc::default();
        let serve = move |request: Request| {
            let made = Arc::clone(&made);
            async move {
                let bytes = made.get_or_init(|| document().to_string().into()).clone();
                let mut response = Response::new(Body::from(bytes));
                let headers = response.headers_mut();
                let media_type = HeaderValue::from_static("application/json");
                headers.insert(header::CONTENT_TYPE, media_type);
                cors::allow::<S::Api>(request.headers().get(header::ORIGIN), headers);
                response
            }
        };
        self.router = self.router.route("/openapi.json", get(serve));
        self
    }

    /// The router. All other requests get errors in the API's own form, except preflights.
    pub fn into_router(self, service: S) -> Router {
        self.into_routes(service)
            .fallback(
                |request: Request| async move { unserved::<S::Api>(&request, Fault::NoSuchPath) },
            )
    }

    /// The router without answers for unknown paths, to be merged into that of another API.
    pub fn into_routes(self, service: S) -> Router {
        self.router
            .method_not_allowed_fallback(|request: Request| async move {
                unserved::<S::Api>(&request, Fault::Method)
            })
            .with_state(service)
    }
}

/// Answers a request for which there is no endpoint.
fn unserved<A: Api>(request: &Request, fault: Fault) -> Response {
    if let Some(response) = cors::preflight::<A>(request.method(), request.headers()) {
        return response;
    }
    let mut response = refused::<A>(fault.into());
    let origin = request.headers().get(header::ORIGIN);
    cors::allow::<A>(origin, response.headers_mut());
    response
}

/// The template with parameters named by position: endpoints that share a path may name its parts differently.
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

/// Redirects to the path without its trailing slash, relative to this one, which may be nested.
fn without_slash(status: u16, uri: &Uri) -> Response {
    let path = uri.path().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}"));
    let place = format!("../{last}{}", query.unwrap_or_default());
    let mut response = empty(status);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// The headers that an endpoint declares.
fn declared(spec: &Spec, headers: &HeaderMap) -> Result<Query, Invalid> {
    let mut found = Query::default();
    for param in spec.headers {
        for value in headers.get_all(param.name) {
            found.push_header(param, value.as_bytes())?;
        }
    }
    Ok(found)
}

async fn serve<S: Service, E: Handler<S, Api = S::Api>>(
    State(service): State<S>,
    // A path that cannot be decoded is refused below: in the API's own form, and not before the caller is known.
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let path = path.ok();
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut headers = HeaderMap::new();
    let mut response = match call::<S, E>(service, path.as_ref(), request, &mut headers).await {
        Ok(response) => response,
        Err(refusal) => refused(refusal),
    };
    cors::allow::<S::Api>(origin.as_ref(), &mut headers);
    for (name, value) in &headers {
        response.headers_mut().append(name, value.clone());
    }
    response
}

async fn call<S: Service, E: Handler<S, Api = S::Api>>(
    service: S,
    path: Option<&RawPathParams>,
    request: Request,
    headers: &mut HeaderMap,
) -> Result<Response, ErrorResponse<S::Api>> {
    // Other paths have a route for their slashed form.
    if let TrailingSlash::Redirected(status) = S::Api::TRAILING_SLASH
        && E::SPEC.path.contains("{*")
        && request.uri().path().ends_with('/')
    {
        return Ok(without_slash(status, request.uri()));
    }
    let attempt = Attempt::of(&request, E::SPEC.access);
    let caller = service.authenticate(attempt, headers).await?;
    let query = request.uri().query().unwrap_or_default();
    let mut query = Query::parse(query).map_err(Fault::from)?;
    if S::Api::EMPTY_IS_ABSENT {
        query.remove_empty(E::SPEC.query);
    }
    let parameters = Parameters {
        path: path::values(&E::SPEC, path, request.uri()).map_err(Fault::from)?,
        query,
        headers: declared(&E::SPEC, request.headers()).map_err(Fault::from)?,
    };
    let endpoint = E::from_request(&parameters).map_err(Fault::from)?;
    let trailing = ErrorTrailer::new(Trailers::of(request.headers(), request.extensions()));
    let body = E::Body::read(request).await?;
    let call = Call {
        service,
        caller,
        body,
    };
    let answer = endpoint.handle(call).await?;
    E::Reply::send(answer, E::SPEC.success, trailing).await
}

fn refused<A: Api>(refusal: ErrorResponse<A>) -> Response {
    let ErrorResponse { status, body } = refusal;
    let mut response = json::<A>(status, &body);
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

/// A [`Mount`] of a list of endpoints: a listed endpoint without a handler does not compile.
///
/// ```text
/// use cairn_http::mount_endpoints;
/// let router = cairn_wire::pinning_endpoints!(mount_endpoints).into_router(service);
/// ```
#[macro_export]
macro_rules! mount_endpoints {
    ($($endpoint:path),+ $(,)?) => { $crate::rest::Mount::default()$(.with::<$endpoint>())+ };
}
