//! Who may use the API, and what bad options do.

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use super::rest::{self, PASSWORD, Peer, USER};

fn header(value: impl Into<String>) -> Vec<(String, String)> {
    vec![("Authorization".to_owned(), value.into())]
}

fn basic(user: &str, password: &str) -> Vec<(String, String)> {
    header(rest::basic(user, password))
}

const CID: &str = "bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna";

#[test]
fn only_users_are_let_in() {
    let peer = Peer::start(&[]);
    let endpoints = [
        ("GET", "/id".to_owned()),
        ("GET", "/version".to_owned()),
        ("GET", "/peers".to_owned()),
        ("POST", "/peers".to_owned()),
        ("DELETE", format!("/peers/{}", peer.id())),
        ("POST", "/add".to_owned()),
        ("GET", "/allocations".to_owned()),
        ("GET", format!("/allocations/{CID}")),
        ("GET", "/pins".to_owned()),
        ("GET", format!("/pins/{CID}")),
        ("POST", format!("/pins/{CID}")),
        ("POST", format!("/pins/ipfs/{CID}")),
        ("DELETE", format!("/pins/{CID}")),
        ("DELETE", format!("/pins/ipfs/{CID}")),
        ("POST", format!("/pins/{CID}/recover")),
        ("POST", "/pins/recover".to_owned()),
        ("GET", "/monitor/metrics".to_owned()),
        ("GET", "/monitor/metrics/ping".to_owned()),
        ("GET", "/health/alerts".to_owned()),
        ("GET", "/health/graph".to_owned()),
        ("GET", "/health/bandwidth".to_owned()),
        ("POST", "/ipfs/gc".to_owned()),
        ("POST", "/token".to_owned()),
        ("GET", "/unknown".to_owned()),
        ("GET", format!("/cairn/dag/{CID}")),
        ("POST", "/cairn/gc".to_owned()),
    ];
    let token = peer.json("POST", "/token")["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let none = format!(
        "{}.{}.",
        part(json!({"alg": "none"})),
        part(json!({"iss": USER}))
    );
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (_, claims) = signed.split_once('.').unwrap();
    let other_algorithm = format!("{}.{claims}.{signature}", part(json!({"alg": "HS512"})));
    let cut = &token[..token.len() - 1];
    let refused = [
        header(""),
        basic(USER, "wrong"),
        basic("nobody", PASSWORD),
        basic(USER, ""),
        header("Basic !!!"),
        header("Bearer garbage"),
        header(format!("Bearer {none}")),
        header(format!("Bearer {other_algorithm}")),
        header(format!("Bearer {cut}")),
        header("Digest x"),
    ];
    for (method, target) in &endpoints {
        for credential in &refused {
            let answer = peer.with(method, target, credential, None);
            assert_eq!(answer.status, 401, "{method} {target} {credential:?}");
        }
    }
    assert_eq!(peer.with("GET", "/health", &header(""), None).status, 204);
    let bearer = header(format!("Bearer {token}"));
    assert_eq!(peer.with("GET", "/id", &bearer, None).status, 200);
    // A user's token is not one of a peer.
    let answer = peer.with("POST", "/cairn/gc", &bearer, None);
    assert_eq!(answer.status, 401);
    // A new password ends the tokens and the old one, at once.
    let changed = peer
        .repository
        .output(&["cluster", "user", "add", USER], b"another\n")
        .unwrap();
    assert!(changed.status.success());
    assert_eq!(peer.with("GET", "/id", &bearer, None).status, 401);
    assert_eq!(
        peer.with("GET", "/id", &basic(USER, PASSWORD), None).status,
        401
    );
    assert_eq!(
        peer.with("GET", "/id", &basic(USER, "another"), None)
            .status,
        200
    );
    assert_eq!(
        peer.repository.run(&["cluster", "user", "ls"]).unwrap(),
        format!("{USER}\n")
    );
    // Without users nobody is let in while the daemon runs.
    peer.repository
        .run(&["cluster", "user", "rm", USER])
        .unwrap();
    assert_eq!(
        peer.with("GET", "/id", &basic(USER, "another"), None)
            .status,
        401
    );
}

#[test]
fn bad_options_pin_nothing() {
    let peer = Peer::start(&[]);
    let bad = [
        ("mode=bogus", 400),
        ("replication-min=x", 400),
        ("replication-min=2&replication-max=1", 500),
        ("replication-max=1", 500),
        ("replication=9", 500),
        ("shard-size=-1", 400),
        ("user-allocations=notapeer&replication=1", 400),
        ("expire-at=tomorrow", 400),
        ("expire-at=2001-01-02T03:04:05Z", 500),
        ("expire-in=x", 400),
        ("expire-in=10ms", 400),
        ("pin-update=x", 400),
        ("origins=x", 400),
        ("origins=/ip4/1.2.3.4/tcp/1", 400),
    ];
    for (query, status) in bad {
        let answer = peer.ask("POST", &format!("/pins/{CID}?{query}"));
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
        assert_eq!(answer.text().lines().count(), 1, "{query}");
        assert_eq!(
            peer.ask("GET", &format!("/allocations/{CID}")).status,
            404,
            "{query}"
        );
    }
    assert_eq!(peer.ask("GET", "/pins?filter=bogus,pinned").status, 400);
    assert_eq!(peer.ask("GET", "/allocations?filter=pin,bogus").status, 400);
}
