//! The pinning service of a daemon, over HTTP.

use std::time::Instant;

use cairn_primitives::{Cid, Codec, Multihash};
use cairn_testkit::http::{Answer, ask};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use cairn_testkit::wait::until;
use serde_json::{Value, json};

/// A daemon, and a token of one of its accounts.
struct Node {
    repository: Repository,
    daemon: Daemon,
    token: String,
}

/// A token of a new account.
fn token(repository: &Repository, account: &str) -> String {
    repository.run(&["account", "create", account]).unwrap();
    let arguments = [account, "--account", account, "--scope", "pin"];
    repository.token(&arguments).unwrap()
}

impl Node {
    fn start(arguments: &[&str]) -> Self {
        let hurried = json!({ "RetryWait": "1s", "Search": "1s", "Stall": "2s" });
        Self::start_with(arguments, |config| config["PinQueue"] = hurried)
    }

    fn start_with(arguments: &[&str], configure: impl FnOnce(&mut Value)) -> Self {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        repository
            .configure(|config| {
                config["Services"]["AllowPrivateOrigins"] = true.into();
                configure(config);
            })
            .unwrap();
        let token = token(&repository, "owner");
        let daemon = repository.start(arguments).unwrap();
        Self {
            repository,
            daemon,
            token,
        }
    }

    fn send(&self, method: &str, target: &str, token: &str, body: Option<&Value>) -> Answer {
        const JSON: &str = "application/json";
        let base = self.daemon.pinning().unwrap();
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("Content-Type", JSON)];
        if !token.is_empty() {
            headers.push(("Authorization", &bearer));
        }
        let body = body.map(|body| body.to_string().into_bytes());
        let body = body.as_deref().map(|body| (JSON, body));
        ask(&base, method, target, &headers, body).unwrap()
    }

    /// Sends a request of the account, whose answer has this status.
    fn call(&self, method: &str, target: &str, body: Option<&Value>, status: u16) -> Value {
        let answer = self.send(method, target, &self.token, body);
        assert_eq!(
            answer.status,
            status,
            "{method} {target}: {}",
            answer.text()
        );
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    fn add(&self, body: &Value) -> Value {
        self.call("POST", "/pins", Some(body), 202)
    }

    fn list(&self, query: &str) -> Value {
        self.call("GET", &format!("/pins{query}"), None, 200)
    }

    /// Waits until a request has this status.
    fn until(&self, pin: &Value, status: &str) -> Value {
        let target = format!("/pins/{}", pin["requestid"].as_str().unwrap());
        let mut found = Value::Null;
        let is_there = until(|| {
            found = self.call("GET", &target, None, 200);
            found["status"] == status
        });
        assert!(is_there, "{found}\n{}", self.daemon.log());
        found
    }

    fn rpc(&self) -> Rpc {
        Rpc::new(&self.daemon.rpc())
    }

    /// An address at which its peer listens.
    fn address(&self) -> String {
        let peer = self.repository.run(&["id", "-f", "<id>"]).unwrap();
        let listening = self.repository.run(&["swarm", "addrs", "listen"]).unwrap();
        let address = listening
            .lines()
            .find(|line| line.starts_with("/ip4/127.0.0.1/tcp/"));
        format!("{}/p2p/{}", address.unwrap(), peer.trim())
    }
}

fn refused(answer: &Answer, status: u16, reason: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["error"]["reason"], reason);
    assert!(body["error"]["details"].is_string());
}

#[test]
fn pins_are_made_found_replaced_and_removed() {
    let node = Node::start(&["--offline"]);
    let cid = node.rpc().add(b"some content", "pin=false").unwrap();
    let made = node.add(&json!({
        "cid": cid, "name": "Précis.pdf", "meta": { "app": "1" }, "origins": null, "unknown": [],
    }));
    assert!(
        made["requestid"]
            .as_str()
            .is_some_and(|id| id != cid && !id.is_empty())
    );
    assert_eq!(made["pin"]["name"], "Précis.pdf");
    assert!(
        made["delegates"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
    );
    let pinned = node.until(&made, "pinned");
    assert_eq!(pinned["created"], made["created"]);
    assert_eq!(pinned["created"].as_str().unwrap().len(), 24);
    assert_eq!(pinned["info"]["raw_size"], "12");
    // Content that nobody has waits.
    let absent = node.add(&json!({ "cid": "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "name": "absent" }));
    for (query, count) in [
        ("", 1),
        ("?status=queued,pinning", 1),
        ("?status=queued,pinning,pinned,failed", 2),
        ("?name=absent", 1),
        ("?name=pr%C3%A9cis.PDF", 0),
        ("?name=PR%C3%89CIS.pdf&match=iexact", 1),
        ("?name=cis&match=partial", 1),
        ("?name=CIS&match=ipartial", 1),
        (&format!("?cid={cid}"), 1),
        ("?meta=%7B%22app%22%3A%221%22%7D", 1),
        ("?meta=%7B%22app%22%3A%222%22%7D", 0),
        (
            &format!("?before={}", pinned["created"].as_str().unwrap()),
            0,
        ),
        (
            &format!("?name=absent&after={}", pinned["created"].as_str().unwrap()),
            1,
        ),
        (
            &format!("?name=absent&after={}", absent["created"].as_str().unwrap()),
            0,
        ),
    ] {
        let page = node.list(query);
        assert_eq!(page["count"], count, "{query}: {page}");
        assert_eq!(page["results"].as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(
        node.list("?status=queued,pinning,pinned,failed&limit=1")["results"][0]["requestid"],
        absent["requestid"]
    );
    // Replacing: another id, and the old one is gone.
    let other = node.rpc().add(b"other content", "pin=false").unwrap();
    let target = format!("/pins/{}", made["requestid"].as_str().unwrap());
    let replaced = node.call("POST", &target, Some(&json!({ "cid": other })), 202);
    assert_ne!(replaced["requestid"], made["requestid"]);
    refused(
        &node.send("GET", &target, &node.token, None),
        404,
        "NOT_FOUND",
    );
    node.until(&replaced, "pinned");
    for pin in [&replaced, &absent] {
        let target = format!("/pins/{}", pin["requestid"].as_str().unwrap());
        let answer = node.send("DELETE", &target, &node.token, None);
        assert_eq!((answer.status, answer.body.len()), (202, 0));
        refused(
            &node.send("DELETE", &target, &node.token, None),
            404,
            "NOT_FOUND",
        );
    }
    assert_eq!(
        node.list("?status=queued,pinning,pinned,failed")["count"],
        0
    );
    // What was unpinned is collected in the end.
    let is_gone = until(|| {
        node.rpc().collect().unwrap();
        node.rpc().block_get(&other).is_err()
    });
    assert!(is_gone, "{}", node.daemon.log());
}

#[test]
fn requests_that_the_api_does_not_allow_are_refused() {
    let node = Node::start(&["--offline"]);
    let stranger = token(&node.repository, "stranger");
    refused(&node.send("GET", "/pins", "", None), 401, "UNAUTHORIZED");
    refused(
        &node.send("GET", "/pins", "garbage", None),
        401,
        "UNAUTHORIZED",
    );
    let body = json!({ "cid": "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" });
    let pin = node.add(&body);
    let target = format!("/pins/{}", pin["requestid"].as_str().unwrap());
    for (method, body) in [("GET", None), ("POST", Some(&body)), ("DELETE", None)] {
        refused(
            &node.send(method, &target, &stranger, body),
            404,
            "NOT_FOUND",
        );
    }
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "status=done",
        "status=queued,queued",
        "match=fuzzy",
        "before=yesterday",
        "after=1",
        "meta=%7B",
        "meta=%5B%5D",
        "cid=Qm1",
        &format!(
            "cid={}",
            (0..11)
                .map(|n| format!("bafkrei{n}"))
                .collect::<Vec<_>>()
                .join(",")
        ),
        &format!("name={}", "n".repeat(256)),
    ] {
        let answer = node.send("GET", &format!("/pins?{query}"), &node.token, None);
        refused(&answer, 400, "BAD_REQUEST");
    }
    for wrong in [
        json!({}),
        json!([]),
        json!({ "cid": "x" }),
        json!({ "cid": 5 }),
        json!({ "cid": body["cid"], "meta": { "a": 5 } }),
        json!({ "cid": body["cid"], "name": "n".repeat(256) }),
        json!({ "cid": body["cid"], "origins": ["/ip4/1.2.3.4/tcp/1"] }),
    ] {
        let answer = node.send("POST", "/pins", &node.token, Some(&wrong));
        refused(&answer, 400, "BAD_REQUEST");
    }
    refused(
        &node.send("GET", "/pin", &node.token, None),
        404,
        "NOT_FOUND",
    );
    assert_eq!(
        node.list("?status=queued,pinning,failed,pinned")["count"],
        1
    );
}

#[test]
fn content_is_fetched_from_its_origin() {
    let from = Node::start(&[]);
    let data: Vec<u8> = (0_u32..200_000).flat_map(u32::to_be_bytes).collect();
    let cid = from.rpc().add(&data, "pin=true").unwrap();
    let to = Node::start(&[]);
    let origin = from.address();
    let pin = to.add(&json!({ "cid": cid, "origins": [origin] }));
    let pinned = to.until(&pin, "pinned");
    assert_eq!(pinned["info"]["raw_size"], data.len().to_string());
    assert_eq!(pinned["pin"]["origins"], json!([origin]));
    assert_eq!(to.rpc().cat(&cid).unwrap(), data);
}

/// Requests for content that nobody has, and then for content of another peer: the latter is pinned.
fn dead_requests_do_not_hold_up_live_ones(
    dead: usize,
    live: usize,
    configure: impl FnOnce(&mut Value),
) {
    let from = Node::start(&[]);
    let live: Vec<String> = (0..live)
        .map(|number| {
            from.rpc()
                .add(format!("live {number}").as_bytes(), "pin=true")
        })
        .collect::<Result<_, _>>()
        .unwrap();
    let to = Node::start_with(&[], configure);
    to.repository
        .run(&["swarm", "connect", &from.address()])
        .unwrap();
    let begun = Instant::now();
    for number in 0..dead {
        let hash = Multihash::sha2_256(format!("dead {number}").as_bytes());
        to.add(&json!({ "cid": Cid::v1(Codec::RAW, hash).to_string() }));
    }
    let added = Instant::now();
    for cid in &live {
        to.add(&json!({ "cid": cid }));
    }
    let is_done = until(|| to.list("?status=pinned&limit=1")["count"] == live.len());
    assert!(is_done, "{}", to.daemon.log());
    eprintln!(
        "{} live requests behind {dead} dead ones: all pinned {:.1} s after the first dead one, {:.1} s after the first live one",
        live.len(),
        begun.elapsed().as_secs_f64(),
        added.elapsed().as_secs_f64(),
    );
    assert_eq!(to.list("?status=queued,pinning&limit=1")["count"], dead);
    for cid in [&live[0], &live[live.len() - 1]] {
        assert!(to.rpc().cat(cid).unwrap().starts_with(b"live "));
    }
}

#[test]
fn a_queue_of_dead_requests_is_passed() {
    // As many for each place as below.
    dead_requests_do_not_hold_up_live_ones(200, 20, |config| {
        config["PinQueue"] = json!({ "Requests": 50, "Fetches": 12, "Search": "1s" });
    });
}

/// With the settings of every daemon: `cargo test --workspace --test it -- --ignored --nocapture dead_requests`.
#[test]
#[ignore = "takes half a minute"]
fn a_long_queue_of_dead_requests_is_passed() {
    dead_requests_do_not_hold_up_live_ones(1_000, 100, |_| {});
}
