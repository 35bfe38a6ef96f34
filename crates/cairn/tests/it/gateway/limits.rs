//! Limits and deny lists.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use cairn_testkit::http::authority;
use tempfile::tempdir;

use super::{Gateway, write};

#[test]
fn further_requests_are_told_to_come_back() {
    let gateway = Gateway::start(|config| config["Gateway"]["MaxConcurrentRequests"] = 1.into());
    let directory = tempdir().unwrap();
    write(
        directory.path(),
        &[("large", &vec![1; 64 << 20]), ("small", b"x")],
    );
    let root = gateway.add(directory.path(), &[]);
    // A client that reads no more than the beginning of what it asked for.
    let host = authority(&gateway.base).unwrap();
    let mut slow = TcpStream::connect(host).unwrap();
    write!(
        slow,
        "GET /ipfs/{root}/large HTTP/1.1\r\nHost: {host}\r\n\r\n"
    )
    .unwrap();
    slow.read_exact(&mut [0; 1]).unwrap();
    let small = format!("/ipfs/{root}/small");
    let busy = gateway.get(&small, &[]);
    assert_eq!(busy.status, 429);
    assert_eq!(busy.header("retry-after"), Some("60"));
    drop(slow);
    while gateway.get(&small, &[]).status != 200 {
        std::thread::yield_now();
    }
}

#[test]
fn large_files_may_have_no_ranges() {
    let gateway =
        Gateway::start(|config| config["Gateway"]["MaxRangeRequestFileSize"] = "1KiB".into());
    let directory = tempdir().unwrap();
    write(
        directory.path(),
        &[("large", &[1; 1025]), ("small", &[1; 1024])],
    );
    let root = gateway.add(directory.path(), &[]);
    let get = |name: &str, headers: &[(&str, &str)]| {
        gateway.get(&format!("/ipfs/{root}/{name}"), headers).status
    };
    let range = [("Range", "bytes=0-0")];
    assert_eq!(get("large", &range), 501);
    assert_eq!(get("large", &[]), 200);
    assert_eq!(get("small", &range), 206);
}

#[test]
fn only_what_can_be_verified_is_served_where_files_are_not() {
    let gateway =
        Gateway::start(|config| config["Gateway"]["DeserializedResponses"] = false.into());
    let directory = tempdir().unwrap();
    write(directory.path(), &[("f", b"x")]);
    let root = gateway.add(directory.path(), &[]);
    let status = |target: &str| gateway.get(target, &[]).status;
    assert_eq!(status(&format!("/ipfs/{root}/f")), 406);
    assert_eq!(status(&format!("/ipfs/{root}/")), 406);
    assert_eq!(status(&format!("/ipfs/{root}?format=tar")), 406);
    assert_eq!(status(&format!("/ipfs/{root}?format=raw")), 200);
    assert_eq!(status(&format!("/ipfs/{root}/f?format=raw")), 406);
    assert_eq!(status(&format!("/ipfs/{root}/f?format=car")), 200);
    assert_eq!(status("/ipfs/bafkqaaa?format=raw"), 200);
    assert_eq!(status("/ipfs/bafkqaaa?format=car"), 200);
}

#[test]
fn deny_lists_are_in_force_without_a_restart() {
    let gateway = Gateway::start(|_| {});
    let directory = tempdir().unwrap();
    write(
        directory.path(),
        &[("d/bad", b"bad"), ("d/good", b"good"), ("d/e/x", b"x")],
    );
    let root = gateway.add(directory.path(), &[]);
    let bad = gateway.add(&directory.path().join("d/bad"), &[]);
    let status = |target: &str| gateway.get(target, &[]).status;
    let path = format!("/ipfs/{root}/d/bad");
    assert_eq!(status(&path), 200);
    let lists = gateway.repository.path().join("denylists");
    std::fs::create_dir(&lists).unwrap();
    let rules = format!("/ipfs/{bad} gateway_status=451\n/ipfs/{root}/d/e/*\n");
    std::fs::write(lists.join("own.deny"), rules).unwrap();
    // The files are looked at when somebody asks.
    while status(&path) == 200 {
        std::thread::yield_now();
    }
    let refused = gateway.get(&path, &[("Accept", "text/html")]);
    assert_eq!(refused.status, 451);
    assert!(refused.text().contains("own.deny"));
    assert_eq!(status(&format!("/ipfs/{bad}?format=raw")), 451);
    assert_eq!(status(&format!("/ipfs/{root}/d/e/x")), 410);
    assert_eq!(status(&format!("/ipfs/{root}/d/good")), 200);
    std::fs::remove_file(lists.join("own.deny")).unwrap();
    while status(&path) != 200 {
        std::thread::yield_now();
    }
}

#[test]
fn content_that_nobody_sends_is_a_timeout_that_names_it() {
    const ABSENT: &str = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    let gateway =
        Gateway::start_online(|config| config["Gateway"]["RetrievalTimeout"] = "1s".into());
    let path = format!("/ipfs/{ABSENT}");
    let late = gateway.get(&path, &[]);
    assert_eq!(late.status, 504, "{}", late.text());
    assert!(late.text().contains(ABSENT), "{}", late.text());
    assert!(late.header("retry-after").is_some());
    let page = gateway.get(&path, &[("Accept", "text/html")]);
    assert_eq!(page.status, 504);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for format in ["raw", "car"] {
        let target = format!("{path}?format={format}");
        assert_eq!(gateway.get(&target, &[]).status, 504, "{format}");
    }
    // What is cached only is not waited for.
    let cached = gateway.get(&path, &[("Cache-Control", "only-if-cached")]);
    assert_eq!(cached.status, 412);
}
