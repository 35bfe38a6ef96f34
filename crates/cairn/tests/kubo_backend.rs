//! A node whose services store their content in another one, through the RPC of Kubo.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use cairn_testkit::fixture::stream;
use cairn_testkit::http::{self, Answer, Request};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::Repository;
use serde_json::Value;

/// How long a release may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn repository() -> Repository {
    Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap()
}

fn call(base: &str, method: &str, target: &str, token: &str, body: Option<&[u8]>) -> Answer {
    let headers = [
        ("Authorization".to_owned(), format!("Bearer {token}")),
        (
            "Content-Type".to_owned(),
            "application/octet-stream".to_owned(),
        ),
    ];
    let request = Request {
        headers: &headers,
        body,
        ..Request::new(method, target)
    };
    http::exchange(base, &request).unwrap()
}

/// The name of a recursive pin; `None` if there is no pin.
fn pin_name(kubo: &Rpc, cid: &str) -> Option<String> {
    let listed = kubo.call("pin/ls?type=recursive&names=true", None).unwrap();
    let listed: Value = serde_json::from_slice(&listed.body).unwrap();
    let pin = listed["Keys"].get(cid)?;
    Some(pin["Name"].as_str().unwrap_or_default().to_owned())
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn uploads_are_stored_and_released_there() {
    let (store, front) = (repository(), repository());
    let kubo = store.start(&["--offline"]).unwrap();
    let address = kubo.rpc_address().unwrap();
    front
        .configure(|config| {
            let address = format!("/ip4/{}/tcp/{}", address.ip(), address.port());
            config["Backend"] = serde_json::json!({ "Kubo": address });
        })
        .unwrap();
    let token = front
        .run(&["token", "create", "test", "--scope", "upload,read"])
        .unwrap();
    let token = token.trim();
    let daemon = front.start(&["--offline"]).unwrap();
    let upload = daemon.upload().unwrap();
    let kubo = Rpc::new(&kubo.rpc());
    let large = stream("large", 3_000_000);
    let mut cids = Vec::new();
    for content in [&b"small"[..], &large] {
        let answer = call(&upload, "POST", "/upload", token, Some(content));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let stored: Value = serde_json::from_slice(&answer.body).unwrap();
        let cid = stored["value"]["cid"].as_str().unwrap().to_owned();
        assert_eq!(kubo.cat(&cid).unwrap(), content);
        assert_eq!(pin_name(&kubo, &cid).as_deref(), Some("cairn-services"));
        cids.push(cid);
    }
    let (small, large) = (&cids[0], &cids[1]);
    for cid in [small, large] {
        let answer = call(&upload, "DELETE", &format!("/{cid}"), token, None);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    wait_for("the pins stay", || {
        pin_name(&kubo, small).is_none() && pin_name(&kubo, large).is_none()
    });

    // What a user had pinned before keeps its name and outlives the upload.
    kubo.call(&format!("pin/add?arg={small}&name=mine"), None)
        .unwrap();
    let answer = call(&upload, "POST", "/upload", token, Some(b"small"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let shared = pin_name(&kubo, small).unwrap();
    assert_eq!(shared, "cairn-services, recursive pin of a user: mine");
    call(&upload, "DELETE", &format!("/{small}"), token, None);
    wait_for("the user's pin is not restored", || {
        pin_name(&kubo, small).as_deref() == Some("mine")
    });
}
