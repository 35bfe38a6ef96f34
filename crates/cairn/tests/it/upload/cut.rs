//! Uploads that are cut off, and the memory that large ones take.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use cairn_testkit::{fixture, http};

use super::{Server, car, leaf, node};

/// Sends the start of a request whose length is announced, and closes the connection.
fn send_cut(server: &Server, kind: &str, body: &[u8], sent: usize) {
    let base = server.daemon.upload().unwrap();
    let authority = http::authority(&base).unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        server.token,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..sent]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{kind}");
}

pub(crate) fn a_cut_upload_leaves_nothing(server: &Server) {
    let before = server.blocks();
    let data = fixture::stream("cut", 3_000_000);
    let mut form =
        b"--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
            .to_vec();
    form.extend_from_slice(&data);
    form.extend_from_slice(b"\r\n--bound--\r\n");
    let leaves: Vec<_> = data.chunks(100_000).map(leaf).collect();
    let root = node(&leaves.iter().collect::<Vec<_>>());
    let mut blocks = vec![&root];
    blocks.extend(&leaves);
    let archive = car(&[&root], &blocks);
    for (kind, body) in [
        ("application/octet-stream", &data),
        ("multipart/form-data; boundary=bound", &form),
        ("application/car", &archive),
    ] {
        for sent in [0, 100, 1_500_000, body.len() - 1] {
            send_cut(server, kind, body, sent);
        }
    }
    assert_eq!(server.count(), 0);
    server.wait_until("the blocks are collected", || {
        server.collect();
        server.blocks() <= before
    });
}

/// Sends a body in chunks that are made as they are sent.
fn send_chunked(server: &Server, kind: &str, chunks: impl Iterator<Item = Vec<u8>>) -> String {
    let base = server.daemon.upload().unwrap();
    let authority = http::authority(&base).unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(120)))
        .unwrap();
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        server.token,
    );
    stream.write_all(head.as_bytes()).unwrap();
    for chunk in chunks {
        stream
            .write_all(format!("{:x}\r\n", chunk.len()).as_bytes())
            .unwrap();
        stream.write_all(&chunk).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn large_uploads_take_little_memory() {
    const SIZE: usize = 300 << 20;
    const CHUNK: usize = 1 << 20;
    let server = Server::start();
    let chunks = || (0..SIZE / CHUNK).map(|at| fixture::stream(&format!("{at}"), CHUNK));
    // What any upload takes once.
    send_chunked(&server, "image/png", chunks().take(40));
    let peak = || server.daemon.memory("VmHWM").unwrap();
    let before = peak();
    let answer = send_chunked(&server, "image/png", chunks());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let grown = peak().saturating_sub(before);
    assert!(grown < 100 << 20, "{} MiB", grown >> 20);
}
