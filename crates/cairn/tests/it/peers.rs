//! Two nodes in one process: what only the second has, the first fetches, over the RPC and the gateway.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use cairn_http::kubo::Rpc as Face;
use cairn_node::{InitOptions, Node, NodeOptions, Repo};
use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, Multihash};
use cairn_store::exchange::{Arrival, VerifiedBlock, Wants};
use cairn_store::meta::{PinMode, PinOwner};
use cairn_store::names::FixedNames;
use cairn_store::{Exchange, Session, SessionRequest};
use cairn_testkit::http::{self, Answer, Request};
use cairn_testkit::rpc::Rpc;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// Wants that an operation may have in flight.
const BOUND: usize = 256;

/// What the second node has, after a while.
#[derive(Clone)]
struct Link(Arc<Counts>);

struct Counts {
    node: Arc<Node>,
    delay: Duration,
    /// Whether the first of two peers sends wrong bytes.
    lies: AtomicBool,
    sessions: AtomicUsize,
    in_flight: AtomicUsize,
    most: AtomicUsize,
    asked: Mutex<HashMap<Multihash, usize>>,
}

impl Link {
    fn to(node: &Arc<Node>, delay: Duration) -> Self {
        Self(Arc::new(Counts {
            node: Arc::clone(node),
            delay,
            lies: AtomicBool::new(false),
            sessions: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            asked: Mutex::default(),
        }))
    }

    /// How many different blocks were asked for, after checking how.
    fn checked(&self) -> usize {
        let most = self.0.most.load(Ordering::SeqCst);
        assert!((32..=BOUND).contains(&most), "{most} in flight");
        assert_eq!(self.0.sessions.load(Ordering::SeqCst), 1, "one session");
        let asked = self.0.asked.lock().unwrap();
        assert!(asked.values().all(|times| *times == 1), "asked twice");
        asked.len()
    }
}

impl Exchange for Link {
    fn session(&self, _: SessionRequest) -> Arc<dyn Session> {
        self.0.sessions.fetch_add(1, Ordering::SeqCst);
        Arc::new(self.clone())
    }
}

/// Counts a want while it is under way.
struct Flight(Arc<Counts>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Session for Link {
    fn want(&self, cids: Vec<Cid>) -> Wants {
        let wants = cids.into_iter().map(|cid| {
            let counts = Arc::clone(&self.0);
            let key = cid.hash().clone();
            *counts.asked.lock().unwrap().entry(key).or_default() += 1;
            let now = counts.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            counts.most.fetch_max(now, Ordering::SeqCst);
            let flight = Flight(Arc::clone(&counts));
            async move {
                let _flight = flight;
                tokio::time::sleep(counts.delay).await;
                if counts.lies.load(Ordering::SeqCst) {
                    let lies = Bytes::from_static(b"lies");
                    assert!(VerifiedBlock::new(cid.clone(), lies).is_err());
                    tokio::time::sleep(counts.delay).await;
                }
                Ok(match counts.node.store().get(cid.hash()).await.unwrap() {
                    Some(data) => Arrival::Block(VerifiedBlock::new(cid, data).unwrap()),
                    None => Arrival::Missing(cid),
                })
            }
        });
        wants.collect::<FuturesUnordered<_>>().boxed()
    }
}

async fn node(path: &Path) -> Arc<Node> {
    let options = InitOptions {
        profile: Some("test".into()),
        empty_repo: true,
        ..InitOptions::default()
    };
    Repo::init(path, &options).await.unwrap();
    let node = Node::open(path, NodeOptions::default()).await.unwrap();
    Arc::new(node)
}

/// Serves a router on a port of its own.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn gateway(node: &Arc<Node>) -> Router {
    let gateway = cairn_http::gateway::service(Arc::clone(node));
    Router::new().fallback(move |request| gateway.call(request))
}

async fn rpc(node: &Arc<Node>) -> String {
    let face = Face::in_process(Arc::clone(node), CancellationToken::new());
    serve(cairn_http::kubo::router(Arc::new(face))).await
}

/// Runs what blocks.
async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.unwrap()
}

async fn call(base: &str, command: String) -> Answer {
    let base = base.to_owned();
    let target = format!("/api/v0/{command}");
    blocking(move || http::exchange(&base, &Request::new("POST", &target)).unwrap()).await
}

async fn get(base: &str, target: String, header: Option<(&str, &str)>) -> Answer {
    let base = base.to_owned();
    let headers: Vec<(String, String)> = header
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    blocking(move || {
        let request = Request {
            headers: &headers,
            ..Request::new("GET", &target)
        };
        http::exchange(&base, &request).unwrap()
    })
    .await
}

/// Two nodes, of which the second has a file of 300 leaves in two nodes.
struct Pair {
    _folders: [tempfile::TempDir; 2],
    here: Arc<Node>,
    rpc: String,
    there: Arc<Node>,
    content: Vec<u8>,
    file: String,
    blocks: usize,
}

impl Pair {
    async fn start() -> Self {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let here = node(folders[0].path()).await;
        let there = node(folders[1].path()).await;
        let content: Vec<u8> = (0..300_u32)
            .flat_map(|leaf| leaf.to_le_bytes().repeat(256))
            .collect();
        let base = rpc(&there).await;
        let (sent, other) = (content.clone(), base.clone());
        let file = blocking(move || {
            let options = "raw-leaves=true&chunker=size-1024&pin=false";
            Rpc::new(&other).add(&sent, options).unwrap()
        })
        .await;
        let refs = call(&base, format!("refs?arg={file}&recursive=true")).await;
        let blocks = refs.text().lines().count() + 1;
        assert!(blocks > 300);
        Self {
            _folders: folders,
            rpc: rpc(&here).await,
            here,
            there,
            content,
            file,
            blocks,
        }
    }

    fn connect(&self) -> Link {
        let link = Link::to(&self.there, Duration::from_millis(20));
        self.here.set_exchange(Some(Arc::new(link.clone())));
        link
    }

    /// Everything is here and whole without the other.
    async fn assert_all_here(&self) {
        self.here.set_exchange(None);
        let answer = call(&self.rpc, format!("cat?arg={}", self.file)).await;
        assert_eq!(answer.body, self.content);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cat_fetches_what_is_absent() {
    let pair = Pair::start().await;
    let link = pair.connect();
    let offline = call(&pair.rpc, format!("cat?arg={}&offline=true", pair.file)).await;
    assert_eq!(offline.status, 500);
    assert!(offline.text().contains("block was not found locally"));
    let answer = call(&pair.rpc, format!("cat?arg={}", pair.file)).await;
    assert_eq!(answer.body, pair.content);
    assert_eq!(link.checked(), pair.blocks);
    pair.assert_all_here().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pin_add_fetches_and_keeps() {
    let pair = Pair::start().await;
    let link = pair.connect();
    link.0.lies.store(true, Ordering::SeqCst);
    let answer = call(
        &pair.rpc,
        format!("pin/add?arg={}&progress=true", pair.file),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let lines: Vec<Value> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.last().unwrap()["Pins"][0], pair.file.as_str());
    assert_eq!(lines[lines.len() - 2]["Progress"], pair.blocks as u64);
    assert_eq!(link.checked(), pair.blocks);
    let cid: Cid = pair.file.parse().unwrap();
    let pin = pair.here.rows().pin(&cid, PinOwner::User).unwrap().unwrap();
    assert_eq!(pin.mode, PinMode::Recursive);
    call(&pair.rpc, "repo/gc".to_owned()).await;
    pair.assert_all_here().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dag_export_fetches_what_is_absent() {
    let pair = Pair::start().await;
    let link = pair.connect();
    let local = format!("dag/export?arg={}&local-only=true", pair.file);
    assert!(call(&pair.rpc, local).await.body.len() < 200);
    let answer = call(&pair.rpc, format!("dag/export?arg={}", pair.file)).await;
    assert!(answer.body.len() > pair.content.len());
    assert_eq!(link.checked(), pair.blocks);
    let stat = call(
        &pair.rpc,
        format!("dag/stat?arg={}&offline=true", pair.file),
    )
    .await;
    assert_eq!(stat.status, 200);
    pair.assert_all_here().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_fetches_unless_only_what_is_cached_is_wanted() {
    let pair = Pair::start().await;
    let link = pair.connect();
    let gateway = serve(gateway(&pair.here)).await;
    let path = format!("/ipfs/{}", pair.file);
    let cached = Some(("Cache-Control", "no-transform, only-if-cached"));
    assert_eq!(get(&gateway, path.clone(), cached).await.status, 412);
    assert_eq!(link.0.sessions.load(Ordering::SeqCst), 0);
    let answer = get(&gateway, path.clone(), None).await;
    assert_eq!((answer.status, &answer.body), (200, &pair.content));
    assert_eq!(link.checked(), pair.blocks);
    let answer = get(&gateway, path, cached).await;
    assert_eq!((answer.status, &answer.body), (200, &pair.content));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_given_up_asks_for_nothing_more() {
    let pair = Pair::start().await;
    let link = Link::to(&pair.there, Duration::from_secs(3600));
    pair.here.set_exchange(Some(Arc::new(link.clone())));
    let answer = call(&pair.rpc, format!("pin/add?arg={}&timeout=50ms", pair.file)).await;
    assert_eq!(answer.status, 500);
    while link.0.in_flight.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(link.0.asked.lock().unwrap().len(), 1);
    let cid: Cid = pair.file.parse().unwrap();
    assert!(
        pair.here
            .rows()
            .pin(&cid, PinOwner::User)
            .unwrap()
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_lead_to_content_for_the_rpc_and_the_gateway() {
    let pair = Pair::start().await;
    pair.connect();
    let gateway = serve(gateway(&pair.here)).await;
    // A node that resolves no names says so.
    assert_eq!(
        call(&pair.rpc, "cat?arg=/ipns/key".to_owned()).await.status,
        500
    );
    let unresolved = get(&gateway, "/ipns/key".to_owned(), None).await;
    assert_eq!(unresolved.status / 100, 5);
    let path = |text: &str| ContentPath::new(text).unwrap();
    let root = format!("/ipfs/{}", pair.file);
    let names = FixedNames::new()
        .with("key", path(&root), Some(Duration::from_secs(60)))
        .with("example.com", path("/ipns/key"), None);
    pair.here.set_names(Some(Arc::new(names)));
    for (target, leads) in [
        ("resolve?arg=/ipns/key", root.as_str()),
        ("resolve?arg=/ipns/example.com", &root),
        ("resolve?arg=/ipns/example.com&recursive=false", "/ipns/key"),
    ] {
        let answer = call(&pair.rpc, target.to_owned()).await;
        let answer: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(answer["Path"], leads, "{target}");
    }
    let answer = call(&pair.rpc, "cat?arg=/ipns/example.com".to_owned()).await;
    assert_eq!(answer.body, pair.content);
    let answer = get(&gateway, "/ipns/key".to_owned(), None).await;
    assert_eq!((answer.status, &answer.body), (200, &pair.content));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(answer.header("x-ipfs-path"), Some("/ipns/key"));
    assert_eq!(answer.header("x-ipfs-roots"), Some(pair.file.as_str()));
    let answer = get(&gateway, "/ipns/example.com".to_owned(), None).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, None));
    assert_eq!(
        get(&gateway, "/ipns/absent".to_owned(), None).await.status,
        500
    );
}
