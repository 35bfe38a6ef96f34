//! Uploads that are cut off, and bodies that are not what they say.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use cairn_testkit::fixture;
use cairn_testkit::http::{self, Request};
use cairn_testkit::rpc::{Rpc, multipart_headers, one_file};
use cairn_testkit::server::{Daemon, Repository};

fn started() -> (Repository, Daemon) {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    (repository, daemon)
}

/// Sends the start of a body whose length is announced, then closes its side, and returns what comes back.
fn cut_upload(daemon: &Daemon, target: &str, body: &[u8], sent: usize) -> String {
    let mut stream = TcpStream::connect(daemon.rpc_address().unwrap()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let content_type = &multipart_headers()[0].1;
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        daemon.rpc_address().unwrap(),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..sent]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The answer is whole and tells of no failure.
fn is_success(answer: &str) -> bool {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    head.starts_with("HTTP/1.1 200")
        && (!chunked || body.ends_with("\r\n0\r\n\r\n") || body == "0\r\n\r\n")
}

#[test]
fn an_upload_that_breaks_off_is_never_answered_as_done() {
    let (_repository, daemon) = started();
    let rpc = Rpc::new(&daemon.rpc());
    let before = rpc.recursive_pins().unwrap();
    let body = one_file(&fixture::stream("cut", 2_000_000));
    for target in ["/api/v0/add", "/api/v0/block/put?pin=true"] {
        for sent in [10, 200, 300_000, body.len() - 30] {
            let answer = cut_upload(&daemon, target, &body, sent);
            assert!(
                !is_success(&answer),
                "{target} after {sent} bytes: {answer}"
            );
        }
    }
    assert_eq!(
        rpc.recursive_pins().unwrap(),
        before,
        "nothing of it is pinned"
    );
    rpc.verify().unwrap();
}

#[test]
fn a_body_without_its_closing_boundary_is_refused() {
    let (_repository, daemon) = started();
    let rpc = Rpc::new(&daemon.rpc());
    let before = rpc.recursive_pins().unwrap();
    let whole = one_file(&fixture::stream("unclosed", 400_000));
    for cut in [2, 4, 40, 300_000] {
        let headers = multipart_headers();
        let body = &whole[..whole.len() - cut];
        let request = Request {
            headers: &headers,
            body: Some(body),
            ..Request::new("POST", "/api/v0/add")
        };
        // The connection may be ended instead: that is a refusal too.
        let Ok(answer) = http::exchange(&daemon.rpc(), &request) else {
            continue;
        };
        let failed = answer.status != 200
            || answer.aborted
            || answer.trailers.contains_key("x-stream-error");
        assert!(
            failed || cut <= 4,
            "without the last {cut} bytes: {answer:?}"
        );
    }
    let after: Vec<_> = rpc
        .recursive_pins()
        .unwrap()
        .difference(&before)
        .cloned()
        .collect();
    for cid in after {
        // A body whose boundary was still told whole may count; then it holds the whole file.
        assert!(
            rpc.cat(&cid).unwrap() == fixture::stream("unclosed", 400_000),
            "{cid}"
        );
    }
    rpc.verify().unwrap();
}

#[test]
fn a_body_may_hold_more_arguments() {
    let (_repository, daemon) = started();
    // `ipfs` sends the first line that it is given in the query and the others in the body.
    let answer = http::exchange(
        &daemon.rpc(),
        &Request {
            headers: &multipart_headers(),
            body: Some(&one_file(b"bafkqabtimvwgy3yk\nbafkqabtimvwgy3yk\n")),
            ..Request::new("POST", "/api/v0/cat?arg=bafkqabtimvwgy3yk")
        },
    )
    .unwrap();
    assert_eq!(answer.text(), "hello\n".repeat(3));
}
