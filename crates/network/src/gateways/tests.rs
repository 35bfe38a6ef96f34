//! Gateways that answer what tests want.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use cairn_primitives::{Codec, Multihash};
use cairn_store::exchange::{ExchangeError, VerifiedBlock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn cid(text: &str) -> Cid {
    Cid::v1(Codec::RAW, Multihash::sha2_256(text.as_bytes()))
}

/// A gateway with these bodies; returns its URL and the number of requests.
async fn gateway(bodies: HashMap<Cid, Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let (bodies, count) = (Arc::new(bodies), Arc::clone(&requests));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (bodies, count) = (Arc::clone(&bodies), Arc::clone(&count));
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    if stream.read_buf(&mut request).await.unwrap() == 0 {
                        return;
                    }
                }
                count.fetch_add(1, Ordering::Relaxed);
                let text = String::from_utf8(request).unwrap();
                let path = text.split(' ').nth(1).unwrap();
                let cid = path.strip_prefix("/ipfs/").unwrap();
                let cid: Cid = cid.strip_suffix("?format=raw").unwrap().parse().unwrap();
                let (status, body) = match bodies.get(&cid) {
                    Some(body) => ("200 OK", body.clone()),
                    None => ("404 Not Found", Vec::new()),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                // The client may stop reading.
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&body).await;
            });
        }
    });
    (url, requests)
}

fn exchange(urls: &[&String]) -> Gateways {
    let settings = Settings {
        urls: urls.iter().map(|url| (*url).clone()).collect(),
        ..Settings::default()
    };
    Gateways::new(&settings, None).unwrap()
}

/// The texts of blocks that came, in order; missing ones are left out.
async fn fetch(exchange: &dyn Exchange, texts: &[&str]) -> Vec<String> {
    let session = exchange.session(SessionRequest::new(cid("root")));
    let wants = session.want(texts.iter().map(|text| cid(text)).collect());
    let arrivals: Vec<_> = wants.collect().await;
    assert_eq!(arrivals.len(), texts.len());
    let mut found: Vec<String> = arrivals
        .into_iter()
        .filter_map(|arrival| match arrival.unwrap() {
            Arrival::Block(block) => Some(String::from_utf8(block.data().to_vec()).unwrap()),
            _ => None,
        })
        .collect();
    found.sort();
    found
}

fn bodies(texts: &[&str]) -> HashMap<Cid, Vec<u8>> {
    let bodies = texts
        .iter()
        .map(|text| (cid(text), text.as_bytes().to_vec()));
    bodies.collect()
}

#[tokio::test]
async fn blocks_come_from_whichever_gateway_has_them() {
    let (first, _) = gateway(bodies(&["a", "b"])).await;
    let (second, asked) = gateway(bodies(&["b", "c"])).await;
    let gateways = exchange(&[&first, &second]);
    assert_eq!(
        fetch(&gateways, &["a", "b", "c", "none"]).await,
        ["a", "b", "c"]
    );
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert!(fetch(&exchange(&[]), &["a"]).await.is_empty());
}

#[tokio::test]
async fn wrong_and_large_blocks_are_refused_and_their_gateway_left_alone() {
    for wrong in [b"other".to_vec(), vec![0; BLOCK + 1]] {
        let (liar, asked) = gateway(HashMap::from([(cid("a"), wrong)])).await;
        let (honest, _) = gateway(bodies(&["a"])).await;
        let gateways = exchange(&[&liar, &honest]);
        assert_eq!(fetch(&gateways, &["a"]).await, ["a"]);
        assert_eq!(fetch(&gateways, &["a"]).await, ["a"]);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_left_alone_after_some_tries() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let gateways = exchange(&[&url]);
    for _ in 0..5 {
        assert!(fetch(&gateways, &["a"]).await.is_empty());
    }
    assert!(!gateways.inner.listed[0].is_usable());
}

struct Named(String);

impl FindGateways for Named {
    fn find(&self, _: &Cid) -> BoxStream<'static, String> {
        stream::iter([self.0.clone()]).boxed()
    }
}

#[tokio::test]
async fn gateways_that_others_name_must_be_public_and_use_tls() {
    let (url, asked) = gateway(bodies(&["a"])).await;
    let secure = url.replace("http://", "https://");
    let local = secure.replace("127.0.0.1", "localhost");
    for url in [url, secure, local] {
        let finder: Arc<dyn FindGateways> = Arc::new(Named(url));
        let gateways = Gateways::new(&Settings::default(), Some(finder)).unwrap();
        assert!(!gateways.is_empty());
        assert!(fetch(&gateways, &["a"]).await.is_empty());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

/// An exchange that has some blocks, does not have others, and answers nothing about the rest.
struct Fixed {
    has: Vec<&'static str>,
    lacks: Vec<&'static str>,
    fails: bool,
}

struct FixedSession(Vec<Arrival>, bool);

impl Exchange for Fixed {
    fn session(&self, _: SessionRequest) -> Arc<dyn Session> {
        let blocks = self.has.iter().map(|text| {
            let block = VerifiedBlock::new(cid(text), Bytes::from_static(text.as_bytes()));
            Arrival::Block(block.unwrap())
        });
        let missing = self.lacks.iter().map(|text| Arrival::Missing(cid(text)));
        Arc::new(FixedSession(blocks.chain(missing).collect(), self.fails))
    }
}

impl Session for FixedSession {
    fn want(&self, cids: Vec<Cid>) -> Wants {
        let answers = self.0.iter().filter(|arrival| match arrival {
            Arrival::Block(block) => cids.contains(block.cid()),
            Arrival::Missing(cid) => cids.contains(cid),
            _ => false,
        });
        let answers: Vec<_> = answers.cloned().map(Ok).collect();
        if self.1 {
            let failed = answers.into_iter().chain([Err(ExchangeError::Closed)]);
            return stream::iter(failed.collect::<Vec<_>>()).boxed();
        }
        stream::iter(answers).chain(stream::pending()).boxed()
    }
}

#[tokio::test]
async fn what_the_first_exchange_lacks_or_delays_comes_from_the_second() {
    let first = |fails| Fixed {
        has: vec!["a"],
        lacks: vec!["b", "c"],
        fails,
    };
    let second = || Fixed {
        has: vec!["b", "d"],
        lacks: vec!["a", "c"],
        fails: false,
    };
    let after = Duration::from_millis(10);
    let both = Fallback::new(Arc::new(first(false)), Arc::new(second()), after);
    // `d` is late.
    assert_eq!(fetch(&both, &["a", "b", "c", "d"]).await, ["a", "b", "d"]);
    let both = Fallback::new(Arc::new(first(true)), Arc::new(second()), after);
    assert_eq!(fetch(&both, &["a", "b", "d"]).await, ["a", "b", "d"]);
    let session = both.session(SessionRequest::new(cid("root")));
    let answers: Vec<_> = session.want(vec![cid("a"), cid("c")]).collect().await;
    assert!(matches!(
        answers[..],
        [Ok(Arrival::Block(_)), Err(ExchangeError::Closed)]
    ));
}
