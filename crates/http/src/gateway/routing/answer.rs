//! Responses of `/routing/v1`.

use std::time::SystemTime;

use axum::body::Body;
use axum::response::Response;
use cairn_primitives::ipns::Record;
use cairn_primitives::{Multiaddr, PeerId};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::super::response::{http_date, put, short_hex};
use super::{IPNS_RECORD, Refusal};
use crate::lines::{Lines, json_line};

/// Seconds for which a result may be cached, as in Kubo.
const FOUND: u64 = 300;
/// Seconds for which an empty one may be cached, as in Kubo.
const NOTHING: u64 = 15;
/// Seconds for which an old one may be used while there is no newer one, as in Kubo.
const STALE: u64 = 48 * 3600;

/// The form of a list of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One object.
    Json,
    /// One object per line, as they are found.
    Lines,
}

impl Form {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let (mut any, mut json, mut lines) = (false, false, false);
        for accept in headers.get_all(header::ACCEPT) {
            any = true;
            for kind in accept.to_str().map_err(Refusal::bad)?.split(',') {
                match kind.split(';').next().unwrap_or_default().trim() {
                    "application/json" | "*/*" => json = true,
                    "application/x-ndjson" => lines = true,
                    _ => {}
                }
            }
        }
        match (lines, json || !any) {
            (true, _) => Ok(Self::Lines),
            (false, true) => Ok(Self::Json),
            (false, false) => Err(Refusal::bad("no supported content types")),
        }
    }
}

/// A peer, as it is sent.
#[derive(Clone, Debug)]
pub(super) struct PeerRecord {
    peer: PeerId,
    pub(super) addresses: Vec<Multiaddr>,
}

impl PeerRecord {
    pub(super) fn new(peer: PeerId, addresses: Vec<Multiaddr>) -> Self {
        Self { peer, addresses }
    }

    fn to_json(&self) -> Value {
        let addresses: Vec<_> = self.addresses.iter().map(ToString::to_string).collect();
        json!({ "Addrs": addresses, "ID": self.peer.to_string(), "Schema": "peer" })
    }
}

pub(super) fn json(name: &str, records: &[PeerRecord]) -> Response {
    let records: Vec<_> = records.iter().map(PeerRecord::to_json).collect();
    let age = if records.is_empty() { NOTHING } else { FOUND };
    let body = json!({ name: records }).to_string();
    let mut response = with_type("application/json", Body::from(body));
    cache(response.headers_mut(), age, STALE);
    response
}

/// Sends records as they come. The headers wait for the first, because they say for how long the response may be cached.
pub(super) async fn lines(mut records: BoxStream<'static, PeerRecord>) -> Response {
    let first = records.next().await;
    let age = if first.is_none() { NOTHING } else { FOUND };
    let records = futures_util::stream::iter(first).chain(records).map(Ok);
    let lines = Lines::new(records.boxed(), |record: &PeerRecord, out| {
        json_line(&record.to_json(), out)
    });
    let mut response = with_type("application/x-ndjson", Body::from_stream(lines));
    cache(response.headers_mut(), age, STALE);
    response
}

pub(super) fn record(name: &PeerId, record: &Record) -> Response {
    let body = Body::from(record.as_bytes().clone());
    let mut response = with_type(IPNS_RECORD, body);
    let headers = response.headers_mut();
    let now = SystemTime::now();
    let until = record.valid_until().ok();
    let left = until.and_then(|until| until.duration_since(now).ok());
    let age = record.cache_for(now).unwrap_or_default();
    cache(
        headers,
        age.as_secs(),
        left.map_or(0, |left| left.as_secs()),
    );
    if let Some(until) = until.and_then(as_date) {
        put(headers, header::EXPIRES, &until);
    }
    let name = name.to_base36();
    let disposition = format!("attachment; filename=\"{name}.ipns-record\"");
    put(headers, header::CONTENT_DISPOSITION, &disposition);
    let hash = cairn_primitives::Multihash::sha2_256(record.as_bytes());
    put(
        headers,
        header::ETAG,
        &format!("\"{}\"", short_hex(hash.digest())),
    );
    response
}

/// There is no record: no error, and not a record.
pub(super) fn no_record() -> Response {
    let mut response = text(StatusCode::OK, "routing: not found\n".to_owned());
    cache(response.headers_mut(), NOTHING, STALE);
    response
}

pub(super) fn text(status: StatusCode, text: String) -> Response {
    let mut response = with_type("text/plain; charset=utf-8", Body::from(text));
    *response.status_mut() = status;
    response
}

pub(super) fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    put(
        response.headers_mut(),
        header::ALLOW,
        "GET, HEAD, PUT, OPTIONS",
    );
    response
}

fn with_type(kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    if let Some(now) = as_date(SystemTime::now()) {
        put(headers, header::LAST_MODIFIED, &now);
    }
    response
}

/// A time as a header value; `None` where it is beyond what those can say.
fn as_date(time: SystemTime) -> Option<String> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    http_date(i64::try_from(since.as_secs()).ok()?)
}

fn cache(headers: &mut HeaderMap, age: u64, stale: u64) {
    let text =
        format!("public, max-age={age}, stale-while-revalidate={stale}, stale-if-error={stale}");
    put(headers, header::CACHE_CONTROL, &text);
}
