//! What the faces of a daemon refuse: every endpoint with every kind of credential.

use cairn_services::accounts::TOKEN_PREFIX;
use cairn_testkit::http;
use cairn_testkit::server::{Daemon, Repository};
use cairn_wire::rest::{Access, Endpoint, Spec};
use serde_json::{Value, json};

macro_rules! specs {
    ($($endpoint:path),+ $(,)?) => { [$( <$endpoint as Endpoint>::SPEC ),+] };
}

/// The media type of requests, with a body or without.
const JSON: &str = "application/json";

/// The answer to a request to a face of a daemon.
fn ask(base: &str, spec: &Spec, authorization: Option<&str>) -> (u16, Value) {
    let target = spec
        .path
        .replace("{requestid}", "abc")
        .replace("{cid}", "bafkqabtimvwgy3yk");
    let mut headers = vec![("Content-Type", JSON)];
    headers.extend(authorization.map(|value| ("Authorization", value)));
    let body = (JSON, &b"{\"cid\":\"bafkqabtimvwgy3yk\"}"[..]);
    let body = (!matches!(spec.method, "GET" | "DELETE")).then_some(body);
    let answer = http::ask(base, spec.method, &target, &headers, body).unwrap();
    let body = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.status, body)
}

/// Every endpoint of the faces in a daemon, with every kind of credential that is refused.
#[test]
fn every_face_refuses_what_it_should() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let create = |arguments: &[&str]| format!("Bearer {}", repository.token(arguments).unwrap());
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

/// A request to a face of a daemon, and its answer.
fn send(
    base: &str,
    token: &str,
    (method, target): (&str, &str),
    (kind, body): (&str, &str),
) -> (u16, Value) {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
    let body = (!body.is_empty()).then_some((kind, body.as_bytes()));
    let answer = http::ask(base, method, target, &headers, body).unwrap();
    let body = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.status, body)
}

/// The content of one account, and what another may do with it: nothing. The answer is the same as if it did not exist, but
/// for `check`, which tells everybody the same.
#[test]
fn accounts_do_not_see_each_other() {
    const NONE: (&str, &str) = (JSON, "");
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    repository.run(&["account", "create", "other"]).unwrap();
    let mine = repository.token(&["mine"]).unwrap();
    let theirs = repository.token(&["theirs", "--account", "other"]).unwrap();
    let (pinning, upload) = (daemon.pinning().unwrap(), daemon.upload().unwrap());
    let pin = r#"{"cid":"bafkqabtimvwgy3yk","name":"mine"}"#;
    let pin = ("application/json", pin);
    // Both servers have the pinning service.
    for base in [&pinning, &upload] {
        let (status, made) = send(base, &mine, ("POST", "/pins"), pin);
        assert_eq!(status, 202, "{made}");
        let one = format!("/pins/{}", made["requestid"].as_str().unwrap());
        let absent = format!("/pins/{}", "0".repeat(26));
        for (method, body) in [("GET", NONE), ("POST", pin), ("DELETE", NONE)] {
            let (status, refusal) = send(base, &theirs, (method, &one), body);
            assert_eq!(status, 404, "{method}");
            assert_eq!(refusal["error"]["reason"], "NOT_FOUND");
            let unknown = send(base, &theirs, (method, &absent), body);
            assert_eq!((status, refusal), unknown, "{method} tells that it exists");
        }
        for query in [
            "",
            "?cid=bafkqabtimvwgy3yk",
            "?name=mine",
            "?status=pinned,queued",
        ] {
            let target = format!("/pins{query}");
            let (_, listed) = send(base, &theirs, ("GET", &target), NONE);
            assert_eq!(
                (&listed["count"], &listed["results"]),
                (&json!(0), &json!([]))
            );
        }
        let (status, kept) = send(base, &mine, ("GET", &one), NONE);
        assert_eq!((status, &kept["pin"]["name"]), (200, &json!("mine")));
    }

    let (status, stored) = send(
        &upload,
        &mine,
        ("POST", "/upload"),
        ("text/plain", "secret"),
    );
    assert_eq!(status, 200, "{stored}");
    let cid = stored["value"]["cid"].as_str().unwrap();
    let own = stored["value"].clone();
    let rename = ("application/json", r#"{"name":"theirs"}"#);
    let (one, named) = (format!("/{cid}"), format!("/upload/{cid}"));
    // Of content that nobody has uploaded.
    let absent = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am";
    for (method, target, body) in [
        ("GET", &one, NONE),
        ("DELETE", &one, NONE),
        ("PATCH", &named, rename),
    ] {
        let (status, refusal) = send(&upload, &theirs, (method, target), body);
        assert_eq!(
            (status, &refusal["error"]["code"]),
            (404, &json!("HTTP_ERROR")),
            "{method} {target}: {refusal}"
        );
        let elsewhere = target.replace(cid, absent);
        let unknown = send(&upload, &theirs, (method, &elsewhere), body);
        assert_eq!((status, refusal), unknown, "{method} tells that it exists");
    }
    let (_, listed) = send(&upload, &theirs, ("GET", "/"), NONE);
    assert_eq!(listed["value"], json!([]));
    // Whether anyone stores it is public; whose it is, and its name, are not.
    let check = format!("/check/{cid}");
    let (status, checked) = send(&upload, &theirs, ("GET", &check), NONE);
    assert_eq!(status, 200);
    let mut keys: Vec<_> = checked["value"].as_object().unwrap().keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["cid", "deals", "pin"]);
    assert_eq!(
        (status, checked),
        send(&upload, &mine, ("GET", &check), NONE)
    );
    // The same content is an upload of its own for them, and removing it leaves mine.
    let (status, second) = send(
        &upload,
        &theirs,
        ("POST", "/upload"),
        ("text/html", "secret"),
    );
    assert_eq!(status, 200);
    assert_eq!(second["value"]["cid"], cid);
    assert_eq!(second["value"]["scope"], "theirs");
    let (status, _) = send(&upload, &theirs, ("DELETE", &one), NONE);
    assert_eq!(status, 200);
    let (status, kept) = send(&upload, &mine, ("GET", &one), NONE);
    assert_eq!((status, &kept["value"]), (200, &own));
}
