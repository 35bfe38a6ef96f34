//! The path gateway: `/ipfs/CID/path`, and `/ipns/NAME/path` where the node resolves names; read only.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/path-gateway/>. What is served: files with ranges and validators, folders through
//! their `index.html` or as a list, and with `?format=` or `Accept` the raw block or a CAR.

mod conditional;
mod content_type;
mod error;
mod file;
mod folder;
mod headers;
mod range;
mod routing;
mod trustless;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use cairn_dag::Blocks;
use cairn_dag::export::{Content, FileReader, Node as Opened};
use cairn_dag::resolve::{self, ResolveError, Validity};
use cairn_node::Node;
use cairn_node::config::GoDuration;
use cairn_primitives::bytestring::to_text;
use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, Codec};
use cairn_store::names::NameOptions;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use error::GatewayError;
use headers::Headers;

use crate::Service;
use crate::cause::with_causes;
use crate::paths;
use crate::stream::{StreamBody, StreamFailure, Trailers};

/// Timeout for the next block if `Gateway.RetrievalTimeout` is not set.
const RETRIEVAL_TIMEOUT: Duration = Duration::from_secs(30);

/// The gateway, with the current `Gateway` section of the configuration.
pub fn service(node: Arc<Node>) -> Service {
    let config = node.config();
    let headers = Headers::from_config(config.gateway.http_headers.as_ref());
    let timeout = config.gateway.retrieval_timeout.0;
    let gateway = Arc::new(Gateway {
        headers,
        no_fetch: config.gateway.no_fetch,
        routing: config.gateway.expose_routing_api.unwrap_or(true),
        timeout: timeout.map_or(RETRIEVAL_TIMEOUT, GoDuration::to_std),
        node,
    });
    Service::new(move |request| serve(Arc::clone(&gateway), request))
}

/// Typical number of response headers.
const HEADERS: usize = 20;

/// The state of the gateway.
struct Gateway {
    node: Arc<Node>,
    headers: Headers,
    /// Whether the gateway never contacts peers.
    no_fetch: bool,
    /// Whether `/routing/v1` is served.
    routing: bool,
    timeout: Duration,
}

impl Gateway {
    /// The blocks that a request reads from.
    fn blocks(&self, only_cached: bool) -> Blocks {
        if self.no_fetch || only_cached {
            return self.node.offline_blocks();
        }
        self.node.blocks().with_idle_timeout(Some(self.timeout))
    }
}

/// Whether a request accepts only locally stored content.
fn is_only_if_cached(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case("only-if-cached"))
}

async fn serve(gateway: Arc<Gateway>, request: Request) -> Response {
    if gateway.routing && routing::is_routing(&request) {
        let mut response = routing::serve(&gateway.node, request).await;
        gateway.headers.add_to(response.headers_mut());
        return response;
    }
    let (request, _) = request.into_parts();
    if let Some(clean) = paths::redirect(&request.uri) {
        return clean;
    }
    let head = request.method == Method::HEAD;
    let answered = match request.method {
        Method::GET | Method::HEAD => {
            let only_cached = is_only_if_cached(&request.headers);
            match get(&gateway, &gateway.blocks(only_cached), &request).await {
                Err(GatewayError::NotHere(text)) if only_cached => {
                    Err(GatewayError::NotCached(text))
                }
                answered => answered,
            }
        }
        Method::OPTIONS => Ok(preflight()),
        _ => Err(GatewayError::Method),
    };
    let mut response = answered.unwrap_or_else(GatewayError::into_response);
    gateway.headers.add_to(response.headers_mut());
    if head {
        *response.body_mut() = Body::empty();
    }
    response
}

fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        header::ALLOW,
        HeaderValue::from_static("GET, HEAD, OPTIONS"),
    );
    response
}

/// The target of a request.
struct Target {
    /// The requested path, decoded.
    path: ContentPath,
    /// The block that it leads to.
    cid: Cid,
    /// The blocks on the path, for `X-Ipfs-Roots`: the root and the target.
    roots: String,
    /// How long the resolution is valid.
    validity: Validity,
}

async fn get(
    gateway: &Gateway,
    blocks: &Blocks,
    request: &Parts,
) -> Result<Response, GatewayError> {
    if request.headers.get("service-worker").is_some() {
        // A service worker of one page would control every other page of this origin.
        return Err(GatewayError::Bad(
            "navigator.serviceWorker: registration is not allowed for this scope".to_owned(),
        ));
    }
    let target = resolve_target(gateway, blocks, request.uri.path()).await?;
    let query = cairn_wire::Values::from_query(request.uri.query().unwrap_or_default())
        .map_err(|error| GatewayError::Bad(error.to_string()))?;
    match trustless::requested_format(&query, &request.headers)? {
        trustless::TrustlessFormat::Raw => {
            return trustless::raw(blocks, &target, &request.headers).await;
        }
        trustless::TrustlessFormat::Car => {
            return trustless::car(blocks, &target, &request.headers).await;
        }
        trustless::TrustlessFormat::Content => {}
    }
    let name = query.loose(&["filename"]).map(str::to_owned);
    let download = query.loose(&["download"]) == Some("true");
    let named = name
        .clone()
        .or_else(|| {
            target
                .path
                .names()
                .last()
                .map(|name| to_text(name).into_owned())
        })
        .unwrap_or_default();
    let reply = file::Reply {
        name: named,
        attachment: download,
        given_name: name,
    };
    if target.cid.codec() == Codec::RAW {
        return file::serve(
            FileReader::open(blocks, &target.cid).await?,
            &target,
            reply,
            &request.headers,
        )
        .await;
    }
    match Opened::open(blocks, &target.cid).await?.content {
        Content::File(reader) => file::serve(reader, &target, reply, &request.headers).await,
        Content::Directory(_) => folder::serve(blocks, &target, request).await,
        Content::Symlink(link) => file::link(&link, &target),
        _ => Err(GatewayError::NotAcceptable(
            "the content is neither a file nor a folder".to_owned(),
        )),
    }
}

async fn resolve_target(
    gateway: &Gateway,
    blocks: &Blocks,
    path: &str,
) -> Result<Target, GatewayError> {
    let not_served = || {
        GatewayError::NotFound(
            "404 page not found: the gateway serves /ipfs/CID and what is below it".to_owned(),
        )
    };
    if !path.starts_with("/ipfs/") && !path.starts_with("/ipns/") {
        return Err(not_served());
    }
    // Names are bytes: they need not be UTF-8.
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let path = ContentPath::new(decoded).map_err(|error| GatewayError::Bad(error.to_string()))?;
    let (resolved, root, validity) = match path.cid() {
        Some(root) => {
            let resolved = resolve::resolve(blocks, &path).await?;
            (resolved, root.clone(), Validity::Immutable)
        }
        None => {
            let options = NameOptions {
                offline: blocks.is_offline(),
                ..NameOptions::default()
            };
            let names = gateway.node.names();
            let named = resolve::follow_names(&*names, path.clone(), &options, true)
                .await
                .map_err(|error| match error {
                    ResolveError::Mutable(_) => not_served(),
                    error => error.into(),
                })?;
            let root = named
                .path
                .immutable_root()
                .map_err(|error| GatewayError::Bad(error.to_string()))?
                .clone();
            let resolved = resolve::resolve(blocks, &named.path).await?;
            (resolved, root, named.validity)
        }
    };
    if !resolved.remainder.is_empty() {
        return Err(GatewayError::NotAcceptable(
            "the path ends inside a block: its parts are not served".to_owned(),
        ));
    }
    let roots = if resolved.cid == root {
        root.to_string()
    } else {
        format!("{root},{}", resolved.cid)
    };
    Ok(Target {
        path,
        cid: resolved.cid,
        roots,
        validity,
    })
}

/// The headers of content at an immutable path: what it is, and that it never changes.
fn describe(headers: &mut HeaderMap, target: &Target, etag: &str) {
    // With everything else that is sent: nothing needs a new layout.
    headers.reserve(HEADERS);
    let mut put = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    put(header::ETAG, etag);
    put(HeaderName::from_static("x-ipfs-roots"), &target.roots);
    put(
        HeaderName::from_static("x-ipfs-path"),
        &path_header(target.path.as_bytes()),
    );
    match target.validity {
        Validity::Immutable => {
            let forever = HeaderValue::from_static("public, max-age=29030400, immutable");
            headers.insert(header::CACHE_CONTROL, forever);
        }
        Validity::Ttl(Some(ttl)) => put(
            header::CACHE_CONTROL,
            &format!("public, max-age={}", ttl.as_secs()),
        ),
        // Caches follow other rules.
        Validity::Ttl(None) => {}
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

/// A path as a header value.
fn path_header(path: &[u8]) -> String {
    percent_encoding::percent_encode(path, percent_encoding::CONTROLS).to_string()
}

/// A body that is cut off where its stream fails, after everything before has been sent.
fn streamed<E>(stream: impl futures_util::Stream<Item = Result<Bytes, E>> + Send + 'static) -> Body
where
    E: std::error::Error + Send + 'static,
{
    let stream = stream.map_err(|error| {
        tracing::warn!(%error, "a response was cut off");
        StreamFailure::Cut(with_causes(&error))
    });
    Body::new(StreamBody::new(stream.boxed(), Trailers::Frame))
}

fn not_modified(target: &Target, etag: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    describe(response.headers_mut(), target, etag);
    response
}
