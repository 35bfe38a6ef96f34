//! Subdomains, websites by DNSLink, and their `_redirects`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use cairn_testkit::http::authority;
use cairn_testkit::server::Repository;
use serde_json::json;
use tempfile::tempdir;

use super::{Gateway, write};

const REDIRECTS: &[u8] = b"/old /new.html 302\n/posts/:year/* /archive/:year/:splat\n/away/* https://example.net/:splat 308\n\
    /gone/* /410.html 410\n/law/* /451.html 451\n/app/* /index.html 200\n/none/* /absent.html 404\n";

fn site() -> tempfile::TempDir {
    let directory = tempdir().unwrap();
    write(
        directory.path(),
        &[
            ("index.html", b"<p>app"),
            ("410.html", b"<p>gone"),
            ("451.html", b"<p>law"),
            ("real.txt", b"real"),
            ("_redirects", REDIRECTS),
        ],
    );
    directory
}

#[test]
fn roots_have_origins_of_their_own() {
    let gateway = Gateway::start(|config| {
        config["Gateway"]["PublicGateways"] = json!({
            "dweb.example": { "UseSubdomains": true, "Paths": ["/ipfs", "/ipns"] },
            "*.plain.example": { "Paths": ["/ipfs"], "NoDNSLink": true },
            "only.example": { "Paths": ["/ipfs"], "DeserializedResponses": false },
        });
    });
    let directory = site();
    let root = gateway.add(directory.path(), &[]);
    let v0 = gateway
        .repository
        .run(&["cid", "format", "-v=0", "-b=base58btc", &root])
        .unwrap();
    let moved = |host: &str, path: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("Host", host)];
        headers.extend_from_slice(more);
        let answer = gateway.get(path, &headers);
        let location = answer.header("location").map(str::to_owned);
        (answer.status, location.unwrap_or_default())
    };
    let at = |scheme: &str, host: &str, rest: &str| {
        (301, format!("{scheme}://{root}.ipfs.{host}/{rest}"))
    };
    let path = format!("/ipfs/{root}/real.txt?x=1");
    let old = format!("/ipfs/{}/real.txt?x=1", v0.trim());
    for host in ["localhost:8080", "dweb.example"] {
        assert_eq!(moved(host, &path, &[]), at("http", host, "real.txt?x=1"));
        assert_eq!(moved(host, &old, &[]), at("http", host, "real.txt?x=1"));
    }
    let https = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "dweb.example"),
    ];
    assert_eq!(
        moved("10.0.0.1", &path, &https),
        at("https", "dweb.example", "real.txt?x=1")
    );
    // Other hosts serve paths.
    for host in ["127.0.0.1", "a.plain.example", "unknown.example"] {
        assert_eq!(moved(host, &path, &[]), (200, String::new()), "{host}");
    }
    assert_eq!(moved("a.plain.example", "/ipns/x", &[]).0, 404);
    assert_eq!(moved("only.example", &path, &[]).0, 406);
    assert_eq!(
        moved("only.example", &format!("/ipfs/{root}?format=raw"), &[]).0,
        200
    );
    let own = format!("{root}.ipfs.dweb.example");
    let answer = gateway.get("/real.txt", &[("Host", &own)]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "real"));
    let served = format!("/ipfs/{root}/real.txt");
    assert_eq!(answer.header("x-ipfs-path"), Some(served.as_str()));
    assert_eq!(gateway.get(&path, &[("Host", &own)]).status, 404);
    // Another spelling of the root has the same origin.
    let other = format!("{}.ipfs.dweb.example", v0.trim());
    assert_eq!(
        moved(&other, "/real.txt", &[]),
        at("http", "dweb.example", "real.txt")
    );
    // A worker controls only its own origin there.
    let worker = [("Host", own.as_str()), ("Service-Worker", "script")];
    assert_eq!(gateway.get("/real.txt", &worker).status, 200);
    let long = gateway
        .repository
        .output(&["block", "put", "--mhtype=sha2-512"], b"x")
        .unwrap();
    let long = String::from_utf8(long.stdout).unwrap();
    let answer = gateway.get(
        &format!("/ipfs/{}", long.trim()),
        &[("Host", "dweb.example")],
    );
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("DNS label length limit of 63"));
    let uri = format!("/ipfs/?uri=ipfs%3A%2F%2F{root}%2Freal.txt");
    assert_eq!(
        moved("127.0.0.1", &uri, &[]),
        (301, format!("/ipfs/{root}/real.txt"))
    );
}

#[test]
fn websites_have_redirects() {
    let gateway = Gateway::start(|_| {});
    let directory = site();
    let root = gateway.add(directory.path(), &[]);
    let host = format!("{root}.ipfs.localhost");
    let get = |path: &str| {
        let answer = gateway.get(path, &[("Host", &host)]);
        let location = answer.header("location").map(str::to_owned);
        (answer.status, location.unwrap_or_else(|| answer.text()))
    };
    let is = |status: u16, text: &str| (status, text.to_owned());
    assert_eq!(get("/real.txt"), is(200, "real"));
    assert_eq!(get("/old"), is(302, "/new.html"));
    assert_eq!(get("/old?a=1"), is(302, "/new.html?a=1"));
    assert_eq!(get("/posts/2026/x/y"), is(301, "/archive/2026/x/y"));
    assert_eq!(get("/away/a/b"), is(308, "https://example.net/a/b"));
    assert_eq!(get("/gone/x"), is(410, "<p>gone"));
    assert_eq!(get("/law/x"), is(451, "<p>law"));
    assert_eq!(get("/app/deep/link"), is(200, "<p>app"));
    assert_eq!(get("/none/x").0, 500);
    assert_eq!(get("/else").0, 404);
    // Not on the origin that all content shares.
    assert_eq!(gateway.get(&format!("/ipfs/{root}/old"), &[]).status, 404);
    let page = gateway.get("/app/x", &[("Host", &host)]);
    assert_eq!(page.header("content-type"), Some("text/html"));
    let etag = page.header("etag").unwrap();
    let known = [("Host", host.as_str()), ("If-None-Match", etag)];
    assert_eq!(gateway.get("/app/x", &known).status, 304);
    // A broken file is an error of its website, and only where it is needed.
    write(directory.path(), &[("_redirects", b"/a /b 999\n")]);
    let broken = gateway.add(directory.path(), &[]);
    let host = format!("{broken}.ipfs.localhost");
    let answer = gateway.get("/absent", &[("Host", &host)]);
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("could not parse _redirects: line 1"));
    assert_eq!(gateway.get("/real.txt", &[("Host", &host)]).status, 200);
}

/// A browser may have the gateway as its HTTP proxy.
#[test]
fn proxies_lead_to_the_same_hosts() {
    let gateway = Gateway::start(|_| {});
    let directory = site();
    let root = gateway.add(directory.path(), &[]);
    let whole = format!("http://{root}.ipfs.localhost/real.txt");
    assert_eq!(gateway.get(&whole, &[("Host", "ignored")]).text(), "real");
    let mut client = TcpStream::connect(authority(&gateway.base).unwrap()).unwrap();
    let host = format!("{root}.ipfs.localhost:80");
    write!(client, "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 200"));
    write!(
        client,
        "GET /real.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nreal"));
    // The RPC is no proxy.
    let mut client = TcpStream::connect(authority(&gateway.daemon.rpc()).unwrap()).unwrap();
    write!(
        client,
        "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
}

#[test]
fn domains_lead_to_websites() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let directory = site();
    let path = directory.path().to_string_lossy().into_owned();
    let root = repository
        .run(&["add", "-Q", "-r", "--cid-version=1", &path])
        .unwrap();
    let root = root.trim();
    let key = repository.run(&[
        "name",
        "publish",
        "--allow-offline",
        "-Q",
        &format!("/ipfs/{root}"),
    ]);
    let key = key.unwrap().trim().to_owned();
    let links = format!("a-b.example:/ipfs/{root},other.example:/ipns/{key}");
    let gateway = Gateway::of(repository.with_env("IPFS_NS_MAP", &links), |_| {});
    let get = |host: &str, path: &str| gateway.get(path, &[("Host", host)]);
    let index = get("a-b.example", "/");
    assert_eq!((index.status, index.text().as_str()), (200, "<p>app"));
    assert_eq!(index.header("x-ipfs-path"), Some("/ipns/a-b.example/"));
    assert_eq!(index.header("cache-control"), None);
    assert_eq!(get("other.example:80", "/real.txt").text(), "real");
    assert_eq!(get("a-b.example", "/app/x").text(), "<p>app");
    assert_eq!(get("absent.example", "/").status, 404);
    assert_eq!(
        get("127.0.0.1", "/ipns/a-b.example/real.txt").text(),
        "real"
    );
    let moved = get("localhost", "/ipns/a-b.example/real.txt");
    assert_eq!(
        moved.header("location"),
        Some("http://a--b-example.ipns.localhost/real.txt")
    );
    for host in ["a--b-example.ipns.localhost", "a-b.example.ipns.localhost"] {
        assert_eq!(get(host, "/real.txt").text(), "real", "{host}");
    }
    // Keys: one spelling, the record, and its validity.
    let id = gateway
        .repository
        .run(&["key", "list", "-l", "--ipns-base=b58mh"])
        .unwrap();
    let id = id.split_whitespace().next().unwrap().to_owned();
    let moved = gateway.get(&format!("/ipns/{id}/real.txt"), &[]);
    assert_eq!(moved.status, 302);
    let to = format!("/ipns/{key}/real.txt");
    assert_eq!(moved.header("location"), Some(to.as_str()));
    let file = gateway.get(&to, &[]);
    assert_eq!((file.status, file.text().as_str()), (200, "real"));
    assert!(
        file.header("cache-control")
            .unwrap()
            .starts_with("public, max-age=")
    );
    let record = gateway.get(&format!("/ipns/{key}?format=ipns-record"), &[]);
    assert_eq!(record.status, 200);
    assert_eq!(
        record.header("content-type"),
        Some("application/vnd.ipfs.ipns-record")
    );
    assert_eq!(
        gateway
            .get(&format!("/ipns/{key}/x?format=ipns-record"), &[])
            .status,
        400
    );
    assert_eq!(
        gateway
            .get(&format!("/ipfs/{root}?format=ipns-record"), &[])
            .status,
        400
    );
    assert_eq!(gateway.get("/ipns/absent.example", &[]).status / 100, 5);
}
