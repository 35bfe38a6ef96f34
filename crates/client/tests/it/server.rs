//! Servers of a test, on ports of their own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use cairn_client::{Kubo, Retry};
use http::{HeaderName, StatusCode};

/// A client that neither checks a version nor tries again.
pub(crate) fn client(address: &str) -> Kubo {
    Kubo::builder(address).retry(Retry::NEVER).build().unwrap()
}

/// Serves a router; gives its address.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A server that answers every request with one answer.
pub(crate) async fn answering(status: StatusCode, kind: &'static str, body: &'static str) -> Kubo {
    let handler = move || async move { (status, [("content-type", kind)], body) };
    client(&serve(Router::new().fallback(handler)).await)
}

/// An answer of JSON.
pub(crate) fn json(body: impl Into<String>) -> Response {
    let kind = (HeaderName::from_static("content-type"), "application/json");
    ([kind], body.into()).into_response()
}

/// A server that reads the head of each request and writes these bytes, then does as it is told.
pub(crate) fn raw(bytes: &'static [u8], then: fn(TcpStream)) -> Kubo {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                }
                let _ = stream.write_all(bytes);
                then(stream);
            });
        }
    });
    client(&address)
}

/// Breaks the connection off, without the end of a TCP stream where that is possible.
pub(crate) fn reset(stream: TcpStream) {
    drop(stream);
}

/// Ends the answer, and reads what the client still sends: what is unread when a connection is closed resets it.
pub(crate) fn finish(mut stream: TcpStream) {
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

/// Keeps the connection and says nothing more.
pub(crate) fn hold(stream: TcpStream) {
    std::thread::sleep(std::time::Duration::from_secs(60));
    drop(stream);
}
