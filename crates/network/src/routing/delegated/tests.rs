//! Routers that answer what tests want.

use std::sync::Arc;

use cairn_primitives::ipns::routing_key;
use futures_util::StreamExt as _;
use libp2p::kad::RecordKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::routing::record::tests::record as ipns_record;

const PEER: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

/// A server that answers each request so; returns its URL and the requests.
pub(in crate::routing) async fn server(
    head: &str,
    body: Vec<u8>,
) -> (String, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
    let (sender, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (head, body, sender) = (head.clone(), body.clone(), sender.clone());
            tokio::spawn(async move {
                let mut request = Vec::new();
                let length = |request: &[u8]| {
                    let text = String::from_utf8_lossy(request).to_lowercase();
                    let length = text.split("content-length: ").nth(1);
                    let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
                    let head = text.find("\r\n\r\n")? + 4;
                    Some(head + length.unwrap_or(0))
                };
                while length(&request).is_none_or(|length| request.len() < length) {
                    if stream.read_buf(&mut request).await.unwrap() == 0 {
                        break;
                    }
                }
                // The test may have seen enough.
                let _ = sender.send(request);
                stream.write_all(head.as_bytes()).await.unwrap();
                // The client may stop reading.
                let _ = stream.write_all(&body).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (url, requests)
}

fn delegated(url: &str) -> Arc<Delegated> {
    let urls = [url.to_owned(), "auto".to_owned()];
    Arc::new(Delegated::new(&urls, &urls))
}

fn providers() -> Request {
    Request::Providers(RecordKey::from(
        Multihash::sha2_256(b"x").as_bytes().to_vec(),
    ))
}

async fn all(url: &str, request: &Request) -> Vec<Found> {
    delegated(url).ask(request).collect().await
}

#[test]
fn urls_name_a_router_and_perhaps_a_method() {
    let parse = |url: &str| Endpoint::parse(url).map(|it| (it.base, it.only));
    let base = "https://router.example".to_owned();
    for url in [
        "https://router.example",
        "https://router.example/routing/v1/",
    ] {
        assert_eq!(parse(url), Some((base.clone(), None)));
    }
    let only = Some("providers".to_owned());
    assert_eq!(
        parse("https://router.example/routing/v1/providers"),
        Some((base, only))
    );
    for url in ["auto", "", "ftp://x", "/ip4/127.0.0.1"] {
        assert_eq!(parse(url), None);
    }
    let methods = delegated("http://router.example/routing/v1/peers");
    assert_eq!(methods.asked(&providers()), 0);
    assert_eq!(methods.asked(&Request::Peer(libp2p::PeerId::random())), 1);
}

#[tokio::test]
async fn records_are_read_whole_and_streamed() {
    let one = format!(r#"{{"Schema":"peer","ID":"{PEER}","Addrs":["/ip4/192.0.2.1/tcp/1"]}}"#);
    let whole = format!(r#"{{"Providers":[{one},{one}]}}"#).into_bytes();
    let (url, mut requests) = server("200 OK\r\nContent-Type: application/json", whole).await;
    let found = all(&url, &providers()).await;
    assert!(matches!(&found[..], [Found::Provider(peer), _] if peer.addrs.len() == 1));
    let request = String::from_utf8(requests.recv().await.unwrap()).unwrap();
    let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(b"x"));
    assert!(request.starts_with(&format!("GET /routing/v1/providers/{cid} HTTP/1.1\r\n")));
    assert!(request.contains("application/x-ndjson"));

    let lines = format!("{one}\nnonsense\n\n{one}\n{{}}\n{one}").into_bytes();
    let (url, _requests) = server("200 OK\r\nContent-Type: application/x-ndjson", lines).await;
    assert_eq!(all(&url, &providers()).await.len(), 3);
    // Another peer than the one that was asked for is not an answer.
    assert!(
        all(&url, &Request::Peer(libp2p::PeerId::random()))
            .await
            .is_empty()
    );
    let wanted = PEER.parse::<PeerId>().unwrap().into();
    assert_eq!(all(&url, &Request::Peer(wanted)).await.len(), 3);
}

#[tokio::test]
async fn responses_are_bounded() {
    let one = format!("{{\"ID\":\"{PEER}\"}}\n");
    let kind = "200 OK\r\nContent-Type: application/x-ndjson";
    let (url, _requests) = server(kind, one.repeat(5000).into_bytes()).await;
    assert_eq!(all(&url, &providers()).await.len(), 1000);
    let long = [vec![b' '; 1 << 20], one.clone().into_bytes()].concat();
    let (url, _requests) = server(kind, long).await;
    assert!(all(&url, &providers()).await.is_empty());
    let large = [
        b"{\"Providers\":[".to_vec(),
        vec![b' '; 2 << 20],
        b"]}".to_vec(),
    ]
    .concat();
    let (url, _requests) = server("200 OK\r\nContent-Type: application/json", large).await;
    assert!(matches!(
        all(&url, &providers()).await[..],
        [Found::Failed(Failure::Router)]
    ));
}

#[tokio::test]
async fn a_router_that_has_nothing_is_no_failure_and_one_that_fails_is() {
    let (url, _requests) = server("404 Not Found", Vec::new()).await;
    assert!(all(&url, &providers()).await.is_empty());
    for (head, body) in [("500 Oh", &b"{}"[..]), ("200 OK", b"<html>")] {
        let (url, _requests) = server(head, body.to_vec()).await;
        assert!(matches!(
            all(&url, &providers()).await[..],
            [Found::Failed(Failure::Router)]
        ));
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let found = all(&url, &providers()).await;
    assert!(matches!(found[..], [Found::Failed(_)]));
}

#[tokio::test]
async fn ipns_records_are_read_and_written() {
    let (peer, value) = ipns_record(1, 1);
    let key = RecordKey::from(routing_key(&peer));
    let kind = "200 OK\r\nContent-Type: application/vnd.ipfs.ipns-record";
    let (url, mut requests) = server(kind, value.clone()).await;
    let found = all(&url, &Request::Value(key.clone())).await;
    assert!(matches!(&found[..], [Found::Value { from: None, value: found }] if *found == value));
    let request = String::from_utf8(requests.recv().await.unwrap()).unwrap();
    let path = format!("GET /routing/v1/ipns/{} ", peer.to_base36());
    assert!(request.starts_with(&path));
    let stored = all(&url, &Request::Put(key.clone(), value.clone())).await;
    assert!(matches!(stored[..], [Found::Stored(None)]));
    let request = requests.recv().await.unwrap();
    assert!(request.starts_with(b"PUT /routing/v1/ipns/"));
    assert!(request.ends_with(&value));
    // No record: a text, or more than one may have.
    let (url, _requests) = server("200 OK\r\nContent-Type: text/plain", b"none".to_vec()).await;
    assert!(all(&url, &Request::Value(key.clone())).await.is_empty());
    let (url, _requests) = server(kind, vec![0; 20 << 10]).await;
    let found = all(&url, &Request::Value(key)).await;
    assert!(matches!(found[..], [Found::Failed(Failure::Router)]));
}
