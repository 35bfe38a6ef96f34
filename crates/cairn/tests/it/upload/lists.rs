//! Listing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::Server;

/// All uploads, page by page.
fn all(server: &Server, limit: usize) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut before = String::new();
    loop {
        let target = format!("/?limit={limit}{before}");
        let page = server.value(&server.call("GET", &target));
        let page: &Vec<Value> = page.as_array().unwrap();
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return seen };
        before = format!("&before={}", last["created"].as_str().unwrap());
        seen.extend(
            page.iter()
                .map(|nft| nft["cid"].as_str().unwrap().to_owned()),
        );
    }
}

/// Uploads at once, by several clients.
fn upload_many(server: &Server, count: usize) -> HashSet<String> {
    let next = AtomicUsize::new(0);
    let upload = || {
        let mut cids = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return cids;
            }
            let stored = server.upload("text/plain", format!("upload {at}").as_bytes());
            cids.push(stored["cid"].as_str().unwrap().to_owned());
        }
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..32).map(|_| scope.spawn(upload)).collect();
        let cids = clients
            .into_iter()
            .flat_map(|client| client.join().unwrap());
        cids.collect()
    })
}

pub(crate) fn uploads_are_listed_with_the_newest_first(server: &Server) {
    let mut expected = Vec::new();
    for at in 0..12 {
        let stored = server.upload("text/plain", format!("{at}").as_bytes());
        expected.push(stored["cid"].as_str().unwrap().to_owned());
    }
    expected.reverse();
    let answer = server.send(&server.call("GET", "/"));
    assert_eq!(answer.header("count"), Some("12"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["value"].as_array().unwrap().len(), 10);
    for limit in [1, 5, 1000] {
        assert_eq!(all(server, limit), expected);
    }
    for wrong in ["0", "-1", "1.138", "1001", "ten", ""] {
        let target = format!("/?limit={wrong}");
        let (code, _) = server.refusal(&server.call("GET", &target), 400);
        assert_eq!(code, "HTTP_ERROR");
    }
    let call = server.call("GET", "/?before=yesterday");
    assert_eq!(server.refusal(&call, 400).0, "HTTP_ERROR");
    let early = server.value(&server.call("GET", "/?before=2020-07-27T17:32:28Z"));
    assert_eq!(early, Value::Array(Vec::new()));
}

#[test]
fn uploads_at_once_all_come_back() {
    const COUNT: usize = 10_000;
    let server = Server::start();
    let stored = upload_many(&server, COUNT);
    assert_eq!(stored.len(), COUNT);
    let listed = all(&server, 1_000);
    assert_eq!(listed.len(), COUNT);
    assert_eq!(listed.into_iter().collect::<HashSet<_>>(), stored);
}
