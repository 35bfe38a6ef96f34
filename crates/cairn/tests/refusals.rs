//! What the faces of a daemon refuse: every endpoint with every kind of credential.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use cairn_services::accounts::TOKEN_PREFIX;
use cairn_testkit::server::{Daemon, Repository};
use cairn_wire::rest::{Access, Endpoint, Spec};
use serde_json::{Value, json};

macro_rules! specs {
    ($($endpoint:path),+ $(,)?) => { [$( <$endpoint as Endpoint>::SPEC ),+] };
}

/// The answer to a request to a face of a daemon.
fn ask(base: &str, spec: &Spec, authorization: Option<&str>) -> (u16, Value) {
    let target = spec
        .path
        .replace("{requestid}", "abc")
        .replace("{cid}", "bafkqabtimvwgy3yk");
    let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    if let Some(authorization) = authorization {
        headers.push(("Authorization".to_owned(), authorization.to_owned()));
    }
    let mut request = cairn_testkit::http::Request::new(spec.method, &target);
    request.headers = &headers;
    if !matches!(spec.method, "GET" | "DELETE") {
        request.body = Some(b"{\"cid\":\"bafkqabtimvwgy3yk\"}");
    }
    let answer = cairn_testkit::http::exchange(base, &request).unwrap();
    let body = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.status, body)
}

/// Every endpoint of the faces in a daemon, with every kind of credential that is refused.
#[test]
fn every_face_refuses_what_it_should() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let create = |arguments: &[&str]| {
        let made = repository.run(&[&["token", "create"], arguments].concat());
        format!("Bearer {}", made.unwrap().trim())
    };
    let all = "pin,upload,read";
    let revoked = create(&["revoked", "--scope", all]);
    repository.run(&["token", "revoke", "revoked"]).unwrap();
    let expired = create(&["expired", "--scope", all, "--expires", "1ms"]);
    let spent = create(&["spent", "--scope", all, "--max-uses", "1"]);
    let admin = create(&["admin", "--scope", "admin"]);
    let read = create(&["read", "--scope", "read"]);
    repository.run(&["account", "create", "off"]).unwrap();
    let disabled = create(&["one", "--account", "off", "--scope", all]);
    repository.run(&["account", "disable", "off"]).unwrap();
    let pinning = daemon.pinning().unwrap();
    let (status, _) = ask(&pinning, &cairn_wire::pinning::GetPins::SPEC, Some(&spent));
    assert_eq!(status, 200);
    let unknown = format!("Bearer {TOKEN_PREFIX}{}", "a".repeat(58));
    let cases = [
        ("none", None, 401),
        ("garbage", Some("Bearer garbage"), 401),
        ("unsigned", Some("Bearer eyJhbGciOiJub25lIn0.e30."), 401),
        ("a wrong checksum", Some(unknown.as_str()), 401),
        ("revoked", Some(revoked.as_str()), 401),
        ("expired", Some(expired.as_str()), 401),
        ("spent", Some(spent.as_str()), 401),
        ("disabled", Some(disabled.as_str()), 403),
        ("wrong scope", Some(admin.as_str()), 403),
    ];
    let mut faces = vec![(pinning, cairn_wire::pinning_endpoints!(specs).to_vec())];
    faces.extend(other_faces(&daemon));
    for (base, specs) in faces {
        for spec in specs {
            let Access::Scope(scope) = spec.access else {
                continue;
            };
            for (case, authorization, expected) in cases {
                let (status, body) = ask(&base, &spec, authorization);
                assert_eq!(status, expected, "{} with {case}: {body}", spec.id);
                assert!(body["error"].is_object(), "{body}");
            }
            if scope.ends_with(":write") {
                let (status, _) = ask(&base, &spec, Some(&read));
                assert_eq!(status, 403, "{} with a token that may read", spec.id);
            }
        }
    }
    let log = daemon.log();
    for secret in [&revoked, &expired, &spent, &admin, &disabled] {
        assert!(!log.contains(secret.trim_start_matches("Bearer ")));
    }
}

/// The endpoints of the other faces.
fn other_faces(daemon: &Daemon) -> Vec<(String, Vec<Spec>)> {
    let upload = cairn_wire::upload_endpoints!(specs).to_vec();
    vec![(daemon.upload().unwrap(), upload)]
}

/// A pin request of one account does not exist for another.
#[test]
fn accounts_do_not_see_each_other() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    repository.run(&["account", "create", "other"]).unwrap();
    let mine = repository.run(&["token", "create", "mine"]).unwrap();
    let theirs = repository.run(&["token", "create", "theirs", "--account", "other"]);
    let (mine, theirs) = (mine, theirs.unwrap());
    let base = daemon.pinning().unwrap();
    let call = |token: &str, method: &str, target: &str| {
        let headers = vec![
            (
                "Authorization".to_owned(),
                format!("Bearer {}", token.trim()),
            ),
            ("Content-Type".to_owned(), "application/json".to_owned()),
        ];
        let mut request = cairn_testkit::http::Request::new(method, target);
        request.headers = &headers;
        if method == "POST" {
            request.body = Some(b"{\"cid\":\"bafkqabtimvwgy3yk\",\"name\":\"mine\"}");
        }
        let answer = cairn_testkit::http::exchange(&base, &request).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        (answer.status, body)
    };
    let (status, made) = call(&mine, "POST", "/pins");
    assert_eq!(status, 202);
    let one = format!("/pins/{}", made["requestid"].as_str().unwrap());
    for method in ["GET", "POST", "DELETE"] {
        let (status, body) = call(&theirs, method, &one);
        assert_eq!(
            (status, &body["error"]["reason"]),
            (404, &json!("NOT_FOUND")),
            "{method}"
        );
    }
    let (_, listed) = call(&theirs, "GET", "/pins?status=queued,pinning,pinned,failed");
    assert_eq!(listed["count"], 0);
    let (status, _) = call(&mine, "GET", &one);
    assert_eq!(status, 200);
}
