//! The Kubo RPC.
//!
//! [`router`] dispatches on the declarations of `cairn-wire`; the handlers, one file a command group, are in
//! `handlers/`. Adding an endpoint is a declaration there and an `impl Handler` here.

mod answer;
mod call;
mod error;
mod files;
mod handlers;
mod mfs;
mod network;
mod origin;

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
pub(crate) use call::{Asked, Call};
pub(crate) use error::Failure;
pub use handlers::version_info;

pub(crate) use answer::redirect as redirect_to;

use self::answer::{Answered, Begun, Encoding, Shown};
use self::call::{Called, Carried};
use self::files::Files;
use crate::Service;
use crate::auth::Credentials;
use crate::logs::LogLevels;
use crate::metrics::EndpointName;
use crate::ops::Question;
use crate::paths;
use crate::remote_pins::RemotePins;
use crate::requests::RequestLog;

/// The version of the Kubo whose RPC is answered.
pub const KUBO_VERSION: &str = "0.42.0";
/// The version that `API.Compat = "0.7"` tells instead: `ipfshttpclient` 0.7 wants one from 0.4.23 below 0.8.0, and 0.8.0a2
/// one from 0.5.0 below 0.9.0.
pub const COMPAT_VERSION: &str = "0.7.0";
/// The version of its repository, as clients expect to read it.
pub const REPO_VERSION: &str = "18";
/// What this program calls itself.
pub const AGENT: &str = concat!("cairn/", env!("CARGO_PKG_VERSION"));

/// What the handlers share.
#[derive(Debug)]
pub struct Rpc {
    /// The node that they translate to.
    pub node: Arc<Node>,
    /// Stops the process; `shutdown` cancels it.
    pub stop: CancellationToken,
    /// Changes what is logged, where someone can.
    pub logs: Option<Arc<dyn LogLevels>>,
    /// Speaks to remote pinning services, where something can.
    pub remote_pins: Option<Arc<dyn RemotePins>>,
    /// What is being answered.
    requests: Arc<RequestLog>,
    /// Which pages of browsers may call, and what goes out with answers.
    origins: origin::Policy,
    /// Who else may call.
    credentials: Credentials,
    /// Whether answers have the form of Kubo 0.7 where that has changed.
    compat: bool,
}

impl Rpc {
    /// Over a node, under the rules of its configuration as it is now: `API.Authorizations` and
    /// `API.HTTPHeaders`.
    #[must_use]
    pub fn new(node: Arc<Node>, stop: CancellationToken) -> Self {
        let config = node.config();
        Self {
            origins: origin::Policy::from_config(&config),
            credentials: Credentials::from_config(config.api.authorizations.as_ref()),
            ..Self::in_process(node, stop)
        }
    }

    /// Over a node, for whoever holds it already and calls without a connection between: no credential is asked for.
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

    /// The same, with a way to change what is logged.
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

    /// The version of Kubo that clients are told.
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

/// What answers a command. What it is called with and what it gives follow from the declaration.
pub(crate) trait Handler: Command<Body: Carried, Reply: Answered, Needs: Called> {
    /// Answers one call.
    fn handle(
        self,
        call: Input<Self>,
    ) -> impl Future<Output = Result<Answer<Self>, Failure>> + Send;
}

/// What a handler of this command is called with: [`Call`], or [`Asked`] where it needs no repository; a pair with [`Files`]
/// where it takes files.
pub(crate) type Input<C> =
    <<C as Command>::Body as Carried>::Input<<<C as Command>::Needs as Called>::Call>;

type Work = BoxFuture<'static, Result<Begun, Failure>>;

/// Answers a call; `None` where the command needs a node and there is none.
type Run = fn(Option<&Arc<Rpc>>, Asked, Option<Files>) -> Result<Option<Work>, ParseError>;

/// A command and its handler, of which only the facts are known.
struct Route {
    spec: Spec,
    run: Run,
}

fn run<C: Handler>(
    rpc: Option<&Arc<Rpc>>,
    asked: Asked,
    files: Option<Files>,
) -> Result<Option<Work>, ParseError> {
    let request = C::from_values(&asked.values)?;
    let encoding = asked.encoding;
    let text = (encoding == Encoding::Text)
        .then(|| C::from_values(&asked.values).ok())
        .flatten();
    let Some(call) = <C::Needs as Called>::call(rpc, asked) else {
        return Ok(None);
    };
    let Some(input) = <C::Body as Carried>::input(call, files) else {
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

/// Kubo fetches a web UI from the network; this program carries and fetches none.
const NO_WEBUI: &str = "404 no web UI: this node has none of its own.\n\
    A web UI that speaks the Kubo RPC can be used from elsewhere: allow its origin in API.HTTPHeaders.\n";

/// The face: `/api/v0` and what Kubo serves beside it.
pub fn service(rpc: Arc<Rpc>) -> Service {
    Service::new(move |request| dispatch(State(Arc::clone(&rpc)), request))
}

/// The same for a caller in the same process.
pub fn router(rpc: Arc<Rpc>) -> Router {
    Router::new().fallback(dispatch).with_state(rpc)
}

/// The part of the face that needs no repository, for a caller in the same process.
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
    // Before all else, as in Kubo: credentials and routes meet clean paths alone.
    if let Some(clean) = paths::redirect(request.uri()) {
        return clean;
    }
    // As in Kubo, credentials see the path that the command is found by: without escapes.
    let path = &*percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy();
    if let Some(question) = Question::of(path) {
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
    // Before all else, preflights included: as Kubo does.
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
    let told = rpc.origins.told("POST", headers);
    let command = command.to_owned();
    let mut response = command_response(rpc.clone(), command, request).await;
    rpc.origins.tell(told.as_ref(), response.headers_mut());
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

/// The last segment of a path without its escapes: the bytes that it stands for, which need not be text.
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

/// The answer of a command, or the refusal of a request that does not reach it.
async fn answered(
    rpc: Option<&Arc<Rpc>>,
    route: &Route,
    request: Request,
    values: Values,
) -> Result<Response, Response> {
    let (asked, files) = Asked::read(&route.spec, request, values).await?;
    let running = rpc.map(|rpc| rpc.requests.begin(&route.spec, &asked.values));
    let shown = Shown::of(&asked, running);
    match (route.run)(rpc, asked, files) {
        Ok(Some(work)) => Ok(answer::respond(work, shown).await),
        Ok(None) => Err(error::not_found(true)),
        Err(refused) => Err(error::parse(&refused)),
    }
}

/// Whether commands live below this path, which then answers nothing by itself.
fn is_group(path: &str) -> bool {
    !path.is_empty()
        && ROUTES.keys().any(|command| {
            command
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        })
}

/// A body that is empty.
fn nothing() -> Body {
    Body::empty()
}
