//! What a REST endpoint is: method, path, query, headers, body, answers, who may call.
//!
//! An endpoint is declared with `endpoint!`; see [`crate::pinning`] for one. The server mounts the declaration
//! (`cairn-http`), the client calls it (`cairn-client`), and [`openapi`] describes it.

#[macro_use]
mod declare;
pub mod openapi;
mod param;
mod path;

use std::marker::PhantomData;

pub use self::param::{
    Bounds, Invalid, Param, Query, Style, as_json, read, read_next, read_part, write,
};
pub use self::path::{expand, template_names};
use crate::shape::{Body, Record, Reply, ReplyKind};

/// One API: what its endpoints share.
pub trait Api: Send + Sync + 'static {
    /// Its name, version and specification.
    const INFO: Info;

    /// How a caller says who it is; the first is the usual one.
    const SCHEMES: &'static [Scheme];

    /// The status of a stream that holds no record.
    const EMPTY_STREAM: u16 = 200;

    /// What a path with a slash after it stands for.
    const TRAILING_SLASH: TrailingSlash = TrailingSlash::Unknown;

    /// The ranges of statuses, as in `4XX`, of which every endpoint may answer others than it names.
    const ERROR_RANGES: &'static [&'static str] = &[];

    /// The body of every refusal.
    type Error: Record + schemars::JsonSchema + std::fmt::Debug;

    /// How the API answers a fault that every endpoint can meet.
    fn fault(fault: &Fault) -> (u16, Self::Error);

    /// What a refusal says to a person.
    fn message(error: &Self::Error) -> String;
}

/// What a path with a slash after it stands for, where the endpoint's own has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailingSlash {
    /// Another path, which no endpoint has.
    Unknown,
    /// The same path.
    Ignored,
    /// The client is sent to the path without it, with this status: 308 keeps the method, 301 need not.
    Redirected(u16),
}

/// What is said of an API.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Its name.
    pub title: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its specification.
    pub spec: &'static str,
}

/// How a caller says who it is.
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

/// What can be wrong with a request to any endpoint.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A parameter cannot be read.
    #[error(transparent)]
    Parameter(#[from] Invalid),
    /// The body cannot be read.
    #[error("invalid request body: {0}")]
    Body(String),
    /// The body is longer than is allowed.
    #[error("the request body is longer than {0} bytes")]
    TooLarge(usize),
    /// No credential was sent, or none that is valid.
    #[error("access token is missing or invalid")]
    Unauthorized,
    /// The credential is valid for other requests only.
    #[error("the access token does not allow this request")]
    Forbidden,
    /// No endpoint has this path.
    #[error("not found")]
    NoSuchPath,
    /// The path has endpoints, for other methods.
    #[error("method not allowed")]
    Method,
    /// The server failed.
    #[error("internal server error")]
    Internal,
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Open,
    /// Whoever has a credential with this scope.
    Scope(&'static str),
}

/// The parameters of a request, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Those of the path, in order.
    pub path: Vec<String>,
    /// The query.
    pub query: Query,
    /// The headers, named as they are declared.
    pub headers: Query,
}

/// Implemented by the list of an API, such as [`pinning_endpoints!`](crate::pinning_endpoints), alone: an endpoint that is
/// missing there does not compile.
#[diagnostic::on_unimplemented(
    message = "the endpoint `{Self}` is not in the list of its API",
    label = "add it to the list, such as `pinning_endpoints!` in `pinning/mod.rs`"
)]
pub trait Listed {}

/// The headers of an answer that an API documents; see [`reply_headers!`](crate::reply_headers).
pub trait ReplyHeaders: Sized + Send + 'static {
    /// What they are.
    const HEADERS: &'static [Param];

    /// Reads them.
    fn read(headers: &Query) -> Result<Self, Invalid>;

    /// Writes them.
    fn write(&self) -> Query;
}

/// An answer with headers that the API documents.
#[derive(Debug)]
pub struct WithHeaders<H, R>(PhantomData<fn() -> (H, R)>);

impl<H: ReplyHeaders, R: Reply> Reply for WithHeaders<H, R> {
    const KIND: ReplyKind = R::KIND;
    type Record = R::Record;
}

/// One REST endpoint: a type whose fields are its parameters.
pub trait Endpoint: Listed + Sized + Send + Sync + 'static {
    /// Its path, its parameters, what it is.
    const SPEC: Spec;

    /// The API that it belongs to.
    type Api: Api;

    /// What its request carries.
    type Body: Body;

    /// What its answer holds.
    type Reply: Reply;

    /// Reads the fields from the parameters of a request.
    fn from_request(request: &Parameters) -> Result<Self, Invalid>;

    /// The parameters that give these fields.
    fn to_request(&self) -> Parameters;

    /// Whether the request asks for many records where it could ask for one.
    fn many(&self) -> bool;
}

/// The facts of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name in OpenAPI documents.
    pub id: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// Its path, as in `/pins/{requestid}`; `{*name}` takes all that is left, with its slashes.
    pub path: &'static str,
    /// The lines of its documentation, the first being its summary, with a link to the section of its spec.
    pub docs: &'static [&'static str],
    /// The parameters of the path, in order.
    pub path_parameters: &'static [Param],
    /// The parameters of the query.
    pub query: &'static [Param],
    /// The headers that it takes.
    pub headers: &'static [Param],
    /// The status of success.
    pub success: u16,
    /// The statuses of refusals that it may answer with.
    pub errors: &'static [u16],
    /// Who may call it.
    pub access: Access,
    /// Whether it changes nothing, so that a request may be sent again when its answer was lost.
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
