//! Formats by `?format=` and `Accept`.

use std::time::Duration;

use tempfile::tempdir;

use super::{Gateway, write};

const CAR: &str = "application/vnd.ipld.car";

/// The number of blocks in a CAR.
fn blocks(car: &[u8]) -> usize {
    // Sections: a length and as many bytes each; the first is the header.
    let mut count = 0;
    let mut rest = car;
    while !rest.is_empty() {
        let (mut length, mut shift) = (0usize, 0);
        loop {
            let (byte, after) = rest.split_first().unwrap();
            rest = after;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        rest = &rest[length..];
        count += 1;
    }
    count - 1
}

#[test]
fn cars_have_what_their_parameters_say() {
    let gateway = Gateway::start(|_| {});
    let directory = tempdir().unwrap();
    let large = vec![7u8; 1_000_000];
    let mut varied = large.clone();
    for (at, chunk) in varied.chunks_mut(262_144).enumerate() {
        chunk[0] = u8::try_from(at).unwrap();
    }
    write(
        directory.path(),
        &[
            ("d/large", &varied),
            ("d/same/a", b"same"),
            ("d/same/b", b"same"),
            ("d/x", b"x"),
        ],
    );
    let root = gateway.add(directory.path(), &[]);
    let car = |path: &str, query: &str| {
        let answer = gateway.get(&format!("/ipfs/{root}{path}?format=car&{query}"), &[]);
        assert_eq!(answer.status, 200, "{path} {query}");
        (blocks(&answer.body), answer)
    };
    // The root and `d`, then the file: its root and four chunks.
    assert_eq!(car("/d/large", "").0, 7);
    assert_eq!(car("/d/large", "dag-scope=block").0, 3);
    assert_eq!(car("/d/large", "dag-scope=entity").0, 7);
    assert_eq!(car("/d/large", "entity-bytes=0:0").0, 4);
    assert_eq!(
        car("/d/large", "dag-scope=entity&entity-bytes=262144:-1").0,
        6
    );
    assert_eq!(car("/d/large", "entity-bytes=2000000:*").0, 3);
    assert_eq!(car("/d", "dag-scope=entity").0, 2);
    assert_eq!(car("/d/same", "").0, 4);
    let (count, twice) = car("/d/same", "car-dups=y");
    assert_eq!(count, 5);
    assert_eq!(
        twice.header("content-type"),
        Some("application/vnd.ipld.car; version=1; order=dfs; dups=y")
    );
    assert_eq!(twice.header("accept-ranges"), Some("none"));
    let etag = twice.header("etag").unwrap();
    assert_ne!(car("/d/same", "").1.header("etag"), Some(etag));
    let known = gateway.get(
        &format!("/ipfs/{root}/d/same?format=car&car-dups=y"),
        &[("If-None-Match", etag)],
    );
    assert_eq!(known.status, 304);
    for bad in [
        "car-version=2",
        "car-order=bfs",
        "car-dups=z",
        "dag-scope=some",
        "entity-bytes=1",
    ] {
        let answer = gateway.get(&format!("/ipfs/{root}?format=car&{bad}"), &[]);
        assert_eq!(answer.status, 400, "{bad}");
    }
    let absent = gateway.get(&format!("/ipfs/{root}/d/absent?format=car"), &[]);
    assert_eq!(absent.status, 404);
    // The size of a CAR is not known before it is made.
    let head = gateway.ask("HEAD", &format!("/ipfs/{root}?format=car"), &[]);
    assert_eq!((head.status, head.header("content-length")), (200, None));
    let version2 = gateway.get(
        &format!("/ipfs/{root}"),
        &[("Accept", &format!("{CAR};version=2"))],
    );
    assert_eq!(version2.status, 400);
}

#[test]
fn the_url_has_precedence_over_accept() {
    let gateway = Gateway::start(|_| {});
    let directory = tempdir().unwrap();
    write(
        directory.path(),
        &[("f.txt", b"file"), ("d/g.txt", b"other")],
    );
    let root = gateway.add(directory.path(), &[]);
    let file = format!("/ipfs/{root}/f.txt");
    let kind = |target: &str, accept: &str| {
        let answer = gateway.get(target, &[("Accept", accept)]);
        assert_eq!(answer.status, 200, "{target} {accept}");
        let location = answer.header("content-location").map(str::to_owned);
        let kind = answer.header("content-type").unwrap_or_default();
        (kind.split(';').next().unwrap().to_owned(), location)
    };
    let raw = format!("{file}?format=raw");
    assert_eq!(
        kind(&raw, CAR),
        ("application/vnd.ipld.raw".to_owned(), None)
    );
    let (media_type, location) = kind(&file, "application/vnd.ipld.raw");
    assert_eq!(media_type, "application/vnd.ipld.raw");
    assert_eq!(location.as_deref(), Some(raw.as_str()));
    assert_eq!(kind(&file, "application/x-tar").0, "application/x-tar");
    assert_eq!(kind(&format!("{file}?format=webp"), "*/*").0, "text/plain");
    assert_eq!(kind(&file, "text/html,*/*;q=0.8").0, "text/plain");
    let tar = gateway.get(&format!("/ipfs/{root}?format=tar"), &[]);
    assert_eq!((tar.status, tar.body.len() % 512), (200, 0));
    let text = String::from_utf8_lossy(&tar.body).into_owned();
    assert!(text.contains(&format!("{root}/d/g.txt")));
    let unknown = gateway.get(&file, &[("Accept", "application/vnd.ipld.nothing")]);
    assert_eq!(unknown.status, 400);
}

#[test]
fn values_are_served_as_they_are() {
    let gateway = Gateway::start(|config| config["Gateway"]["AllowCodecConversion"] = false.into());
    let put = |data: &[u8], codec: &str| {
        let arguments = ["dag", "put", "--input-codec=dag-json", codec];
        let output = gateway.repository.output(&arguments, data).unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let leaf = put(b"{\"hello\":\"<b>\"}", "--store-codec=dag-json");
    let json = format!("{{\"list\":[1,{{\"/\":\"{leaf}\"}}],\"n\":null}}");
    let root = put(json.as_bytes(), "--store-codec=dag-cbor");
    let answer = gateway.get(&format!("/ipfs/{root}"), &[]);
    assert_eq!(
        answer.header("content-type"),
        Some("application/vnd.ipld.dag-cbor")
    );
    assert!(
        answer
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    let plain = gateway.get(&format!("/ipfs/{root}?format=cbor"), &[]);
    assert_eq!(plain.header("content-type"), Some("application/cbor"));
    assert_eq!(plain.body, answer.body);
    let refused = gateway.get(&format!("/ipfs/{root}?format=dag-json"), &[]);
    assert_eq!(refused.status, 406);
    // Links are followed; what is inside a block is not served.
    let below = gateway.get(&format!("/ipfs/{root}/list/1"), &[]);
    assert_eq!(below.text(), "{\"hello\":\"<b>\"}");
    assert_eq!(gateway.get(&format!("/ipfs/{root}/n"), &[]).status, 501);
    assert_eq!(
        gateway.get(&format!("/ipfs/{root}/absent"), &[]).status,
        404
    );
    let html = [("Accept", "text/html")];
    let page = gateway.get(&format!("/ipfs/{root}/list/1/"), &html);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text().contains("&lt;b&gt;") && !page.text().contains("<b>"));
    assert!(page.header("etag").unwrap().contains("DagIndex-"));
    let page = gateway.get(&format!("/ipfs/{root}/"), &html);
    assert!(
        page.text()
            .contains(&format!("<a href=\"/ipfs/{leaf}\">{leaf}</a>"))
    );
    assert_eq!(gateway.get(&format!("/ipfs/{root}"), &html).status, 301);

    let Gateway {
        daemon, repository, ..
    } = gateway;
    daemon.terminate(Duration::from_secs(30)).unwrap();
    let gateway = Gateway::of(repository, |config| {
        config["Gateway"]["AllowCodecConversion"] = true.into();
    });
    let converted = gateway.get(&format!("/ipfs/{root}?format=dag-json"), &[]);
    assert_eq!((converted.status, converted.text()), (200, json));
}
