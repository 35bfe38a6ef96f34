//! A peer behind nginx, with the configuration that `docs/cluster.md` shows.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use cairn_testkit::fixture::stream;
use cairn_testkit::http;
use cairn_testkit::nginx::Nginx;
use serde_json::Value;

use super::rest::{BOUNDARY, Peer, login, part_head, until};

/// The configuration of the page, for this peer.
fn configuration(peer: &Peer) -> String {
    let page = include_str!("../../../../../docs/cluster.md");
    let (_, snippet) = page.split_once("```nginx\n").unwrap();
    let (snippet, _) = snippet.split_once("```").unwrap();
    assert!(snippet.contains("http://10.0.0.1:9094"), "{snippet}");
    snippet.replace("http://10.0.0.1:9094", &peer.url)
}

/// The same peer behind nginx.
fn behind(peer: Peer) -> Option<(Peer, Nginx)> {
    let nginx = Nginx::start_or_skip(&configuration(&peer))?;
    let url = nginx.url();
    Some((Peer { url, ..peer }, nginx))
}

/// A request whose body is sent in pieces, while its response is read.
struct Upload {
    connection: TcpStream,
    response: BufReader<TcpStream>,
    /// Bytes of records that were received and are still to be read.
    received: Vec<u8>,
}

impl Upload {
    /// Begins to add a file of so many bytes.
    fn begin(peer: &Peer, query: &str, length: usize) -> Self {
        let head = part_head("big");
        let length = head.len() + length + BOUNDARY.len() + 8;
        let login = login();
        let connection = TcpStream::connect(http::authority(&peer.url).unwrap()).unwrap();
        connection
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let response = BufReader::new(connection.try_clone().unwrap());
        let mut upload = Self {
            connection,
            response,
            received: Vec::new(),
        };
        upload.send(
            format!(
                "POST /add?{query} HTTP/1.1\r\nHost: cluster.example\r\nAuthorization: {login}\r\n\
                 Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n{head}"
            )
            .as_bytes(),
        );
        upload
    }

    fn send(&mut self, bytes: &[u8]) {
        self.connection.write_all(bytes).unwrap();
    }

    fn end(&mut self) {
        self.send(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.response.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the response was cut off");
        line.trim_end().to_owned()
    }

    /// The next record of a chunked response; `None` at its end. nginx sends what it has as one chunk: several records, and
    /// parts of one.
    fn record(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let length = usize::from_str_radix(&self.line(), 16).unwrap();
            let mut chunk = vec![0; length + 2];
            self.response.read_exact(&mut chunk).unwrap();
            if length == 0 {
                assert!(self.received.is_empty());
                return None;
            }
            self.received.extend_from_slice(&chunk[..length]);
        }
    }
}

#[test]
fn an_upload_that_reports_its_progress_arrives() {
    let Some((peer, nginx)) = behind(Peer::start(&[])) else {
        return;
    };
    // Beyond the size of bodies that nginx allows unless it is told otherwise, and of its buffers.
    let data = stream("big", 6 << 20);
    for round in 0..8 {
        let mut upload = Upload::begin(&peer, "progress=true&cid-version=1&name=big", data.len());
        // nginx passes on no more of an upload whose response has started once its connection to the peer is full.
        upload.send(&data);
        upload.end();
        assert_eq!(upload.line(), "HTTP/1.1 200 OK", "round {round}");
        while !upload.line().is_empty() {}
        let (mut bytes, mut last) = (0, Value::Null);
        while let Some(record) = upload.record() {
            bytes = bytes.max(record["bytes"].as_u64().unwrap_or_default());
            last = record;
        }
        assert!(bytes >= 6 << 20, "{bytes}");
        let cid = last["cid"]
            .as_str()
            .unwrap_or_else(|| panic!("{last} {}", nginx.log()));
        let rpc = cairn_testkit::rpc::Rpc::new(&peer.daemon.rpc());
        assert_eq!(rpc.cat(cid).unwrap(), data);
        until("it is pinned", || peer.holders(cid) == [peer.id()]);
    }
}

#[test]
fn a_folder_of_many_files_arrives() {
    let Some((peer, _nginx)) = behind(Peer::start(&[])) else {
        return;
    };
    // The records of the first files are there long before the last ones have been sent.
    let files: Vec<(String, Vec<u8>)> = (0..1_500)
        .map(|number| {
            let name = format!("folder%2F{number}");
            (name, stream(&format!("file {number}"), 4_000))
        })
        .collect();
    let mut upload = Vec::new();
    for (name, data) in &files {
        upload.extend_from_slice(part_head(name).as_bytes());
        upload.extend_from_slice(data);
        upload.extend_from_slice(b"\r\n");
    }
    upload.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let form = format!("multipart/form-data; boundary={BOUNDARY}");
    for round in 0..3 {
        let headers = [("Content-Type".to_owned(), form.clone())];
        let target = format!("/add?name=round{round}");
        let answer = peer.with("POST", &target, &headers, Some(&upload));
        assert_eq!((answer.status, answer.aborted), (200, false));
        // And the folder.
        assert_eq!(
            answer.text().lines().count(),
            files.len() + 1,
            "round {round}"
        );
    }
}

#[test]
fn bodies_credentials_and_streams_pass() {
    let Some((peer, _nginx)) = behind(Peer::start(&[])) else {
        return;
    };
    // Without credentials the peer refuses, and its answer comes through.
    let refused = peer.with(
        "GET",
        "/id",
        &[("Authorization".to_owned(), String::new())],
        None,
    );
    assert_eq!(refused.status, 401);
    let challenge = refused.header("www-authenticate").unwrap_or_default();
    assert!(challenge.contains("Basic"), "{challenge}");
    assert_eq!(peer.ask("GET", "/health").status, 204);

    // A body of 40 MiB, and many records.
    let data = stream("body", 40 << 20);
    let big = peer.add("body", &data, "name=body");
    for number in 0..5 {
        peer.add(
            &format!("file {number}"),
            format!("{number}").as_bytes(),
            "",
        );
    }
    for target in ["/allocations", "/pins"] {
        let answer = peer.ask("GET", target);
        assert_eq!((answer.status, answer.aborted), (200, false));
        assert_eq!(answer.text().lines().count(), 6);
    }
    // Redirects lead back through nginx, and paths with encoded characters arrive as they were sent.
    let redirected = peer.ask("GET", "/id/");
    assert_eq!(redirected.status, 307);
    let location = redirected.header("location").unwrap_or_default();
    assert!(
        location == "/id" || location == format!("{}/id", peer.url),
        "{location}"
    );
    let removed = peer.ask("DELETE", &format!("/pins/{big}"));
    assert_eq!(removed.status, 200);
}
