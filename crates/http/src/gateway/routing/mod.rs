//! `/routing/v1`: what this node finds, for others.
//!
//! Spec: <https://specs.ipfs.tech/routing/http-routing-v1/>. A lookup without a result is an empty list, as
//! [IPIP-513](https://specs.ipfs.tech/ipips/ipip-0513/) has it.

mod answer;
mod filter;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use cairn_node::Node;
use cairn_primitives::ipns::{MAX_RECORD, Record};
use cairn_primitives::{Cid, PeerId};
use cairn_store::names::{NameError, NameOptions};
use cairn_store::network::{Network, QueryEvent, QueryEvents, QueryStep};
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, StatusCode, header};

use self::answer::{Form, PeerRecord};
use self::filter::Filter;

/// Timeout of a lookup, as in Kubo.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Records of a response that is not streamed, as in Kubo.
const RECORDS: usize = 20;
/// Records of a streamed response; then it ends.
const STREAMED: usize = 1000;
const PREFIX: &str = "/routing/v1/";
/// The media type of IPNS records.
const IPNS_RECORD: &str = "application/vnd.ipfs.ipns-record";

/// Why a request fails.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    text: String,
}

impl Refusal {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { status, text }
    }

    fn bad(text: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text.to_string())
    }
}

/// Whether a request is one of these.
pub(super) fn is_routing(request: &Request) -> bool {
    request.uri().path().starts_with(PREFIX)
}

pub(super) async fn serve(node: &Node, request: Request) -> Response {
    let served = handle(node, request).await;
    served.unwrap_or_else(|refusal| answer::text(refusal.status, refusal.text))
}

async fn handle(node: &Node, request: Request) -> Result<Response, Refusal> {
    let (request, body) = request.into_parts();
    let path = request.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    match (&request.method, &parts[..]) {
        (&Method::OPTIONS, _) => return Ok(answer::preflight()),
        (&Method::PUT, ["ipns", name]) => {
            return put_record(node, name, &request.headers, body).await;
        }
        (&Method::GET | &Method::HEAD, ["ipns", name]) => {
            return get_record(node, name, &request.headers).await;
        }
        (&Method::GET | &Method::HEAD, _) => {}
        _ => {
            let text = "this method is not allowed";
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text));
        }
    }
    let form = Form::of(&request.headers)?;
    let filter = Filter::parse(request.uri.query().unwrap_or_default())?;
    let network = node.network();
    let limit = match form {
        Form::Json => RECORDS,
        Form::Lines => STREAMED,
    };
    let (name, events) = match &parts[..] {
        ["providers", cid] => {
            let cid: Cid = cid.parse().map_err(Refusal::bad)?;
            let find = |network: &dyn Network| network.routing().find_providers(&cid, STREAMED);
            ("Providers", find_with(network, find))
        }
        ["peers", peer] => {
            let peer = peer_id(peer)?;
            let find = |network: &dyn Network| network.routing().find_peer(&peer);
            ("Peers", find_with(network, find))
        }
        ["dht", "closest", "peers", key] => {
            let key = peer_id(key)?;
            let find = |network: &dyn Network| network.routing().closest_peers(&key);
            ("Peers", find_with(network, find))
        }
        _ => return Err(Refusal::new(StatusCode::NOT_FOUND, "404 page not found")),
    };
    // Peers that are named on the way are no answer.
    let is_answer =
        |event: &QueryEvent| matches!(event.step, QueryStep::FinalPeer | QueryStep::Provider);
    let records = events
        .filter_map(move |event| std::future::ready(event.ok().filter(is_answer)))
        .flat_map(|event| {
            let own = match (event.step, event.peer) {
                (QueryStep::FinalPeer, Some(peer)) => Some(PeerRecord::new(peer, Vec::new())),
                _ => None,
            };
            let responses = event.responses.into_iter();
            let found = responses.map(|found| PeerRecord::new(found.peer, found.addresses));
            futures_util::stream::iter(own.into_iter().chain(found))
        })
        .filter_map(move |record| std::future::ready(filter.apply(record)))
        .take(limit)
        .take_until(tokio::time::sleep(TIMEOUT));
    Ok(match form {
        Form::Json => answer::json(name, &records.collect::<Vec<_>>().await),
        Form::Lines => answer::lines(records.boxed()).await,
    })
}

fn find_with(
    network: Option<Arc<dyn Network>>,
    find: impl FnOnce(&dyn Network) -> QueryEvents,
) -> QueryEvents {
    match network {
        Some(network) => find(&*network),
        // A node without peers finds nothing.
        None => futures_util::stream::empty().boxed(),
    }
}

/// A peer ID; of a CID of another codec its hash, because clients have them from everywhere.
fn peer_id(text: &str) -> Result<PeerId, Refusal> {
    text.parse().or_else(|error| {
        let cid: Cid = text.parse().map_err(|_| Refusal::bad(error))?;
        PeerId::from_bytes(cid.hash().as_bytes()).map_err(Refusal::bad)
    })
}

async fn get_record(node: &Node, name: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.map_or(Ok("*/*"), |accept| accept.to_str());
    let accept = accept.map_err(Refusal::bad)?;
    if !accept.is_empty() && !accept.contains("*/*") && !accept.contains(IPNS_RECORD) {
        let text = format!("only {IPNS_RECORD} is available");
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, text));
    }
    let name: PeerId = name.parse().map_err(Refusal::bad)?;
    let options = NameOptions {
        timeout: Some(TIMEOUT),
        ..NameOptions::default()
    };
    match node.name_system().record(&name, &options).await {
        Ok(record) => Ok(answer::record(&name, &record)),
        Err(NameError::NotFound { .. } | NameError::TimedOut { .. }) => Ok(answer::no_record()),
        Err(error) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Refusal::new(status, error.to_string()))
        }
    }
}

/// Passes a record on to peers. It is not stored in the repository: anybody may send one.
async fn put_record(
    node: &Node,
    name: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| !kind.as_bytes().starts_with(IPNS_RECORD.as_bytes())) {
        let text = format!("the content type must be {IPNS_RECORD}");
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, text));
    }
    let name: PeerId = name.parse().map_err(Refusal::bad)?;
    let bytes = axum::body::to_bytes(body, MAX_RECORD).await;
    let bytes =
        bytes.map_err(|_| Refusal::bad(format!("a record has at most {MAX_RECORD} bytes")))?;
    let record = Record::decode(&bytes).map_err(Refusal::bad)?;
    let now = std::time::SystemTime::now();
    record.verify(&name, now).map_err(Refusal::bad)?;
    let failed = |text: String| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, text);
    let Some(network) = node.network() else {
        return Err(failed("this node has no peers".to_owned()));
    };
    let put = network.routing().put_value("ipns", &name, bytes.to_vec());
    let mut put = std::pin::pin!(put.take_until(tokio::time::sleep(TIMEOUT)));
    let mut stored = false;
    while let Some(event) = put.next().await {
        event.map_err(|error| failed(error.to_string()))?;
        stored = true;
    }
    if !stored {
        return Err(failed("no peer stored the record in time".to_owned()));
    }
    Ok(answer::text(StatusCode::OK, String::new()))
}
