//! Without an async runtime.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

use cairn_client::blocking::{Iterate as _, ReadBytes as _, Wait as _};
use cairn_client::{ErrorKind, Kubo, Retry};

/// A server that answers by the target of each request.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
            let target = lines.next().unwrap();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let body = match target.split(['?', ' ']).nth(1).unwrap() {
                "/api/v0/version" => {
                    r#"{"Version":"0.42.0","Commit":"","Repo":"18","System":"a/b","Golang":"go"}"#
                }
                "/api/v0/cat" => "hello\n",
                "/api/v0/refs/local" => {
                    "{\"Ref\":\"bafkqaaa\",\"Err\":\"\"}\n{\"Ref\":\"\",\"Err\":\"torn\"}\n"
                }
                other => panic!("{other}"),
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            (&stream).write_all(head.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn calls_streams_and_bytes_can_be_waited_for() {
    let kubo = Kubo::builder(serve())
        .retry(Retry::NEVER)
        .connect()
        .wait()
        .unwrap();
    assert_eq!(kubo.version().wait().unwrap().version, "0.42.0");
    assert_eq!(kubo.cat("a").to_vec(100).wait().unwrap(), b"hello\n");
    let mut text = String::new();
    let mut reader = kubo.cat("a").wait().unwrap().reader();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello\n");
    let mut blocks = kubo.refs_local().stream().iter();
    assert_eq!(blocks.next().unwrap().unwrap().to_string(), "bafkqaaa");
    let error = blocks.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartialResponse);
    assert!(blocks.next().is_none());
}

#[tokio::test]
async fn a_thread_of_another_runtime_may_wait() {
    let kubo = Kubo::builder(serve()).build().unwrap();
    assert_eq!(kubo.version().wait().unwrap().version, "0.42.0");
}
