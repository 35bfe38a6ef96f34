//! Who may do what on which face: every combination of face, credential and verb.

use cairn_testkit::server::{Daemon, Repository};
use serde_json::json;

use crate::support::ask;

const DENIED: &str = "Kubo RPC Access Denied: Please provide a valid authorization token as defined in the API.Authorizations configuration.\n";

fn started(edit: impl FnOnce(&mut serde_json::Value)) -> (Repository, Daemon) {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    repository.configure(edit).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    (repository, daemon)
}

fn authorizations() -> serde_json::Value {
    json!({
        "all": {"AuthSecret": "bearer:sesame", "AllowedPaths": ["/api/v0"]},
        "reader": {"AuthSecret": "basic:alice:pass:word", "AllowedPaths": ["/api/v0/cat", "/api/v0/id"]},
        "encoded": {"AuthSecret": "basic:Ym9iOng=", "AllowedPaths": ["/api/v0/id"]},
        "nothing": {"AuthSecret": "lonely"},
    })
}

#[test]
fn every_face_role_and_verb() {
    let (_repository, daemon) =
        started(|config| config["API"]["Authorizations"] = authorizations());
    let rpc = daemon.rpc();
    let gateway = daemon.gateway().unwrap();
    let roles = [
        ("nobody", None),
        ("wrong", Some("Bearer open")),
        ("wrong case", Some("bearer sesame")),
        ("half", Some("Bearer sesam")),
        ("all", Some("Bearer sesame")),
        ("reader", Some("Basic YWxpY2U6cGFzczp3b3Jk")),
        ("encoded", Some("Basic Ym9iOng=")),
        ("nothing", Some("Bearer lonely")),
    ];
    let known = ["all", "reader", "encoded", "nothing"];
    // (target, roles that may)
    let targets: [(&str, &[&str]); 5] = [
        ("/api/v0/id", &["all", "reader", "encoded"]),
        ("/api/v0/cat/bafkqabtimvwgy3yk", &["all", "reader"]),
        ("/api/v0/repo/stat", &["all"]),
        ("/api/v0/version", &known),
        ("/api/v0/no/such", &["all"]),
    ];
    for (role, authorization) in roles {
        let headers: Vec<_> = authorization
            .map(|value| ("Authorization", value))
            .into_iter()
            .collect();
        for (target, allowed) in targets {
            for verb in ["POST", "GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
                let answer = ask(&rpc, verb, target, &headers);
                let expected = match verb {
                    _ if !allowed.contains(&role) => 403,
                    "OPTIONS" => 204,
                    "POST" if target.ends_with("/no/such") => 404,
                    "POST" => 200,
                    _ => 405,
                };
                assert_eq!(answer.status, expected, "rpc {role} {verb} {target}");
                if expected == 403 && verb != "HEAD" {
                    assert_eq!(answer.text(), DENIED);
                    assert_eq!(
                        answer.header("content-type"),
                        Some("text/plain; charset=utf-8")
                    );
                }
            }
        }
        // What needs no credential: the program's version here, everything on the gateway.
        assert_eq!(ask(&rpc, "GET", "/version", &headers).status, 200, "{role}");
        for (verb, expected) in [
            ("GET", 200),
            ("HEAD", 200),
            ("OPTIONS", 204),
            ("POST", 405),
            ("PUT", 405),
            ("DELETE", 405),
        ] {
            let answer = ask(&gateway, verb, "/ipfs/bafkqabtimvwgy3yk", &headers);
            assert_eq!(answer.status, expected, "gateway {role} {verb}");
        }
        assert_eq!(
            ask(&gateway, "POST", "/api/v0/id", &headers).status,
            405,
            "the gateway has no RPC"
        );
    }
}

#[test]
fn without_authorizations_no_credential_is_asked_for() {
    let (_repository, daemon) = started(|_| {});
    for headers in [&[][..], &[("Authorization", "Bearer whatever")]] {
        assert_eq!(
            ask(&daemon.rpc(), "POST", "/api/v0/id", headers).status,
            200
        );
    }
}

#[test]
fn the_command_line_presents_its_secret() {
    let (repository, daemon) = started(|config| config["API"]["Authorizations"] = authorizations());
    let id = |arguments: &[&str]| {
        let mut all = vec!["id", "--format=<id>"];
        all.extend(arguments);
        repository.run(&all)
    };
    let refused = id(&[]).unwrap_err().to_string();
    assert!(refused.contains("Access Denied"), "{refused}");
    for secret in [
        "bearer:sesame",
        "sesame",
        "basic:alice:pass:word",
        "basic:Ym9iOng=",
    ] {
        let printed = id(&["--api-auth", secret]).unwrap();
        assert!(printed.starts_with("12D3Koo"), "{secret}: {printed}");
    }
    assert!(id(&["--api-auth", "bearer:lonely"]).is_err());
    // Whoever has the repository needs no secret.
    daemon.kill().unwrap();
    assert!(id(&[]).is_ok());
}

#[test]
fn beyond_this_machine_only_with_credentials_or_on_purpose() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    repository
        .configure(|config| config["Addresses"]["API"] = "/ip4/0.0.0.0/tcp/0".into())
        .unwrap();
    let refused = repository.start(&["--offline"]).unwrap_err().to_string();
    assert!(refused.contains("asks for no credentials"), "{refused}");
    repository.start(&["--offline", "--insecure-open"]).unwrap();
    repository
        .configure(|config| config["API"]["Authorizations"] = authorizations())
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let base = format!("http://127.0.0.1:{}", daemon.rpc_address().unwrap().port());
    assert_eq!(ask(&base, "POST", "/api/v0/id", &[]).status, 403);
}

#[test]
fn names_that_are_not_listed_are_refused() {
    let (_repository, daemon) = started(|config| {
        config["API"]["AllowedHosts"] = json!(["node.example"]);
        config["Gateway"]["AllowedHosts"] = json!(["*.gateway.example"]);
    });
    let gateway = daemon.gateway().unwrap();
    for (host, on_rpc, on_gateway) in [
        (None, 200, 200),
        // There the gateway gives each root a subdomain.
        (Some("localhost"), 200, 301),
        (Some("node.example:5001"), 200, 421),
        (Some("a.gateway.example"), 421, 200),
        (Some("evil.example"), 421, 421),
    ] {
        let headers: Vec<_> = host.map(|host| ("Host", host)).into_iter().collect();
        let answer = ask(&daemon.rpc(), "POST", "/api/v0/version", &headers);
        assert_eq!(answer.status, on_rpc, "rpc {host:?}");
        let answer = ask(&gateway, "GET", "/ipfs/bafkqabtimvwgy3yk", &headers);
        assert_eq!(answer.status, on_gateway, "gateway {host:?}");
    }
}

#[test]
fn configured_headers_go_out_with_commands() {
    let (_repository, daemon) = started(|config| {
        config["API"]["HTTPHeaders"] = json!({
            "X-Team": ["a", "b"],
            "Server": ["mine"],
            "Access-Control-Allow-Origin": ["https://app.example"],
            "Access-Control-Allow-Credentials": ["true"],
        });
    });
    let page = [("Origin", "https://app.example")];
    let answer = ask(&daemon.rpc(), "POST", "/api/v0/version", &page);
    assert_eq!(answer.header("x-team"), Some("a, b"));
    assert!(answer.header("server").unwrap().starts_with("cairn/"));
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
    let stranger = [("Origin", "https://other.example")];
    let answer = ask(&daemon.rpc(), "POST", "/api/v0/version", &stranger);
    assert_eq!((answer.status, answer.header("x-team")), (403, None));
}

#[test]
fn configured_headers_go_out_with_the_gateway() {
    let (_repository, daemon) = started(|config| {
        config["Gateway"]["HTTPHeaders"] = json!({
            "X-Team": ["a", "b"],
            "Cache-Control": ["no-store"],
            "Access-Control-Allow-Origin": ["https://app.example"],
        });
    });
    let gateway = daemon.gateway().unwrap();
    for (method, path, status) in [
        ("GET", "/ipfs/bafkqabtimvwgy3yk", 200),
        ("GET", "/ipfs/bad", 400),
        ("POST", "/ipfs/bafkqabtimvwgy3yk", 405),
        ("GET", "/nothing", 404),
    ] {
        let answer = ask(&gateway, method, path, &[]);
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("x-team"), Some("a, b"), "{method} {path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("https://app.example")
        );
        assert_eq!(
            answer.header("access-control-allow-methods"),
            Some("GET, HEAD, OPTIONS")
        );
    }
    let answer = ask(&gateway, "GET", "/ipfs/bafkqabtimvwgy3yk", &[]);
    assert_eq!(
        answer.header("cache-control"),
        Some("public, max-age=29030400, immutable")
    );
}

#[test]
fn old_clients_are_told_an_old_version() {
    for (compat, expected) in [
        (None, "0.42.0"),
        (Some("current"), "0.42.0"),
        (Some("0.7"), "0.7.0"),
    ] {
        let (_repository, daemon) = started(|config| {
            if let Some(compat) = compat {
                config["API"]["Compat"] = compat.into();
            }
        });
        let answer = ask(&daemon.rpc(), "POST", "/api/v0/version", &[]);
        let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(told["Version"], expected);
    }
}
