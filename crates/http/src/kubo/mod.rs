//! The Kubo RPC.
//!
//! [`router`] dispatches on the declarations of `cairn-wire`; the handlers, one file per command group, are in
//! `handlers/`. Adding an endpoint is a declaration there and an `impl Handler` here.

mod answer;
mod call;
mod error;
mod files;
mod handlers;
mod network;
mod origin;
mod times;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use cairn_node::Node;
use cairn_wire::kubo::{Command, Spec};
use cairn_wire::{ParseError, Values};
use futures_util::future::BoxFuture;
use http::Method;
use tokio_util::sync::CancellationToken;

pub(crate) use answer::{Answer, ByteStream, OneOrMany, Records};
pub(crate) use call::{Call, CallContext};
pub(crate) use error::Failure;
pub use handlers::version_info;

pub(crate) use answer::redirect as redirect_to;

use self::answer::{Encoding, HandlerReply, ResponseOptions, ResponseStart};
use self::call::{CallType, RequestBody};
use self::files::Files;
use crate::Service;
use crate::auth::Credentials;
use crate::logs::LogLevels;
use crate::metrics::EndpointName;
use crate::ops::OpsEndpoint;
use crate::paths;
use crate::remote_pins::RemotePins;
use crate::requests::RequestLog;

/// The version of Kubo whose RPC this program implements.
pub const KUBO_VERSION: &str = "0.42.0";
/// The version reported with `API.Compat = "0.7"`: `ipfshttpclient` 0.7 requires 0.4.23 up to but not including
/// 0.8.0, and 0.8.0a2 requires 0.5.0 up to but not including 0.9.0.
pub const COMPAT_VERSION: &str = "0.7.0";
/// The repository version that clients expect.
pub const REPO_VERSION: &str = "18";
/// The agent version of this program.
pub const AGENT: &str = concat!("cairn/", env!("CARGO_PKG_VERSION"));

/// State shared by the handlers.
#[derive(Debug)]
pub struct Rpc {
    /// The node that they call.
    pub node: Arc<Node>,
    /// Stops the process; `shutdown` cancels it.
    pub stop: CancellationToken,
    /// Changes log levels, if possible.
    pub logs: Option<Arc<dyn LogLevels>>,
    /// Calls remote pinning services, if possible.
    pub remote_pins: Option<Arc<dyn RemotePins>>,
    /// Active and recent requests.
    requests: Arc<RequestLog>,
    /// Which browser pages may call, and the headers of responses.
    origins: origin::Policy,
    /// The credentials that are required.
    credentials: Credentials,
    /// Whether answers have the form of Kubo 0.7 where that has changed.
    compat: bool,
}

impl Rpc {
    /// The RPC of a node, with its current configuration: `API.Authorizations` and `API.HTTPHeaders`.
    #[must_use]
    pub fn new(node: Arc<Node>, stop: CancellationToken) -> Self {
        let config = node.config();
        Self {
            origins: origin::Policy::from_config(&config),
            credentials: Credentials::from_config(config.api.authorizations.as_ref()),
            ..Self::in_process(node, stop)
        }
    }

    /// The RPC of a node for callers in the same process: no credential is required.
    #[must_use]
    pub fn in_process(node: Arc<Node>, stop: CancellationToken) -> Self {
        let compat = node.config().api.compat.as_deref() == Some("0.7");
        Self {
            node,
            stop,
            logs: None,
            remote_pins: None,
            requests: Arc::default(),
            origins: origin::Policy::default(),
            credentials: Credentials::default(),
            compat,
        }
    }

    /// The same, with a way to change log levels.
    #[must_use]
    pub fn with_logs(self, logs: Option<Arc<dyn LogLevels>>) -> Self {
        Self { logs, ..self }
    }

    /// The same, with a client for remote pinning services.
    #[must_use]
    pub fn with_remote_pins(self, remote_pins: Arc<dyn RemotePins>) -> Self {
        Self {
            remote_pins: Some(remote_pins),
            ..self
        }
    }

    /// The version of Kubo that is reported to clients.
    #[must_use]
    pub fn version(&self) -> &'static str {
        if self.compat {
            COMPAT_VERSION
        } else {
            KUBO_VERSION
        }
    }

    /// Whether answers have the form of Kubo 0.7 where that has changed: `API.Compat`.
    #[must_use]
    pub fn is_compat(&self) -> bool {
        self.compat
    }

    /// Whether every request of the RPC needs a credential.
    #[must_use]
    pub fn asks_for_credentials(&self) -> bool {
        self.credentials.required()
    }
}

/// Implements a command. Its input and output types follow from the declaration.
pub(crate) trait Handler:
    Command<Body: RequestBody, Reply: HandlerReply, Needs: CallType>
{
    /// Handles one call.
    fn handle(
        self,
        call: Input<Self>,
    ) -> impl Future<Output = Result<Answer<Self>, Failure>> + Send;
}

/// The input of a handler of this command: [`Call`], or [`CallContext`] where it needs no repository; a pair with
/// [`Files`] where it takes files.
pub(crate) type Input<C> =
    <<C as Command>::Body as RequestBody>::Input<<<C as Command>::Needs as CallType>::Call>;

type ResponseFuture = BoxFuture<'static, Result<ResponseStart, Failure>>;

/// Handles a call; `None` if the command needs a node and there is none.
type Run =
    fn(Option<&Arc<Rpc>>, CallContext, Option<Files>) -> Result<Option<ResponseFuture>, ParseError>;

/// A command and its type-erased handler.
struct Route {
    spec: Spec,
    run: Run,
}

fn run<C: Handler>(
    rpc: Option<&Arc<Rpc>>,
    context: CallContext,
    files: Option<Files>,
) -> Result<Option<ResponseFuture>, ParseError> {
    let request = C::from_values(&context.values)?;
    let encoding = context.encoding;
    let text = (encoding == Encoding::Text)
        .then(|| C::from_values(&context.values).ok())
        .flatten();
    let Some(call) = <C::Needs as CallType>::call(rpc, context) else {
        return Ok(None);
    };
    let Some(input) = <C::Body as RequestBody>::input(call, files) else {
        return Err(ParseError::MissingFile(C::SPEC.files.name));
    };
    let work = answer::begin::<C>(request.handle(input), encoding, text);
    Ok(Some(Box::pin(work)))
}

macro_rules! routes {
    ($($command:path),+ $(,)?) => {
        [$( Route { spec: <$command as Command>::SPEC, run: run::<$command> } ),+]
    };
}

static ROUTES: LazyLock<HashMap<&'static str, &'static Route>> = LazyLock::new(|| {
    static ALL: &[Route] = &cairn_wire::kubo_commands!(routes);
    let paths = ALL.iter().flat_map(|route| {
        let aliases = route.spec.aliases.iter().copied();
        std::iter::once(route.spec.path)
            .chain(aliases)
            .map(move |path| (path, route))
    });
    paths.collect()
});

/// Kubo fetches a web UI from the network; this program has none.
const NO_WEBUI: &str = "404 no web UI: this node has none of its own.\n\
    A web UI that speaks the Kubo RPC can be used from elsewhere: allow its origin in API.HTTPHeaders.\n";

/// The RPC face: `/api/v0`, and the other paths that Kubo serves.
pub fn service(rpc: Arc<Rpc>) -> Service {
    Service::new(move |request| dispatch(State(Arc::clone(&rpc)), request))
}

/// The same for a caller in the same process.
pub fn router(rpc: Arc<Rpc>) -> Router {
    Router::new().fallback(dispatch).with_state(rpc)
}

/// The commands that need no repository, for a caller in the same process.
pub fn standalone_router() -> Router {
    Router::new().fallback(standalone)
}

async fn standalone(request: Request) -> Response {
    let command = request.uri().path().strip_prefix("/api/v0/");
    let Some(route) = command.and_then(|command| ROUTES.get(command)) else {
        return error::not_found(true);
    };
    match Values::from_query(request.uri().query().unwrap_or_default()) {
        Ok(values) => match answered(None, route, request, values).await {
            Ok(answer) | Err(answer) => answer,
        },
        Err(refused) => error::parse(&refused),
    }
}

async fn dispatch(State(rpc): State<Arc<Rpc>>, request: Request) -> Response {
    // First, as in Kubo: credentials and routes only see clean paths.
    if let Some(clean) = paths::redirect(request.uri()) {
        return clean;
    }
    // As in Kubo, credentials are checked against the decoded path, which selects the command.
    let path = &*percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy();
    if let Some(question) = OpsEndpoint::of(path) {
        let headers = request.headers();
        if question.is_private() && !rpc.credentials.allow(path, headers) {
            return error::access_denied();
        }
        let mut response = question
            .answer(&rpc.node, &rpc.stop, request.method(), headers)
            .await;
        response
            .extensions_mut()
            .insert(EndpointName(question.name()));
        return response;
    }
    if path == "/version" && request.method() == Method::GET {
        return answer::plain(
            http::StatusCode::OK,
            format!("Commit: \nClient Version: {AGENT}\n"),
        );
    }
    if path == "/api/v0" {
        return answer::redirect("/api/v0/");
    }
    if path == "/webui" && request.method() == Method::GET {
        return answer::redirect("/webui/");
    }
    if path == "/webui/" && request.method() == Method::GET {
        return answer::plain(http::StatusCode::NOT_FOUND, NO_WEBUI.to_owned());
    }
    let Some(command) = path
        .strip_prefix("/api/v0/")
        .filter(|_| request.uri().path().starts_with("/api/v0/"))
    else {
        return error::not_found(false);
    };
    let headers = request.headers();
    // First, also for preflights, as in Kubo.
    if !rpc.credentials.allow(path, headers) {
        return error::access_denied();
    }
    if request.method() == Method::OPTIONS {
        return rpc.origins.preflight(headers);
    }
    if request.method() != Method::POST {
        return error::method_not_allowed();
    }
    if !rpc.origins.allows(headers) {
        return error::forbidden();
    }
    let allow_origin = rpc.origins.allow_origin("POST", headers);
    let command = command.to_owned();
    let mut response = command_response(rpc.clone(), command, request).await;
    rpc.origins
        .set_allow_origin(allow_origin.as_ref(), response.headers_mut());
    response
}

async fn command_response(rpc: Arc<Rpc>, command: String, request: Request) -> Response {
    let mut values = match Values::from_query(request.uri().query().unwrap_or_default()) {
        Ok(values) => values,
        Err(refused) => return error::parse(&refused),
    };
    let command = command.trim_end_matches('/');
    let route = match ROUTES.get(command) {
        Some(route) => route,
        // The last segment may be an argument: `/api/v0/cat/Qm…`.
        None => match command
            .rsplit_once('/')
            .and_then(|(command, last)| ROUTES.get(command).map(|route| (route, last)))
        {
            Some((route, last)) if !last.is_empty() => {
                values.first_argument(last_segment(request.uri().path()));
                route
            }
            _ if is_group(command) => return answer::empty_group(),
            _ => return error::not_found(true),
        },
    };
    let mut response = routed(&rpc, route, request, values).await;
    response
        .extensions_mut()
        .insert(EndpointName(route.spec.path));
    response
}

/// The last segment of a path, decoded. The bytes need not be UTF-8.
fn last_segment(path: &str) -> Vec<u8> {
    let path: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    let end = path
        .iter()
        .rposition(|&byte| byte != b'/')
        .map_or(0, |at| at + 1);
    let segments = path.get(..end).unwrap_or_default();
    segments
        .rsplit(|&byte| byte == b'/')
        .next()
        .unwrap_or_default()
        .to_vec()
}

async fn routed(rpc: &Arc<Rpc>, route: &Route, request: Request, values: Values) -> Response {
    match answered(Some(rpc), route, request, values).await {
        Ok(mut answer) => {
            rpc.origins.add_headers(answer.headers_mut());
            answer
        }
        Err(refused) => refused,
    }
}

/// The response of a command, or `Err` with that of a request that does not reach it.
async fn answered(
    rpc: Option<&Arc<Rpc>>,
    route: &Route,
    request: Request,
    values: Values,
) -> Result<Response, Response> {
    let (context, files) = CallContext::read(&route.spec, request, values).await?;
    let running = rpc.map(|rpc| rpc.requests.begin(&route.spec, &context.values));
    let options = ResponseOptions::of(&context, running);
    match (route.run)(rpc, context, files) {
        Ok(Some(work)) => Ok(answer::respond(work, options).await),
        Ok(None) => Err(error::not_found(true)),
        Err(refused) => Err(error::parse(&refused)),
    }
}

/// Whether this path is a command group, which has no response of its own.
fn is_group(path: &str) -> bool {
    !path.is_empty()
        && ROUTES.keys().any(|command| {
            command
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        })
}

/// An empty body.
fn nothing() -> Body {
    Body::empty()
}
