//! A cluster of one.

use super::rest::{BOUNDARY, Peer, multipart, until};

/// What the node says of pins of a CID, in the command line's words; an error where there are none.
fn pinned(peer: &Peer, cid: &str, more: &[&str]) -> Result<String, String> {
    let output = peer
        .repository
        .command()
        .args(["pin", "ls", cid])
        .args(more)
        .output()
        .expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

#[test]
fn the_last_peer_stays() {
    let peer = Peer::start(&[]);
    let own = format!("/peers/{}", peer.id());
    let refused = peer.ask("DELETE", &own);
    assert_eq!(refused.status, 409, "{}", refused.text());
    // It still takes pins.
    let cid = peer.add("file", b"content", "no-pin=true");
    peer.json("POST", &format!("/pins/{cid}"));
    until("the pin", || peer.holders(&cid).len() == 1);
}

#[test]
fn content_of_another_kind_is_not_replaced() {
    let peer = Peer::start(&[]);
    let data = vec![7; 300_000];
    let cid = peer.add("file", &data, "no-pin=true");
    let sharded = "shard=true&shard-size=1000000&name=kept";
    peer.add("file", &data, sharded);
    let name = || peer.json("GET", &format!("/allocations/{cid}"))["name"].clone();
    let again = "/add?cid-version=1&stream-channels=false&name=other";
    let form = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [("Content-Type".to_owned(), form)];
    for answer in [
        peer.with("POST", again, &headers, Some(&multipart("file", &data))),
        peer.ask("POST", &format!("/pins/{cid}?name=other")),
    ] {
        assert!(answer.status >= 400, "{}", answer.text());
        let text = answer.text();
        assert!(text.contains("unpin it first"), "{text}");
        assert_eq!(name(), "kept");
    }
    peer.json("DELETE", &format!("/pins/{cid}"));
    assert_eq!(peer.add("file", &data, "name=other"), cid);
    assert_eq!(name(), "other");
}

#[test]
fn a_recursive_pin_becomes_direct() {
    let peer = Peer::start(&[]);
    // Two leaves and a root.
    let cid = peer.add("file", &vec![1; 300_000], "");
    let is = |mode: &str| {
        let found = pinned(&peer, &cid, &[]);
        found.is_ok_and(|line| line.contains(mode))
    };
    assert!(is("recursive"));
    peer.json("POST", &format!("/pins/{cid}?mode=direct"));
    until("the direct pin", || is("direct"));
    peer.json("POST", &format!("/pins/{cid}?mode=recursive"));
    until("the recursive pin", || is("recursive"));
}

#[test]
fn pins_are_found_by_both_versions_of_a_cid() {
    let peer = Peer::start(&[]);
    let old = peer.add("file", b"found", "cid-version=0");
    assert!(old.starts_with("Qm"));
    for kind in ["all", "recursive"] {
        let found = pinned(&peer, &old, &["--type", kind]).unwrap();
        assert!(found.contains("recursive"), "{found}");
    }
    let output = peer.repository.command().args(["pin", "rm", &old]).output();
    let error = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(error.contains("pinned by the services"), "{error}");
}
