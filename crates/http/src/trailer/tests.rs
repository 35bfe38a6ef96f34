use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::stream::{StreamBody, StreamFailure, Trailers};

/// What the test server sends, then how it ends.
#[derive(Clone)]
struct Script {
    pieces: Vec<Bytes>,
    ending: Option<StreamFailure>,
}

async fn answer(State(script): State<Script>, request: Request) -> Response {
    let wants = request.headers().contains_key("te");
    let trailers = match request.extensions().get::<Slot>() {
        Some(slot) if !wants => Trailers::Slot(slot.clone()),
        _ => Trailers::Frame,
    };
    let pieces = script
        .pieces
        .into_iter()
        .map(Ok)
        .chain(script.ending.map(Err));
    let mut response = Response::new(Body::new(StreamBody::new(
        futures_util::stream::iter(pieces).boxed(),
        trailers,
    )));
    response
        .headers_mut()
        .insert("trailer", "X-Stream-Error".parse().unwrap());
    response
}

/// Sends requests over one connection and reads all that comes back.
async fn exchange(script: Script, requests: &str) -> String {
    let listener = crate::listen::bind(&"/ip4/127.0.0.1/tcp/0".parse().unwrap(), None)
        .await
        .unwrap();
    let address = listener.socket_address().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(crate::listen::serve(
        listener,
        crate::listen::Face::new(Router::new().fallback(answer).with_state(script)),
        stop.clone(),
    ));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(requests.as_bytes()).await.unwrap();
    let mut out = Vec::new();
    client.read_to_end(&mut out).await.unwrap();
    stop.cancel();
    server.await.unwrap();
    String::from_utf8_lossy(&out).into_owned()
}

const ONCE: &str = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn what_was_told_ends_whole_with_a_trailer() {
    let script = Script {
        pieces: vec![Bytes::from_static(b"hello")],
        ending: Some(StreamFailure::Trailer("two\r\nlines".into())),
    };
    let answer = exchange(script, ONCE).await;
    assert!(
        answer.ends_with("5\r\nhello\r\n0\r\nX-Stream-Error: two  lines\r\n\r\n"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_trailer_without_a_body_and_after_a_large_one() {
    let answer = exchange(
        Script {
            pieces: vec![],
            ending: Some(StreamFailure::Trailer("none".into())),
        },
        ONCE,
    )
    .await;
    assert!(
        answer.ends_with("\r\n\r\n0\r\nX-Stream-Error: none\r\n\r\n"),
        "{answer:?}"
    );
    // The last piece looks like a terminator, and is none.
    let large = vec![
        Bytes::from(vec![b'x'; 3 << 20]),
        Bytes::from_static(b"0\r\n\r\n"),
    ];
    let answer = exchange(
        Script {
            pieces: large,
            ending: Some(StreamFailure::Trailer("large".into())),
        },
        ONCE,
    )
    .await;
    assert!(
        answer.ends_with("5\r\n0\r\n\r\n\r\n0\r\nX-Stream-Error: large\r\n\r\n"),
        "{}",
        &answer[answer.len() - 200..]
    );
}

#[tokio::test]
async fn the_connection_lives_on_after_a_trailer() {
    let script = Script {
        pieces: vec![Bytes::from_static(b"hi")],
        ending: Some(StreamFailure::Trailer("t".into())),
    };
    let listener = crate::listen::bind(&"/ip4/127.0.0.1/tcp/0".parse().unwrap(), None)
        .await
        .unwrap();
    let address = listener.socket_address().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(crate::listen::serve(
        listener,
        crate::listen::Face::new(Router::new().fallback(answer).with_state(script)),
        stop.clone(),
    ));
    let mut client = TcpStream::connect(address).await.unwrap();
    for _ in 0..3 {
        client
            .write_all(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut out = Vec::new();
        while !out.ends_with(b"X-Stream-Error: t\r\n\r\n") {
            assert!(
                client.read_buf(&mut out).await.unwrap() > 0,
                "{}",
                String::from_utf8_lossy(&out)
            );
        }
    }
    stop.cancel();
    drop(client);
    server.await.unwrap();
}

#[tokio::test]
async fn what_is_cut_never_looks_whole() {
    let script = Script {
        pieces: vec![Bytes::from_static(b"hello")],
        ending: Some(StreamFailure::Cut("gone".into())),
    };
    let answer = exchange(script, ONCE).await;
    assert!(answer.ends_with("5\r\nhello\r\n"), "{answer:?}");
}

#[tokio::test]
async fn a_client_that_asks_for_trailers_is_told_and_never_deceived() {
    let ask = "POST / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: close\r\n\r\n";
    let script = |ending| Script {
        pieces: vec![Bytes::from_static(b"hello")],
        ending: Some(ending),
    };
    let answer = exchange(script(StreamFailure::Trailer("gone".into())), ask).await;
    assert!(
        answer
            .to_ascii_lowercase()
            .ends_with("0\r\nx-stream-error: gone\r\n\r\n"),
        "{answer:?}"
    );
    // What is cut is cut: a trailer would end it as a whole one.
    let answer = exchange(script(StreamFailure::Cut("gone".into())), ask).await;
    assert!(answer.ends_with("5\r\nhello\r\n"), "{answer:?}");
}
