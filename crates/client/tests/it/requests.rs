//! What is sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use cairn_client::{DEFAULT_BASE, Kubo};

use super::server::{json, serve};

/// What was asked of a server: target, and headers.
type Asked = Arc<Mutex<Vec<(String, http::HeaderMap)>>>;

async fn recording(body: &'static str) -> (String, Asked) {
    let asked = Asked::default();
    let kept = asked.clone();
    let handler = move |request: Request| {
        let (head, body_) = request.into_parts();
        kept.lock()
            .unwrap()
            .push((head.uri.to_string(), head.headers));
        async move {
            axum::body::to_bytes(body_, usize::MAX).await.unwrap();
            json(body)
        }
    };
    (serve(Router::new().fallback(handler)).await, asked)
}

fn last(asked: &Asked) -> (String, http::HeaderMap) {
    asked.lock().unwrap().pop().unwrap()
}

const ADDED: &str = "{\"Name\":\"\",\"Hash\":\"bafkqaaa\",\"Size\":\"0\"}";

#[tokio::test]
async fn headers_cookies_and_credentials() {
    let (address, asked) = recording("{}").await;
    let kubo = Kubo::builder(&address)
        .basic("foo", "bar")
        .header("CustomHeader", "foobar")
        .cookie("a", "1")
        .cookie("b", "2")
        .base("other/v1/")
        .build()
        .unwrap();
    let _ = kubo.diag().sys().await;
    let (target, headers) = last(&asked);
    assert_eq!(target, "/other/v1/diag/sys");
    assert_eq!(headers["authorization"], "Basic Zm9vOmJhcg==");
    assert_eq!(headers["customheader"], "foobar");
    assert_eq!(headers["cookie"], "a=1; b=2");
    assert!(!headers.contains_key("content-type"));
    let kubo = Kubo::builder(&address).bearer("t").build().unwrap();
    let _ = kubo.diag().sys().await;
    let (target, headers) = last(&asked);
    assert_eq!(target, format!("/{DEFAULT_BASE}/diag/sys"));
    assert_eq!(headers["authorization"], "Bearer t");
    assert!(!format!("{kubo:?}").contains("Bearer"));
}

#[tokio::test]
async fn options_given_to_a_call_override_all_others() {
    let (address, asked) = recording("{\"Pins\":[]}").await;
    let kubo = Kubo::builder(&address).offline(true).build().unwrap();
    let call = kubo.pins().add(["a", "b"]).name("n").recursive(false);
    let _ = call.await;
    assert_eq!(
        last(&asked).0,
        "/api/v0/pin/add?arg=a&arg=b&recursive=false&name=n&offline=true"
    );
    // By any name of the option, and also one of the client's.
    let call = kubo
        .pins()
        .add("a")
        .recursive(false)
        .option("r", "true")
        .option("unheard-of", "1")
        .offline(false);
    let _ = call.await;
    assert_eq!(
        last(&asked).0,
        "/api/v0/pin/add?arg=a&r=true&unheard-of=1&offline=false"
    );
}

#[tokio::test]
async fn defaults_are_those_of_the_reference() {
    let (address, asked) = recording(ADDED).await;
    let kubo = Kubo::builder(&address).build().unwrap();
    // Raw leaves are what `nocopy` says, explicitly.
    kubo.add_str("a").cid_version(1).await.unwrap();
    assert_eq!(last(&asked).0, "/api/v0/add?cid-version=1&raw-leaves=false");
    kubo.add_str("a").nocopy(true).await.unwrap();
    assert_eq!(last(&asked).0, "/api/v0/add?raw-leaves=true&nocopy=true");
    kubo.add_str("a")
        .nocopy(true)
        .raw_leaves(false)
        .await
        .unwrap();
    assert_eq!(last(&asked).0, "/api/v0/add?raw-leaves=false&nocopy=true");
    kubo.add_str("a").server_raw_leaves().await.unwrap();
    assert_eq!(last(&asked).0, "/api/v0/add");
    // `resolve` takes one step, and says so.
    let _ = kubo.resolve("/ipns/a").await;
    assert_eq!(
        last(&asked).0,
        "/api/v0/resolve?arg=/ipns/a&recursive=false"
    );
    let call = kubo.resolve("/ipns/a").recursive(true);
    let _ = call.dht_timeout(Duration::from_secs(90)).await;
    assert_eq!(
        last(&asked).0,
        "/api/v0/resolve?arg=/ipns/a&dht-timeout=90s"
    );
    let _ = kubo.resolve("/ipns/a").dht_timeout("1m30s").await;
    assert!(last(&asked).0.ends_with("&dht-timeout=1m30s"));
    // Quiet: the server makes no list.
    let _ = kubo.repo().gc().quiet(true).await;
    assert_eq!(last(&asked).0, "/api/v0/repo/gc?silent=true");
}

#[tokio::test]
async fn what_is_sent_in_each_call_has_its_form() {
    let (address, asked) = recording(ADDED).await;
    let kubo = Kubo::builder(&address).build().unwrap();
    kubo.add_str("a").await.unwrap();
    let (_, headers) = last(&asked);
    let kind = headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    assert!(
        headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("cairn-client/")
    );
    let set = kubo.config().set("a.b", &serde_json::json!([1])).unwrap();
    let _ = set.await;
    assert_eq!(
        last(&asked).0,
        "/api/v0/config?arg=a.b&arg=%5B1%5D&json=true"
    );
    let _ = kubo.config().set("a.b", "text").unwrap().await;
    assert_eq!(last(&asked).0, "/api/v0/config?arg=a.b&arg=text");
    let _ = kubo.files().chmod(0o644, "/a").await;
    assert_eq!(last(&asked).0, "/api/v0/files/chmod?arg=0644&arg=/a");
    let touched = std::time::UNIX_EPOCH - Duration::from_millis(1500);
    let _ = kubo.files().touch("/a").modified(touched).await;
    assert_eq!(
        last(&asked).0,
        "/api/v0/files/touch?arg=/a&mtime=-2&mtime-nsecs=500000000"
    );
}

#[tokio::test]
async fn sessions_are_closed_and_opened_again() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = opened.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(one_by_one(stream));
        }
    });
    let kubo = Kubo::builder(&address).build().unwrap();
    for _ in 0..3 {
        kubo.diag().sys().await.unwrap();
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1);
    kubo.close();
    for _ in 0..2 {
        kubo.diag().sys().await.unwrap();
    }
    assert_eq!(opened.load(Ordering::Relaxed), 2);
    let kubo = Kubo::builder(&address).session(false).build().unwrap();
    for _ in 0..2 {
        kubo.diag().sys().await.unwrap();
    }
    assert_eq!(opened.load(Ordering::Relaxed), 4);
}

/// Answers requests without bodies on one connection.
async fn one_by_one(stream: tokio::net::TcpStream) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (mut from, mut to) = stream.into_split();
    let mut head = Vec::new();
    while let Ok(byte) = from.read_u8().await {
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            let answer =
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
            if to.write_all(answer).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_dropped_stream_ends_its_connection() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1c\r\n{\"Cid\":\"bafkqaaa\",\"Ok\":true}";
        stream.write_all(head).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
        // Ends when the client is gone.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let kubo = Kubo::builder(&address).build().unwrap();
    let mut items = kubo.pins().verify().stream();
    assert!(items.try_next().await.unwrap().is_some());
    drop(items);
    tokio::time::timeout(Duration::from_secs(20), server)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_proxy_is_asked_in_place_of_the_server() {
    let (proxy, asked) = recording("{}").await;
    let kubo = Kubo::builder("http://node.invalid:5001")
        .proxy(&proxy)
        .build()
        .unwrap();
    kubo.diag().sys().await.unwrap();
    assert_eq!(last(&asked).0, "http://node.invalid:5001/api/v0/diag/sys");
}
