//! Names that are not UTF-8, multipart bodies of real clients, and blocks of older writers.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use cairn_testkit::http::{self, Answer, Request};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::Daemon;

use crate::support::repository;

fn get(base: &str, target: &str) -> Answer {
    http::exchange(base, &Request::new("GET", target)).unwrap()
}

fn post(daemon: &Daemon, command: &str, content_type: &str, body: &[u8]) -> Answer {
    let headers = [("Content-Type".to_owned(), content_type.to_owned())];
    let target = format!("/api/v0/{command}");
    let request = Request {
        headers: &headers,
        body: Some(body),
        ..Request::new("POST", &target)
    };
    http::exchange(&daemon.rpc(), &request).unwrap()
}

/// The last field of this name in an answer.
fn field(text: &str, name: &str) -> String {
    let line = text.lines().last().unwrap();
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    value[name].as_str().unwrap().to_owned()
}

#[test]
fn a_folder_with_names_of_any_bytes_goes_in_and_out() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let work = tempfile::tempdir().unwrap();
    let folder = work.path().join("in");
    let latin1 = OsStr::from_bytes(b"caf\xe9");
    std::fs::create_dir_all(folder.join(latin1)).unwrap();
    std::fs::write(
        folder.join(latin1).join(OsStr::from_bytes(b"\xff.txt")),
        "inner",
    )
    .unwrap();
    std::fs::write(folder.join("plain"), "plain").unwrap();
    let output = repository
        .command()
        .args(["add", "-r", "-Q", folder.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let root = String::from_utf8(output.stdout).unwrap().trim().to_owned();

    let rpc = Rpc::new(&daemon.rpc());
    let listed = rpc.call(&format!("ls?arg={root}"), None).unwrap().text();
    assert!(
        listed.contains("caf\u{fffd}") && listed.contains("plain"),
        "{listed}"
    );
    let read = rpc
        .call(&format!("cat?arg={root}/caf%E9/%FF.txt"), None)
        .unwrap();
    assert_eq!(read.body, b"inner");
    for command in [
        format!("resolve?arg=/ipfs/{root}/caf%E9/%FF.txt"),
        format!("refs?arg={root}&recursive=true&format=%3Clinkname%3E"),
        format!("dag/stat?arg={root}/caf%E9"),
        format!("dag/get?arg={root}"),
        format!("dag/export?arg={root}"),
        format!("pin/ls?arg={root}"),
        format!("dag/resolve?arg=/ipld/{root}/Links"),
    ] {
        rpc.call(&command, None).unwrap();
    }
    let shown = rpc
        .call(&format!("dag/get?arg={root}"), None)
        .unwrap()
        .text();
    assert!(shown.contains("\"Name\":\"caf\\ufffd\""), "{shown}");
    let block = rpc
        .call(&format!("block/get?arg={root}"), None)
        .unwrap()
        .body;
    let encoded = rpc
        .call(&format!("dag/get?arg={root}&output-codec=dag-pb"), None)
        .unwrap();
    assert_eq!(encoded.body, block);
    let absent = rpc
        .request(&format!("cat?arg={root}/caf%E8"), None)
        .unwrap()
        .text();
    assert!(absent.contains("caf\\\\xe8"), "{absent}");

    let gateway = daemon.gateway().unwrap();
    let page = get(&gateway, &format!("/ipfs/{root}/"));
    assert_eq!(page.status, 200);
    assert!(page.text().contains("/caf%E9\">"), "{}", page.text());
    let file = get(&gateway, &format!("/ipfs/{root}/caf%E9/%FF.txt"));
    assert_eq!((file.status, &file.body[..]), (200, &b"inner"[..]));

    let out = work.path().join("out");
    let got = repository
        .command()
        .args(["get", &root, "-o", out.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(
        got.status.success(),
        "{}",
        String::from_utf8_lossy(&got.stderr)
    );
    let inner = out.join(latin1).join(OsStr::from_bytes(b"\xff.txt"));
    assert_eq!(std::fs::read(inner).unwrap(), b"inner");
    let mut path = format!("{root}/").into_bytes();
    path.extend_from_slice(b"caf\xe9/\xff.txt");
    let cat = repository
        .command()
        .arg("cat")
        .arg(OsStr::from_bytes(&path))
        .output()
        .unwrap();
    assert_eq!(cat.stdout, b"inner");
}

#[test]
fn bodies_of_real_clients_are_read() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let boundary = "multipart/form-data; boundary=bnd";
    for (disposition, name) in [
        // requests, undici and form-data, with and without the plain form.
        (&b"filename*=utf-8''%E6%97%A5"[..], "\u{65e5}"),
        (b"filename=\"x\"; filename*=UTF-8''%E6%97%A5", "\u{65e5}"),
        // curl and browsers.
        (b"filename=\"a \\\"q\\\" \\\\.txt\"", "a \"q\" \\.txt"),
        (b"filename=\"a%22b\"", "a\"b"),
        (b"filename=\"\xe6\x97\xa5\"", "\u{65e5}"),
        (b"filename=\"caf\xe9\"", "caf\u{fffd}"),
        // boxo, and a stray percent sign.
        (b"filename=\"dir%2Ff+1\"", "dir"),
        (b"filename=\"100%\"", "100%"),
    ] {
        for end in ["\r\n", "\n"] {
            let mut body =
                format!("--bnd{end}Content-Disposition: form-data; name=\"file\"; ").into_bytes();
            body.extend_from_slice(disposition);
            body.extend_from_slice(
                format!("{end}{end}--bn{end}--bndx{end}data{end}--bnd--{end}").as_bytes(),
            );
            let answer = post(&daemon, "add?pin=false", boundary, &body);
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(field(&answer.text(), "Name"), name);
            let cid = field(answer.text().lines().next().unwrap(), "Hash");
            let data = Rpc::new(&daemon.rpc())
                .call(&format!("cat?arg={cid}"), None)
                .unwrap();
            assert_eq!(data.text(), format!("--bn{end}--bndx{end}data"));
        }
    }
    // A body that ends early is an error, with no record of the file that was cut.
    for cut in ["", "\r\n--bnd", "\r\n--bnd-"] {
        let body =
            format!("--bnd\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\ndata{cut}");
        let answer = post(&daemon, "add", boundary, body.as_bytes());
        assert!(
            !answer.text().contains("Hash"),
            "{cut:?}: {}",
            answer.text()
        );
        assert_eq!(answer.status, 500, "{cut:?}: {}", answer.text());
    }
}

/// A block of dag-cbor as older writers made them: a map of open length, a date, text that is not UTF-8, long heads.
const OLD: &[u8] = b"\xbf\x61d\xc0\x6a2013-03-21\x61t\x62\xe9\xff\x61n\x1a\x00\x00\x00\x01\xff";

#[test]
fn dag_cbor_of_older_writers_is_kept_pinned_read_and_imported() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let put = rpc
        .call("block/put?cid-codec=dag-cbor", Some(OLD))
        .unwrap()
        .text();
    let cid = field(&put, "Key");
    rpc.call(&format!("pin/add?arg={cid}"), None).unwrap();
    let shown = rpc
        .call(&format!("dag/get?arg={cid}"), None)
        .unwrap()
        .text();
    assert_eq!(shown, r#"{"d":"2013-03-21","n":1,"t":"\ufffd\ufffd"}"#);
    let bytes = rpc
        .call(&format!("dag/get?arg={cid}&output-codec=dag-cbor"), None)
        .unwrap();
    assert_eq!(
        bytes.body,
        b"\xa3\x61d\x6a2013-03-21\x61n\x01\x61t\x62\xe9\xff"
    );
    let car = rpc
        .call(&format!("dag/export?arg={cid}"), None)
        .unwrap()
        .body;

    let other = self::repository();
    let other = other.start(&["--offline"]).unwrap();
    let other = Rpc::new(&other.rpc());
    let told = other.call("dag/import", Some(&car)).unwrap().text();
    assert!(
        told.contains(&cid) && told.contains("\"PinErrorMsg\":\"\""),
        "{told}"
    );
    assert_eq!(
        other
            .call(&format!("block/get?arg={cid}"), None)
            .unwrap()
            .body,
        OLD
    );
    // New nodes are strict.
    let strict = rpc
        .request(
            "dag/put?input-codec=dag-cbor&store-codec=dag-cbor",
            Some(OLD),
        )
        .unwrap();
    assert_ne!(strict.status, 200, "{}", strict.text());
    // A pin that fails tells why.
    let broken = rpc
        .call("block/put?cid-codec=dag-cbor", Some(b"\xc2\x41\x01"))
        .unwrap()
        .text();
    let why = rpc
        .request(&format!("pin/add?arg={}", field(&broken, "Key")), None)
        .unwrap()
        .text();
    assert!(why.contains("unsupported tag"), "{why}");
}

#[test]
fn multibase_takes_the_line_end_of_echo() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    for text in ["uaGk\n", "uaGk\r\n", "uaGk", "nbeaq\n"] {
        let decoded = rpc
            .request("multibase/decode", Some(text.as_bytes()))
            .unwrap();
        if text.starts_with('u') {
            assert_eq!(
                (decoded.status, decoded.text().as_str()),
                (200, "hi"),
                "{text:?}"
            );
        }
    }
}
