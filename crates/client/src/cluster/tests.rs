use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};

use super::*;
use crate::error::TransportError;
use crate::transport::{Body, Transport};

const CID: &str = "bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna";

type Answer = Result<(u16, String), TransportError>;

/// A peer with prepared answers, which records the requests.
#[derive(Clone, Default)]
struct Prepared {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Prepared {
    fn with(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            requests: Arc::default(),
        }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Prepared {
    fn send(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let line = format!("{} {}", request.method(), request.uri());
        self.requests.lock().unwrap().push(line);
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move {
            let (status, body) = answer.expect("no more requests are expected")?;
            let body = Full::new(bytes::Bytes::from(body))
                .map_err(|never| match never {})
                .boxed_unsync();
            let mut response = Response::new(body);
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        })
    }

    fn close(&self) {}
}

fn fine(body: &str) -> Answer {
    Ok((200, body.to_owned()))
}

fn refused(status: u16, message: &str) -> Answer {
    Ok((
        status,
        format!("{{\"code\":{status},\"message\":\"{message}\"}}"),
    ))
}

fn unreachable() -> Answer {
    Err(TransportError::Connect {
        address: "there".to_owned(),
        source: "refused".into(),
    })
}

fn broken() -> Answer {
    Err(TransportError::Broken("gone".into()))
}

const VERSION: &str = "{\"version\":\"1.1.6\"}";

fn pin() -> String {
    let pin = Pin::new(CID.parse().unwrap());
    serde_json::to_string(&pin).unwrap()
}

#[tokio::test]
async fn the_next_peer_is_asked_and_kept() {
    let dead = Prepared::with([unreachable(), unreachable()]);
    let live = Prepared::with([fine(VERSION), fine(VERSION)]);
    let cluster = Cluster::over([dead.clone(), live.clone()]);
    assert_eq!(cluster.version().await.unwrap().version, "1.1.6");
    assert_eq!(cluster.version().await.unwrap().version, "1.1.6");
    assert_eq!(dead.requests().len(), 1);
    assert_eq!(live.requests().len(), 2);
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_at_another_peer() {
    let cid = CID.parse().unwrap();
    let first = Prepared::with([broken(), broken(), refused(503, "no database")]);
    let second = Prepared::with([fine(VERSION), fine(&pin())]);
    let cluster = Cluster::over([first.clone(), second.clone()]);
    // A pin that may have been made is not repeated.
    let outcome = cluster.pin(&cid, &PinOptions::default()).await;
    assert!(matches!(outcome, Err(ClusterError::Connection(_))));
    assert!(second.requests().is_empty());
    // A request that changes nothing is.
    assert!(cluster.version().await.is_ok());
    // And so is one that was refused without being done, from the peer that now comes first.
    second.answers.lock().unwrap().clear();
    let again = Cluster::over([first.clone(), Prepared::with([fine(&pin())])]);
    assert!(again.pin(&cid, &PinOptions::default()).await.is_ok());
}

#[tokio::test]
async fn when_no_peer_answers_each_is_named() {
    let peers = [
        Prepared::with([unreachable()]),
        Prepared::with([unreachable()]),
    ];
    let error = Cluster::over(peers).id().await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("no peer of the cluster answered: peer 0: "),
        "{text}"
    );
    assert!(text.contains("; peer 1: cannot connect to there"), "{text}");
    let alone = Cluster::over([Prepared::with([unreachable()])]);
    let error = alone.id().await.unwrap_err();
    assert!(matches!(error, ClusterError::Connection(_)), "{error}");
}

#[tokio::test]
async fn errors_are_those_of_the_peer() {
    let peer = Prepared::with([
        refused(404, "pin is not part of the pinset"),
        Ok((405, String::new())),
        refused(401, "unauthorized: no auth provided"),
    ]);
    let cluster = Cluster::over([peer]);
    let cid = CID.parse().unwrap();
    let error = cluster.unpin(&cid).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), "pin is not part of the pinset");
    let error = cluster.id().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
    assert!(cluster.id().await.unwrap_err().is_unauthorized());
}

#[tokio::test]
async fn requests_are_those_of_the_api() {
    let peer = Prepared::with([fine(&pin()), fine(""), fine(&pin())]);
    let cluster = Cluster::over([peer.clone()]);
    let cid = CID.parse().unwrap();
    let options = PinOptions::new()
        .named("a b")
        .replicated(1, 2)
        .tagged("k", "v")
        .expiring_in(std::time::Duration::from_secs(5400));
    cluster.pin(&cid, &options).await.unwrap();
    let query = StatusQuery::new()
        .local()
        .filter([StatusFilter::Error, StatusFilter::Queued]);
    assert!(
        cluster
            .statuses(&query)
            .await
            .unwrap()
            .all()
            .await
            .unwrap()
            .is_empty()
    );
    let path = format!("{CID}/a b/ü");
    cluster.unpin_path(Namespace::Ipfs, &path).await.unwrap();
    assert_eq!(
        peer.requests(),
        [
            format!(
                "POST /pins/{CID}?name=a%20b&mode=recursive&replication%2Dmin=1&replication%2Dmax=2&shard%2Dsize=0&expire%2Din=1h30m0s&meta%2Dk=v"
            ),
            "GET /pins?local=true&filter=error%2Cqueued".to_owned(),
            format!("DELETE /pins/ipfs/{CID}/a%20b/%C3%BC"),
        ]
    );
}

#[tokio::test]
async fn an_upload_goes_to_a_healthy_peer() {
    let added = format!("{{\"name\":\"a\",\"cid\":\"{CID}\",\"size\":3}}\n");
    let progress = "{\"name\":\"\",\"cid\":null,\"bytes\":3}\n";
    let dead = Prepared::with([unreachable()]);
    let live = Prepared::with([
        Ok((204, String::new())),
        fine(&format!("{progress}{added}")),
    ]);
    let cluster = Cluster::over([dead.clone(), live.clone()]);
    let outcome = cluster.add(b"abc").name("n").await.unwrap();
    assert_eq!(outcome.root().unwrap().to_string(), CID);
    assert_eq!(outcome.added.len(), 1);
    assert_eq!(dead.requests(), ["GET /health"]);
    let sent = live.requests();
    assert_eq!(sent.len(), 2);
    assert!(
        sent[1].starts_with("POST /add?") && sent[1].contains("name=n"),
        "{}",
        sent[1]
    );

    let list = Prepared::with([fine(&format!("[{}]", added.trim())), fine("[]")]);
    let cluster = Cluster::over([list]);
    let outcome = cluster.add(b"abc").buffered(true).await.unwrap();
    assert_eq!(outcome.added.len(), 1);
    let nothing = cluster.add(b"abc").buffered(true).await.unwrap();
    assert!(matches!(nothing.root(), Err(ClusterError::NothingAdded)));
}

#[tokio::test]
async fn the_root_of_sharded_content_is_not_a_shard() {
    let node = |name: &str| format!("{{\"name\":\"{name}\",\"cid\":\"{CID}\"}}\n");
    let names = ["shard-0", "big", "shard-1", "n-clusterDAG"];
    let lines: String = names.iter().map(|name| node(name)).collect();
    let cluster = Cluster::over([Prepared::with([fine(&lines), fine(&lines)])]);
    let sharded = cluster.add(b"abc").name("n").sharded(1 << 20);
    let outcome = sharded.await.unwrap();
    assert_eq!(outcome.shards.len(), 3);
    assert_eq!(outcome.added.len(), 1);
    // Without sharding these are names of files.
    let plain = cluster.add(b"abc").name("n").await.unwrap();
    assert_eq!(plain.added.len(), 4);
}
