use std::collections::BTreeMap;

use super::*;

fn policy(headers: &[(&str, &[&str])]) -> Policy {
    let mut config = Config::default();
    config.api.http_headers = Some(BTreeMap::from_iter(headers.iter().map(|(name, values)| {
        let values = values.iter().map(ToString::to_string).collect();
        ((*name).to_owned(), values)
    })));
    Policy::from_config(&config)
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    HeaderMap::from_iter(pairs)
}

#[test]
fn pages_are_named_by_origin_or_referer() {
    let policy = policy(&[("Access-Control-Allow-Origin", &["https://app.example"])]);
    for (given, expected) in [
        (&[][..], true),
        (&[("origin", "https://app.example")], true),
        (&[("origin", "https://APP.example")], false),
        (&[("referer", "https://app.example/page?x")], true),
        (&[("referer", "https://app.example.evil/page")], false),
        (
            &[
                ("origin", "https://app.example"),
                ("referer", "http://evil/"),
            ],
            false,
        ),
        (&[("user-agent", "Mozilla/5.0")], false),
        (&[("user-agent", "Mozilla/5.0 Electron/1")], true),
        (
            &[
                ("user-agent", "Mozilla/5.0"),
                ("referer", "https://app.example/"),
            ],
            true,
        ),
        (
            &[
                ("host", "localhost:5001"),
                ("origin", "http://localhost:5001"),
            ],
            true,
        ),
        (
            &[
                ("host", "localhost:5001"),
                ("origin", "http://localhost:5002"),
            ],
            false,
        ),
        (
            &[
                ("host", "evil.example:5001"),
                ("origin", "http://evil.example:5001"),
            ],
            false,
        ),
    ] {
        assert_eq!(policy.allows(&headers(given)), expected, "{given:?}");
    }
}

#[test]
fn preflights_follow_the_configuration() {
    let policy = policy(&[
        (
            "Access-Control-Allow-Origin",
            &["https://app.example", "https://*.sub.example"],
        ),
        ("Access-Control-Allow-Methods", &["PUT", "POST"]),
        ("Access-Control-Allow-Credentials", &["True"]),
    ]);
    let ask = |origin: &str, method: &str, wanted: &str| {
        let given = headers(&[
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", wanted),
        ]);
        let answer = policy.preflight(&given);
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(answer.status(), 204);
        (
            header("access-control-allow-origin"),
            header("access-control-allow-methods"),
            header("access-control-allow-headers"),
            header("access-control-allow-credentials"),
        )
    };
    let yes = |origin: &str, method: &str, wanted: Option<&str>| {
        let some = |text: &str| Some(text.to_owned());
        (
            some(origin),
            some(method),
            wanted.map(str::to_owned),
            some("true"),
        )
    };
    let app = "https://app.example";
    assert_eq!(ask(app, "PUT", ""), yes(app, "PUT", None));
    assert_eq!(
        ask(app, "POST", "content-type"),
        yes(app, "POST", Some("content-type"))
    );
    assert_eq!(
        ask("https://a.sub.example", "POST", ""),
        yes("https://a.sub.example", "POST", None)
    );
    for (origin, method, wanted) in [
        (app, "DELETE", ""),
        (app, "POST", "authorization"),
        ("https://evil.example", "POST", ""),
    ] {
        assert_eq!(ask(origin, method, wanted), (None, None, None, None));
    }
}

#[test]
fn any_origin_is_told_by_a_star() {
    let policy = policy(&[("Access-Control-Allow-Origin", &["*"])]);
    let given = headers(&[("origin", "http://anyone")]);
    let mut out = HeaderMap::new();
    policy.set_allow_origin(policy.allow_origin("POST", &given).as_ref(), &mut out);
    assert_eq!(out["access-control-allow-origin"], "*");
    assert!(policy.allows(&given));
    assert!(policy.allow_origin("GET", &given).is_none());
}

#[test]
fn headers_of_the_configuration_give_way_to_the_answers_own() {
    let policy = policy(&[
        ("x-team", &["a", "b"]),
        ("Server", &["mine"]),
        ("Vary", &["Cookie"]),
        ("bad name", &["x"]),
    ]);
    let mut out = headers(&[("server", "ours"), ("vary", "Origin")]);
    policy.add_headers(&mut out);
    let team: Vec<_> = out.get_all("x-team").iter().collect();
    assert_eq!(team, ["a", "b"]);
    assert_eq!(out["server"], "ours");
    let vary: Vec<_> = out.get_all("vary").iter().collect();
    assert_eq!(vary, ["Origin", "Cookie"]);
    assert_eq!(out.len(), 5);
}
