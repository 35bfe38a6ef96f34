//! Files and directories.

use cairn_testkit::fixture;
use serde_json::json;

use super::{Server, token};

pub(crate) fn a_file_is_stored_listed_renamed_checked_and_removed(server: &Server) {
    let call = server
        .call("POST", "/upload")
        .kind("text/plain")
        .header("X-Name", "ein%20N%C3%A4me")
        .body(b"hello");
    let stored = server.value(&call);
    let cid = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";
    let created = stored["created"].as_str().unwrap();
    assert!(created.ends_with('Z') && created.len() == 24, "{created}");
    assert_eq!(
        stored,
        json!({
            "cid": cid,
            "size": 5,
            "created": created,
            "type": "text/plain",
            "scope": "tests",
            "files": [],
            "name": "ein Näme",
            "parts": [],
            "pin": { "cid": cid, "created": created, "size": 5, "status": "pinned" },
            "deals": [],
        })
    );
    for target in [
        format!("/{cid}"),
        format!("/{cid}/"),
        format!("/api/{cid}"),
        format!("/api/{cid}/"),
    ] {
        assert_eq!(
            server.value(&server.call("GET", &target)),
            stored,
            "{target}"
        );
    }
    // Anybody may check it, and learns nothing about who stored it.
    let check = format!("/check/{cid}/");
    let checked = server.value(&server.call("GET", &check).token(None));
    assert_eq!(
        checked,
        json!({ "cid": cid, "pin": stored["pin"], "deals": [] })
    );
    let rename = format!("/upload/{cid}");
    let call = server.call("PATCH", &rename);
    let call = call.kind("application/json").body(br#"{"name":"new"}"#);
    assert_eq!(server.value(&call)["name"], "new");
    // The content is pinned.
    server.collect();
    assert!(server.has_block(cid));
    let one = format!("/{cid}");
    let removed = server.send(&server.call("DELETE", &one));
    assert_eq!(
        (removed.status, removed.text().trim()),
        (200, r#"{"ok":true}"#)
    );
    for (method, target) in [
        ("GET", &one),
        ("DELETE", &one),
        ("GET", &check),
        ("PATCH", &rename),
    ] {
        let call = server.call(method, target);
        let call = match method {
            "PATCH" => call.kind("application/json").body(br#"{"name":"x"}"#),
            _ => call,
        };
        let expected = ("HTTP_ERROR".to_owned(), "NFT not found".to_owned());
        assert_eq!(server.refusal(&call, 404), expected);
    }
    server.wait_until("the content is released", || {
        server.collect();
        !server.has_block(cid)
    });
}

pub(crate) fn files_have_the_cids_of_the_hosted_service(server: &Server) {
    // 3 chunks below one node, and more than 174 chunks below two levels.
    for size in [262_144, 700_000, 175 * 262_144] {
        let data = fixture::stream("chunks", size);
        let stored = server.upload("application/octet-stream", &data);
        let options =
            "cid-version=1&raw-leaves=true&chunker=size-262144&max-file-links=174&only-hash=true";
        let expected = server.rpc().add(&data, options).unwrap();
        assert_eq!(stored["cid"], expected, "{size}");
    }
}

pub(crate) fn a_form_is_a_directory(server: &Server) {
    let call = server.call("POST", "/upload").form(&[
        (r#"name="file"; filename="a.txt""#, "text/plain", b"first"),
        (r#"name="file"; filename="dir/b.png""#, "image/png", b"b"),
        (r#"name="file"; filename="a.txt""#, "", b"second"),
        (r#"name="file"; filename="dir/sub/c""#, "text/css", b"c"),
    ]);
    let stored = server.value(&call);
    assert_eq!(stored["type"], "directory");
    assert_eq!(
        stored["files"],
        json!([
            { "name": "a.txt", "type": "text/plain" },
            { "name": "dir/b.png", "type": "image/png" },
            { "name": "a.txt", "type": "" },
            { "name": "dir/sub/c", "type": "text/css" },
        ])
    );
    assert_eq!(stored["pin"]["status"], "pinned");
    assert!(stored["name"].as_str().unwrap().starts_with("Upload at 20"));
    let cid = stored["cid"].as_str().unwrap();
    for (path, content) in [("a.txt", "second"), ("dir/b.png", "b"), ("dir/sub/c", "c")] {
        let read = server.cat(&format!("{cid}/{path}"));
        assert_eq!(read, content.as_bytes(), "{path}");
    }
    for parts in [
        &[][..],
        &[(r#"name="other"; filename="a""#, "", &b"x"[..])],
        &[(r#"name="file""#, "", &b"x"[..])],
        &[
            (r#"name="file"; filename="a""#, "", &b"x"[..]),
            (r#"name="file"; filename="a/b""#, "", &b"x"[..]),
        ],
        &[
            (r#"name="file"; filename="a/b""#, "", &b"x"[..]),
            (r#"name="file"; filename="a""#, "", &b"x"[..]),
        ],
    ] {
        let call = server.call("POST", "/upload").form(parts);
        assert_eq!(server.refusal(&call, 400).0, "HTTP_ERROR", "{parts:?}");
    }
    assert_eq!(server.count(), 1);
}

#[test]
fn refusals_have_codes() {
    let server = Server::start_with(|config| {
        config["Services"]["MaxUploadRequest"] = "100kB".into();
    });
    let readonly = token(&server.repository, &["readonly", "--scope", "read"]);
    let upload = || server.call("POST", "/upload").kind("image/png");
    for (call, status, code) in [
        (
            upload().body(b"x").token(None),
            401,
            "EXPECTED_BEARER_STRING",
        ),
        (
            upload().body(b"x").token(Some("x")),
            401,
            "ERROR_MALFORMED_TOKEN",
        ),
        (
            upload().body(b"x").token(Some(&readonly)),
            403,
            "ERROR_FORBIDDEN",
        ),
        (upload().body(b""), 400, "HTTP_ERROR"),
        (upload().body(&[0; 100_001]), 413, "HTTP_ERROR"),
        (server.call("GET", "/nonsense"), 400, "ERROR_INVALID_CID"),
        (
            server.call("GET", "/check/nonsense"),
            400,
            "ERROR_INVALID_CID",
        ),
        (server.call("GET", "/a/b/c"), 404, "HTTP_ERROR"),
        (server.call("PUT", "/upload"), 405, "HTTP_ERROR"),
    ] {
        let target = call.target;
        assert_eq!(server.refusal(&call, status).0, code, "{target}");
    }
    let listed = server.value(&server.call("GET", "/").token(Some(&readonly)));
    assert_eq!(listed, json!([]));
    let version = server.send(&server.call("GET", "/version").token(None));
    let version: serde_json::Value = serde_json::from_slice(&version.body).unwrap();
    assert_eq!(version["mode"], "rw-");
}

pub(crate) fn accounts_are_apart_and_share_blocks(server: &Server) {
    server
        .repository
        .run(&["account", "create", "other"])
        .unwrap();
    let arguments = ["second", "--account", "other", "--scope", "upload"];
    let other = token(&server.repository, &arguments);
    let stored = server.upload("text/plain", b"shared");
    let cid = stored["cid"].as_str().unwrap();
    let one = format!("/{cid}");
    let call = server.call("GET", &one).token(Some(&other));
    assert_eq!(server.refusal(&call, 404).0, "HTTP_ERROR");
    let call = server.call("DELETE", &one).token(Some(&other));
    assert_eq!(server.refusal(&call, 404).0, "HTTP_ERROR");
    let call = server.call("POST", "/upload").kind("text/css");
    let theirs = server.value(&call.body(b"shared").token(Some(&other)));
    assert_eq!(
        (&theirs["cid"], &theirs["scope"]),
        (&stored["cid"], &"second".into())
    );
    // One lets go; the content stays for the other.
    assert_eq!(server.send(&server.call("DELETE", &one)).status, 200);
    let barrier = server.upload("text/plain", b"released after it");
    let barrier = format!("/{}", barrier["cid"].as_str().unwrap());
    assert_eq!(server.send(&server.call("DELETE", &barrier)).status, 200);
    server.wait_until("the later release is done", || {
        server.collect();
        !server.has_block(barrier.trim_start_matches('/'))
    });
    assert!(server.has_block(cid));
    let call = server.call("DELETE", &one).token(Some(&other));
    assert_eq!(server.send(&call).status, 200);
    server.wait_until("the content is released", || {
        server.collect();
        !server.has_block(cid)
    });
    // A quota refuses, and what was refused is not kept.
    let quota = ["account", "quota", "other", "--bytes", "10"];
    server.repository.run(&quota).unwrap();
    let call = server.call("POST", "/upload").kind("text/css");
    let call = call.body(b"more than ten").token(Some(&other));
    assert_eq!(server.refusal(&call, 403).0, "ERROR_STORAGE_LIMIT_EXCEEDED");
}

pub(crate) fn pins_are_those_of_the_pinning_service(server: &Server) {
    let stored = server.upload("text/plain", b"pinned twice");
    let pinning = token(&server.repository, &["pins", "--scope", "pin"]);
    let pin = serde_json::json!({ "cid": stored["cid"] }).to_string();
    let call = server.call("POST", "/pins/").kind("application/json");
    let call = call.body(pin.as_bytes());
    // The token of uploads has not the scope, and is told so in that API's form.
    let refused = server.send(&call);
    let body: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(
        (refused.status, &body["error"]["reason"]),
        (403, &"FORBIDDEN".into())
    );
    let made = server.send(&call.token(Some(&pinning)));
    assert_eq!(made.status, 202, "{}", made.text());
    let made: serde_json::Value = serde_json::from_slice(&made.body).unwrap();
    let id = made["requestid"].as_str().unwrap();
    assert_ne!(made["requestid"], stored["cid"]);
    for target in [format!("/pins/{id}"), format!("/api/pins/{id}/")] {
        let found = server.send(&server.call("GET", &target).token(Some(&pinning)));
        assert_eq!(found.status, 200, "{target}");
    }
    let target = format!("/pins/{id}");
    let removed = server.send(&server.call("DELETE", &target).token(Some(&pinning)));
    assert_eq!(removed.status, 202);
}
