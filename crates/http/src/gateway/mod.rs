//! The gateway: `/ipfs/CID/path` and `/ipns/NAME/path`, the same content on subdomains of its own, and websites by DNSLink; read
//! only.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/>. `site` maps a request's `Host` to a content path, `target` resolves that,
//! and one module for each format serves what it leads to.

mod archive;
mod block;
mod car;
mod codec;
mod conditional;
mod content_type;
mod dnslinks;
mod error;
mod file;
mod folder;
mod format;
mod headers;
mod labels;
mod limits;
mod page;
mod range;
mod record;
mod redirects;
mod response;
mod routing;
mod send;
mod shortcuts;
mod site;
mod target;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use cairn_dag::Blocks;
use cairn_dag::export::{Content, FileReader, Node as Opened};
use cairn_node::config::GoDuration;
use cairn_node::denylists::Denylists;
use cairn_node::{Config, Node};
use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, Codec};
use cairn_store::names::NameOptions;
use cairn_wire::Values;
use futures_util::StreamExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use dnslinks::DnsLinks;
use error::{ErrorView, GatewayError};
use format::{Format, RequestedFormat};
use headers::Headers;
use limits::Limits;
use redirects::Applied;
use site::{Mapped, Origin, Sites};
use target::Target;

use crate::{Service, paths};

/// Timeout for the next block, and for a name, if `Gateway.RetrievalTimeout` is not set.
const RETRIEVAL_TIMEOUT: Duration = Duration::from_secs(30);
/// A service that looks for providers, if `Gateway.DiagnosticServiceURL` is not set; as in Kubo.
const DIAGNOSTICS: &str = "https://check.ipfs.network";

/// The gateway, with the current `Gateway` section of the configuration.
pub fn service(node: Arc<Node>) -> Service {
    let config = node.config();
    let gateway = Arc::new(Gateway {
        headers: Headers::from_config(config.gateway.http_headers.as_ref()),
        settings: Settings::from_config(&config),
        sites: Sites::from_config(&config.gateway),
        limits: Limits::from_config(&config.gateway),
        dnslinks: DnsLinks::new(Arc::clone(&node)),
        denylists: Denylists::open(node.repo().path().join("denylists")),
        node,
    });
    Service::new(move |request| serve(Arc::clone(&gateway), request))
}

/// What the configuration says about every request.
#[derive(Debug)]
struct Settings {
    /// Whether the gateway never contacts peers.
    no_fetch: bool,
    /// Timeout for the next block.
    timeout: Duration,
    /// Whether `/routing/v1` is served.
    routing: bool,
    /// Whether blocks are converted to other codecs.
    converts: bool,
    /// Whether browsers get errors as pages.
    html_errors: bool,
    /// Maximum size of files for ranges; 0 for any.
    max_ranged: u64,
    /// URL of a service that looks for providers.
    diagnostics: String,
    /// Where `/` leads; empty for nowhere.
    root_redirect: String,
}

impl Settings {
    fn from_config(config: &Config) -> Self {
        let config = &config.gateway;
        let timeout = config.retrieval_timeout.0;
        let size = config.max_range_request_file_size.as_ref();
        let diagnostics = config.diagnostic_service_url.clone();
        Self {
            no_fetch: config.no_fetch,
            routing: config.expose_routing_api.unwrap_or(true),
            timeout: timeout.map_or(RETRIEVAL_TIMEOUT, GoDuration::to_std),
            converts: config.allow_codec_conversion.unwrap_or(false),
            html_errors: !config.disable_html_errors.unwrap_or(false),
            max_ranged: size.map_or(0, cairn_node::config::Size::bytes),
            diagnostics: diagnostics.unwrap_or_else(|| DIAGNOSTICS.to_owned()),
            root_redirect: config.root_redirect.clone(),
        }
    }
}

/// The state of the gateway.
struct Gateway {
    node: Arc<Node>,
    headers: Headers,
    settings: Settings,
    sites: Sites,
    limits: Limits,
    dnslinks: DnsLinks,
    denylists: Arc<Denylists>,
}

impl Gateway {
    /// The blocks that a request reads from.
    fn blocks(&self, only_cached: bool) -> Blocks {
        if self.settings.no_fetch || only_cached {
            return self.node.offline_blocks();
        }
        let timeout = Some(self.settings.timeout).filter(|timeout| !timeout.is_zero());
        self.node.blocks().with_idle_timeout(timeout)
    }

    /// How names of a request are resolved.
    fn name_options(&self, exchange: &Exchange<'_>) -> NameOptions {
        NameOptions {
            offline: exchange.blocks.is_offline(),
            timeout: Some(self.settings.timeout),
            ..NameOptions::default()
        }
    }

    /// How an error of a request is shown.
    fn view<'a>(&'a self, request: &'a Parts) -> ErrorView<'a> {
        ErrorView {
            html: self.settings.html_errors && page::accepts_html(&request.headers),
            path: request.uri.path(),
            diagnostics: Some(&self.settings.diagnostics),
        }
    }
}

/// One request, as far as it is known before its path is resolved.
struct Exchange<'a> {
    request: &'a Parts,
    query: Values,
    format: RequestedFormat,
    origin: Origin,
    blocks: Blocks,
}

impl Exchange<'_> {
    /// `?filename=`.
    fn filename(&self) -> Option<&str> {
        self.query
            .loose(&["filename"])
            .filter(|name| !name.is_empty())
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
    if gateway.settings.routing && routing::is_routing(&request) {
        let mut response = Box::pin(routing::serve(&gateway.node, request)).await;
        gateway.headers.add_to(response.headers_mut());
        return response;
    }
    let started = Instant::now();
    let (request, _) = request.into_parts();
    let head = request.method == Method::HEAD;
    let Some(slot) = gateway.limits.enter() else {
        return finish(
            &gateway,
            GatewayError::Busy.into_response(gateway.view(&request)),
            head,
        );
    };
    if let Some(clean) = paths::redirect(&request.uri) {
        return clean;
    }
    let answered = match request.method {
        Method::GET | Method::HEAD => match slot.end() {
            Some(end) => tokio::time::timeout_at(end, get(&gateway, &request))
                .await
                .unwrap_or_else(|_| {
                    Err(GatewayError::Timeout {
                        text: "the request took longer than Gateway.MaxRequestDuration".to_owned(),
                        cid: None,
                    })
                }),
            None => get(&gateway, &request).await,
        },
        Method::OPTIONS => Ok(preflight()),
        _ => Err(GatewayError::Method),
    };
    let mut response = answered.unwrap_or_else(|error| error.into_response(gateway.view(&request)));
    response::server_timing(response.headers_mut(), started.elapsed());
    let mut response = finish(&gateway, response, head);
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = slot.hold(body);
    response
}

/// Adds the headers of every response, and removes the body of one to HEAD.
fn finish(gateway: &Gateway, mut response: Response, head: bool) -> Response {
    gateway.headers.add_to(response.headers_mut());
    if head {
        // An empty body would have a length of 0, which may not be that of the response to GET.
        let nothing = futures_util::stream::empty::<Result<Bytes, std::convert::Infallible>>();
        *response.body_mut() = Body::from_stream(nothing.boxed());
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

async fn get(gateway: &Gateway, request: &Parts) -> Result<Response, GatewayError> {
    let query = Values::from_query(request.uri.query().unwrap_or_default())
        .map_err(|error| GatewayError::Bad(error.to_string()))?;
    if let Some(answer) = shortcuts::uri(&query)? {
        return Ok(answer);
    }
    let headers = &request.headers;
    let mapped = gateway
        .sites
        .map(&gateway.dnslinks, &request.uri, headers)
        .await?;
    let (path, origin, deserialized) = match mapped {
        Mapped::Answer(answer) => return Ok(*answer),
        Mapped::Content {
            path,
            origin,
            deserialized,
        } => (path, origin, deserialized),
    };
    if let Some(answer) = shortcuts::of(gateway, &path, &origin, request)? {
        return Ok(answer);
    }
    let only_cached = is_only_if_cached(headers);
    let exchange = Exchange {
        format: RequestedFormat::of(&query, headers)?,
        request,
        query,
        origin,
        blocks: gateway.blocks(only_cached),
    };
    // Names are bytes: they need not be UTF-8.
    let decoded: Cow<'_, [u8]> = if path.contains('%') {
        percent_decode_str(&path).into()
    } else {
        path.as_bytes().into()
    };
    let path = ContentPath::new(&decoded).map_err(|error| {
        let path = String::from_utf8_lossy(&decoded);
        GatewayError::Bad(format!("invalid path {path:?}: {error}"))
    })?;
    if !deserialized && !is_trustless(&path, exchange.format.format) {
        return Err(GatewayError::NotAcceptable(
            "only trustless requests are accepted on this gateway: https://specs.ipfs.tech/http-gateways/trustless-gateway/".to_owned(),
        ));
    }
    let answered = match content(gateway, &exchange, path).await {
        Err(GatewayError::NotHere(text)) if only_cached => Err(GatewayError::NotCached(text)),
        answered => answered,
    };
    let mut response = answered?;
    if let Some(location) = exchange
        .format
        .location(request.uri.path(), &exchange.query)
    {
        response::put(response.headers_mut(), header::CONTENT_LOCATION, &location);
    }
    Ok(response)
}

/// Whether a client can verify the response to a request.
fn is_trustless(path: &ContentPath, format: Format) -> bool {
    let has_names = path.names().next().is_some();
    match format {
        Format::Car => !path.is_mutable(),
        Format::Raw => !path.is_mutable() && !has_names,
        Format::IpnsRecord => path.is_mutable() && !has_names,
        _ => false,
    }
}

/// Serves what a path leads to.
async fn content(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    path: ContentPath,
) -> Result<Response, GatewayError> {
    refuse_path(gateway, &path)?;
    let format = exchange.format.format;
    if format == Format::IpnsRecord {
        return Box::pin(record::serve(gateway, exchange, &path)).await;
    }
    let options = gateway.name_options(exchange);
    let named = target::resolve_names(&gateway.node, path, &options).await?;
    if named.path.is_mutable() {
        refuse_path(gateway, &named.immutable)?;
    }
    // A client that verifies a CAR follows no symbolic links.
    let target = match target::trace(&exchange.blocks, &named, format != Format::Car).await {
        Ok(target) => target,
        Err(error)
            if redirects::is_absent(&error)
                && format == Format::Content
                && exchange.origin.is_isolated() =>
        {
            match Box::pin(redirects::apply(gateway, exchange, &named)).await? {
                Some(Applied::Answer(answer)) => return Ok(answer),
                Some(Applied::Rewritten(target)) => *target,
                None => return Err(error.into()),
            }
        }
        Err(error) => return Err(error.into()),
    };
    refuse_cids(gateway, &target.traced.roots)?;
    // Boxed where the future is large and a box costs little beside the response: that of every request is as large as the largest.
    match format {
        Format::Car => return Box::pin(car::serve(exchange, &target)).await,
        _ if target.is_inside() => return Err(codec::inside(&target)),
        Format::Raw => return block::serve(exchange, &target).await,
        Format::Tar => return Box::pin(archive::serve(exchange, &target)).await,
        Format::DagJson | Format::DagCbor => {
            return Box::pin(codec::serve(gateway, exchange, &target)).await;
        }
        Format::Content | Format::Json | Format::Cbor | Format::IpnsRecord => {}
    }
    unixfs(gateway, exchange, &target).await
}

fn refuse_path(gateway: &Gateway, path: &ContentPath) -> Result<(), GatewayError> {
    if !gateway.denylists.is_active() {
        return Ok(());
    }
    match gateway.denylists.refuses_path(path) {
        Some((refusal, list)) => Err(GatewayError::Refused { refusal, list }),
        None => Ok(()),
    }
}

fn refuse_cids(gateway: &Gateway, cids: &[Cid]) -> Result<(), GatewayError> {
    if !gateway.denylists.is_active() {
        return Ok(());
    }
    let refused = cids
        .iter()
        .find_map(|cid| gateway.denylists.refuses_cid(cid));
    match refused {
        Some((refusal, list)) => Err(GatewayError::Refused { refusal, list }),
        None => Ok(()),
    }
}

/// Serves content as what it is.
async fn unixfs(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    target: &Target,
) -> Result<Response, GatewayError> {
    let cid = target.cid();
    if cid.codec() == Codec::RAW {
        let reader = FileReader::open(&exchange.blocks, cid).await?;
        return file::serve(gateway, exchange, target, reader, target.name(), None).await;
    }
    if codec::format_of(cid.codec()).is_some() {
        return Box::pin(codec::serve(gateway, exchange, target)).await;
    }
    let opened = Opened::open(&exchange.blocks, cid).await?;
    match opened.content {
        Content::File(reader) => {
            let name = target.name();
            file::serve(gateway, exchange, target, reader, name, opened.mtime).await
        }
        Content::Directory(_) => {
            Box::pin(folder::serve(gateway, exchange, target, opened.size)).await
        }
        Content::Symlink(link) => Box::pin(file::link(exchange, target, &link, opened.mtime)).await,
        _ => Err(GatewayError::NotAcceptable(
            "the content is neither a file nor a directory".to_owned(),
        )),
    }
}
