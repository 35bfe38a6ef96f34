//! The upload API of a daemon, over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod cars;
mod commands;
mod cut;
mod files;
mod lists;
mod store;

use bytes::Bytes;
use cairn_primitives::car::v1;
use cairn_primitives::codec::dag_cbor;
use cairn_primitives::{Block, Cid, Codec, Ipld, Multihash};
use cairn_testkit::http::{self, Answer, Request};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use serde_json::Value;

/// The media type of every JSON answer.
const JSON: &str = "application/json;charset=UTF-8";

/// A daemon with the upload API, and a token for it.
pub(crate) struct Server {
    // Before its repository, which the daemon uses until it ends.
    pub(crate) daemon: Daemon,
    pub(crate) repository: Repository,
    pub(crate) token: String,
}

/// A request to the upload API.
pub(crate) struct Call<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn start_with(configure: impl FnOnce(&mut Value)) -> Self {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        repository
            .configure(|config| {
                config["Addresses"]["Upload"] = "/ip4/127.0.0.1/tcp/0".into();
                config["Accounts"]["UploadRate"] = "unlimited".into();
                configure(config);
            })
            .unwrap();
        let daemon = repository.start(&["--offline"]).unwrap();
        let token = token(&repository, &["tests", "--scope", "upload"]);
        Self {
            daemon,
            repository,
            token,
        }
    }

    /// A request with the server's token.
    pub(crate) fn call<'a>(&self, method: &'a str, target: &'a str) -> Call<'a> {
        Call {
            method,
            target,
            headers: Vec::new(),
            body: None,
        }
        .header("Authorization", &format!("Bearer {}", self.token))
    }

    pub(crate) fn send(&self, call: &Call<'_>) -> Answer {
        let base = self.daemon.upload().expect("an upload server");
        let request = Request {
            headers: &call.headers,
            body: call.body.as_deref(),
            ..Request::new(call.method, call.target)
        };
        http::exchange(&base, &request).unwrap()
    }

    /// Sends a request that succeeds, and returns the `value` of its answer.
    pub(crate) fn value(&self, call: &Call<'_>) -> Value {
        let answer = self.send(call);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(JSON));
        let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["ok"], true);
        body["value"].take()
    }

    /// Sends a request that is refused, and returns the code and the message.
    pub(crate) fn refusal(&self, call: &Call<'_>, status: u16) -> (String, String) {
        let answer = self.send(call);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(JSON));
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["ok"], false);
        let text = |field: &str| body["error"][field].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }

    /// Uploads bytes.
    pub(crate) fn upload(&self, kind: &str, body: &[u8]) -> Value {
        self.value(&self.call("POST", "/upload").kind(kind).body(body))
    }

    /// How many uploads are listed.
    pub(crate) fn count(&self) -> usize {
        let listed = self.value(&self.call("GET", "/?limit=1000"));
        listed.as_array().unwrap().len()
    }

    pub(crate) fn rpc(&self) -> Rpc {
        Rpc::new(&self.daemon.rpc())
    }

    /// A file's bytes, at a path below a CID.
    pub(crate) fn cat(&self, path: &str) -> Vec<u8> {
        self.rpc().cat(path).unwrap()
    }

    /// The JSON answer of a command.
    pub(crate) fn ask(&self, command: &str) -> Value {
        let answer = self.rpc().call(command, None).unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Collects garbage.
    pub(crate) fn collect(&self) {
        self.rpc().collect().unwrap();
    }

    /// Whether the node has a block.
    pub(crate) fn has_block(&self, cid: &str) -> bool {
        let command = format!("block/stat?offline=true&arg={cid}");
        self.rpc().request(&command, None).unwrap().status == 200
    }

    /// How many blocks the node has.
    pub(crate) fn blocks(&self) -> u64 {
        self.ask("repo/stat")["NumObjects"].as_u64().unwrap()
    }

    /// Waits until a condition holds.
    pub(crate) fn wait_until(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !condition() {
            assert!(
                std::time::Instant::now() < deadline,
                "{what}\n{}",
                self.daemon.log()
            );
            std::thread::yield_now();
        }
    }
}

/// Makes a token.
pub(crate) fn token(repository: &Repository, arguments: &[&str]) -> String {
    let arguments = [&["token", "create"], arguments].concat();
    repository.run(&arguments).unwrap().trim().to_owned()
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn kind(self, kind: &str) -> Self {
        self.header("Content-Type", kind)
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self
    }

    /// Without the server's token, or with another one.
    pub(crate) fn token(mut self, token: Option<&str>) -> Self {
        self.headers.retain(|(name, _)| name != "Authorization");
        match token {
            Some(token) => self.header("Authorization", &format!("Bearer {token}")),
            None => self,
        }
    }

    /// A form; each part has the fields of its `Content-Disposition`, a media type that may be empty, and bytes.
    pub(crate) fn form(self, parts: &[(&str, &str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (disposition, kind, data) in parts {
            body.extend_from_slice(b"--bound\r\nContent-Disposition: form-data; ");
            body.extend_from_slice(disposition.as_bytes());
            if !kind.is_empty() {
                body.extend_from_slice(format!("\r\nContent-Type: {kind}").as_bytes());
            }
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(data);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--bound--\r\n");
        self.kind("multipart/form-data; boundary=bound").body(&body)
    }
}

/// A raw block.
pub(crate) fn leaf(data: &[u8]) -> Block {
    let data = Bytes::copy_from_slice(data);
    Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
}

/// A node that links to blocks.
pub(crate) fn node(links: &[&Block]) -> Block {
    let links = links.iter().map(|block| Ipld::Link(block.cid.clone()));
    let data = dag_cbor::encode(&Ipld::List(links.collect())).unwrap();
    let data = Bytes::from(data);
    Block::new(Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&data)), data)
}

/// A CAR.
pub(crate) fn car(roots: &[&Block], blocks: &[&Block]) -> Vec<u8> {
    let roots: Vec<Cid> = roots.iter().map(|block| block.cid.clone()).collect();
    let mut car = Vec::new();
    v1::write_header(&roots, &mut car);
    for block in blocks {
        v1::write_block_prefix(&block.cid, block.data.len(), &mut car);
        car.extend_from_slice(&block.data);
    }
    car
}
