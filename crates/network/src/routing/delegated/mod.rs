//! Routers that are asked over HTTP.
//!
//! Spec: <https://specs.ipfs.tech/routing/http-routing-v1/>

mod response;

#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::ipns::name_of_key;
use cairn_primitives::routing::PeerRecord;
use cairn_primitives::{Cid, Codec, Multihash, PeerId};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use libp2p::kad::PeerInfo;
use parking_lot::Mutex;
use reqwest::{StatusCode, header};
use tokio::sync::Semaphore;

use super::dht::{Failure, Found, Request};
use crate::https;

/// Requests to routers at once; more wait.
const REQUESTS: usize = 64;
/// Timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The media type of IPNS records.
const IPNS_RECORD: &str = "application/vnd.ipfs.ipns-record";
/// Records, streamed if the router can do that.
const RECORDS: &str = "application/x-ndjson, application/json;q=0.9";

/// Routers by HTTP. An empty list is no failure: then nothing is found.
pub(super) struct Delegated {
    routers: Vec<Endpoint>,
    publishers: Vec<Endpoint>,
    client: Mutex<Option<reqwest::Client>>,
    requests: Semaphore,
}

/// A router.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    /// The URL without `/routing/v1`.
    base: String,
    /// The one method that it has, as `providers`, if its URL ends with that.
    only: Option<String>,
}

impl Endpoint {
    /// Reads a URL; `None` if it is not one of HTTP. `auto` stands for routers that Kubo downloads a list of, which Cairn does not.
    fn parse(url: &str) -> Option<Self> {
        let url = url.trim();
        let is_http = ["http://", "https://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        if !is_http {
            if url != "auto" {
                tracing::warn!(url, "an HTTP router is ignored: its URL is not one of HTTP");
            }
            return None;
        }
        let (base, rest) = url.split_once("/routing/v1").unwrap_or((url, ""));
        let only = rest.trim_matches('/');
        Some(Self {
            base: base.trim_end_matches('/').to_owned(),
            only: (!only.is_empty()).then(|| only.to_owned()),
        })
    }

    fn url(&self, method: &str, key: &str) -> Option<String> {
        let has = self.only.as_ref().is_none_or(|only| only == method);
        has.then(|| format!("{}/routing/v1/{method}/{key}", self.base))
    }
}

impl Delegated {
    pub(super) fn new(routers: &[String], publishers: &[String]) -> Self {
        let parse = |urls: &[String]| {
            let urls = urls.iter();
            urls.filter_map(|url| Endpoint::parse(url)).collect()
        };
        Self {
            routers: parse(routers),
            publishers: parse(publishers),
            client: Mutex::default(),
            requests: Semaphore::new(REQUESTS),
        }
    }

    /// The URLs that have the answer to a request.
    fn urls(&self, request: &Request) -> Vec<String> {
        let (endpoints, method, key) = match request {
            Request::Providers(key) => {
                let Ok(hash) = Multihash::from_bytes(key.as_ref()) else {
                    return Vec::new();
                };
                let cid = Cid::v1(Codec::RAW, hash);
                (&self.routers, "providers", cid.to_string())
            }
            Request::Peer(peer) => {
                let peer = PeerId::from(*peer);
                (&self.routers, "peers", peer.to_cid().to_string())
            }
            Request::Value(key) | Request::Put(key, _) => {
                let Some(name) = name_of_key(key.as_ref()) else {
                    return Vec::new();
                };
                let endpoints = match request {
                    Request::Put(..) => &self.publishers,
                    _ => &self.routers,
                };
                (endpoints, "ipns", name.to_base36())
            }
            Request::Closest(_) | Request::Provide(_) => return Vec::new(),
        };
        let urls = endpoints.iter();
        urls.filter_map(|endpoint| endpoint.url(method, &key))
            .collect()
    }

    /// How many routers have the answer to a request.
    pub(super) fn asked(&self, request: &Request) -> usize {
        self.urls(request).len()
    }

    /// Asks all routers at the same time.
    pub(super) fn ask(self: &Arc<Self>, request: &Request) -> BoxStream<'static, Found> {
        let urls = self.urls(request).into_iter();
        let answers = urls.map(|url| match request.clone() {
            Request::Providers(_) => self.found(url, Found::Provider),
            Request::Peer(wanted) => self
                .found(url, Found::Peer)
                .filter(move |found| {
                    let is_it = !matches!(found, Found::Peer(peer) if peer.peer_id != wanted);
                    std::future::ready(is_it)
                })
                .boxed(),
            Request::Put(_, value) => self.put(url, value),
            _ => self.value(url),
        });
        stream::select_all(answers).boxed()
    }

    /// The records of a response.
    pub(super) fn records(
        self: &Arc<Self>,
        url: String,
    ) -> BoxStream<'static, Result<PeerRecord, Failure>> {
        let this = Arc::clone(self);
        let start = async move {
            let _permit = this.requests.acquire().await;
            match this.request(&url, RECORDS).await {
                Ok(Some(response)) => response::records(response),
                Ok(None) => stream::empty().boxed(),
                Err(failure) => stream::iter([Err(failure)]).boxed(),
            }
        };
        stream::once(start).flatten().boxed()
    }

    /// Providers with their protocols.
    pub(super) fn providers(self: &Arc<Self>, request: &Request) -> BoxStream<'static, PeerRecord> {
        let urls = self.urls(request).into_iter();
        let records = stream::select_all(urls.map(|url| self.records(url)));
        records
            .filter_map(|record| std::future::ready(record.ok()))
            .boxed()
    }

    fn found(
        self: &Arc<Self>,
        url: String,
        to_found: fn(PeerInfo) -> Found,
    ) -> BoxStream<'static, Found> {
        let records = self.records(url).map(move |record| match record {
            Ok(record) => to_found(peer_info(&record)),
            Err(failure) => Found::Failed(failure),
        });
        records.boxed()
    }

    fn value(self: &Arc<Self>, url: String) -> BoxStream<'static, Found> {
        let this = Arc::clone(self);
        let value = async move {
            let _permit = this.requests.acquire().await;
            let response = match this.request(&url, IPNS_RECORD).await {
                Ok(response) => response?,
                Err(failure) => return Some(Found::Failed(failure)),
            };
            // A router that has none may answer with a text.
            let kind = response.headers().get(header::CONTENT_TYPE);
            if kind.is_none_or(|kind| !kind.as_bytes().starts_with(IPNS_RECORD.as_bytes())) {
                return None;
            }
            Some(match response::value(response).await {
                Ok(value) => Found::Value { from: None, value },
                Err(failure) => Found::Failed(failure),
            })
        };
        stream::once(value).filter_map(std::future::ready).boxed()
    }

    fn put(self: &Arc<Self>, url: String, value: Vec<u8>) -> BoxStream<'static, Found> {
        let this = Arc::clone(self);
        let stored = async move {
            let _permit = this.requests.acquire().await;
            let Some(client) = this.client() else {
                return Found::Failed(Failure::Router);
            };
            let request = client.put(&url).header(header::CONTENT_TYPE, IPNS_RECORD);
            match request.body(value).send().await {
                Ok(response) if response.status().is_success() => Found::Stored(None),
                Ok(response) => {
                    tracing::debug!(url, status = %response.status(), "a router refused a record");
                    Found::Failed(Failure::Router)
                }
                Err(error) => Found::Failed(response::failure(&error)),
            }
        };
        stream::once(stored).boxed()
    }

    /// Sends a request; `None` if the router has nothing.
    async fn request(&self, url: &str, accept: &str) -> Result<Option<reqwest::Response>, Failure> {
        let client = self.client().ok_or(Failure::Router)?;
        let request = client.get(url).header(header::ACCEPT, accept);
        let response = request.send().await.map_err(|error| {
            tracing::debug!(url, %error, "a router does not answer");
            response::failure(&error)
        })?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(response)),
            status => {
                tracing::debug!(url, %status, "a router refused a request");
                Err(Failure::Router)
            }
        }
    }

    fn client(&self) -> Option<reqwest::Client> {
        let mut client = self.client.lock();
        if client.is_none() {
            match https::client(TIMEOUT) {
                Ok(made) => *client = Some(made),
                Err(error) => tracing::error!(%error, "HTTP routers cannot be asked"),
            }
        }
        client.clone()
    }
}

fn peer_info(record: &PeerRecord) -> PeerInfo {
    PeerInfo {
        peer_id: (&record.peer).into(),
        addrs: record.addresses.iter().map(Into::into).collect(),
    }
}
