//! REST endpoints: method, path, query, headers, body, replies and authorization.
//!
//! An endpoint is declared with `endpoint!`; see [`crate::pinning`] for one. The server mounts the declaration
//! (`cairn-http`), the client calls it (`cairn-client`), and [`openapi`] describes it.

#[macro_use]
mod declare;
mod cors;
mod fault;
pub mod openapi;
mod param;
mod path;

use std::marker::PhantomData;

pub use self::cors::{AllowedHeaders, AllowedOrigin, Cors};
pub use self::fault::{Denial, Fault};
pub use self::param::{
    Bounds, Invalid, Param, Query, Style, as_json, read, read_next, read_part, write,
};
pub use self::path::{expand, template_names};
use crate::shape::{Body, Record, Reply, ReplyKind};

/// One API: what its endpoints share.
pub trait Api: Send + Sync + 'static {
    /// Its name, version and specification.
    const INFO: Info;

    /// The authentication schemes; the first is the default.
    const SCHEMES: &'static [Scheme];

    /// The status of an empty stream.
    const EMPTY_STREAM: u16 = 200;

    /// Whether a complete stream of records ends with an empty trailer `X-Stream-Error`.
    const EMPTY_TRAILER: bool = false;

    /// Whether a parameter of the query without a value (`name=`) is absent, as many servers written in Go treat it.
    const EMPTY_IS_ABSENT: bool = false;

    /// How a path with a trailing slash is treated.
    const TRAILING_SLASH: TrailingSlash = TrailingSlash::Unknown;

    /// Which pages of other origins may call it from a browser; none if absent.
    const CORS: Option<Cors> = None;

    /// The media type of its JSON.
    const JSON: &'static str = "application/json";

    /// The ranges of statuses, such as `4XX`, that every endpoint may return without declaring them.
    const ERROR_RANGES: &'static [&'static str] = &[];

    /// The body of every error response.
    type Error: Record + schemars::JsonSchema + std::fmt::Debug;

    /// The status and body of an error that any endpoint can have.
    fn fault(fault: &Fault) -> (u16, Self::Error);

    /// The human-readable message of an error.
    fn message(error: &Self::Error) -> String;

    /// An error as the text of the trailer of a response that it ends: its JSON, unless the API has another form.
    fn trailer(error: &Self::Error) -> String {
        serde_json::to_string(error).unwrap_or_default()
    }
}

/// How a path with a trailing slash is treated, where that of the endpoint has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailingSlash {
    /// As another path, which no endpoint has.
    Unknown,
    /// As the same path.
    Ignored,
    /// Redirected to the path without it, with this status: 308 keeps the method, 301 may not.
    Redirected(u16),
}

/// Name, version and specification of an API.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Its name.
    pub title: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its specification.
    pub spec: &'static str,
}

/// An authentication scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `Authorization: Basic BASE64`.
    Basic,
}

impl Scheme {
    /// Its name in `Authorization` and in OpenAPI documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Basic => "basic",
        }
    }
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Open,
    /// Callers with a credential of this scope.
    Scope(&'static str),
}

/// The parameters of a request, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Path parameters, in order.
    pub path: Vec<String>,
    /// The query.
    pub query: Query,
    /// The headers, with their declared names.
    pub headers: Query,
}

/// Implemented only by the list of an API, such as [`pinning_endpoints!`](crate::pinning_endpoints): an endpoint that
/// is missing there does not compile.
#[diagnostic::on_unimplemented(
    message = "the endpoint `{Self}` is not in the list of its API",
    label = "add it to the list, such as `pinning_endpoints!` in `pinning/mod.rs`"
)]
pub trait Listed {}

/// The headers of an answer that an API documents; see [`reply_headers!`](crate::reply_headers).
pub trait ReplyHeaders: Sized + Send + 'static {
    /// Their declarations.
    const HEADERS: &'static [Param];

    /// Reads them.
    fn read(headers: &Query) -> Result<Self, Invalid>;

    /// Writes them.
    fn write(&self) -> Query;
}

/// A reply with headers that the API documents.
#[derive(Debug)]
pub struct WithHeaders<H, R>(PhantomData<fn() -> (H, R)>);

impl<H: ReplyHeaders, R: Reply> Reply for WithHeaders<H, R> {
    const KIND: ReplyKind = R::KIND;
    type Record = R::Record;
}

/// One REST endpoint: a type whose fields are its parameters.
pub trait Endpoint: Listed + Sized + Send + Sync + 'static {
    /// Its declaration: path, parameters and other properties.
    const SPEC: Spec;

    /// The API that it belongs to.
    type Api: Api;

    /// The body of its request.
    type Body: Body;

    /// Its reply.
    type Reply: Reply;

    /// Reads the fields from the parameters of a request.
    fn from_request(request: &Parameters) -> Result<Self, Invalid>;

    /// The parameters for these fields.
    fn to_request(&self) -> Parameters;

    /// Whether the request asks for many records instead of one.
    fn many(&self) -> bool;
}

/// The declaration of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name in OpenAPI documents.
    pub id: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// Its path, as in `/pins/{requestid}`; `{*name}` matches the rest of the path, including slashes.
    pub path: &'static str,
    /// The lines of its documentation: a summary, details, and a link to the section of its spec.
    pub docs: &'static [&'static str],
    /// The parameters of the path, in order.
    pub path_parameters: &'static [Param],
    /// The parameters of the query.
    pub query: &'static [Param],
    /// The headers that it takes.
    pub headers: &'static [Param],
    /// The status of success.
    pub success: u16,
    /// The error statuses that it may return.
    pub errors: &'static [u16],
    /// Who may call it.
    pub access: Access,
    /// Whether it changes nothing, so that a request may be repeated after its response was lost.
    pub safe: bool,
    /// The words of its command, with `/` between them.
    pub command: &'static str,
}

impl Spec {
    /// The first line of the documentation.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.docs
            .first()
            .map_or("", |line| line.trim().trim_end_matches('.'))
    }

    /// The link to its specification.
    #[must_use]
    pub fn link(&self) -> Option<&'static str> {
        self.docs
            .iter()
            .find_map(|line| line.trim().strip_prefix('<')?.strip_suffix('>'))
    }
}

#[cfg(test)]
mod tests;
