use super::*;

fn sites(json: &str) -> Sites {
    Sites::from_config(&serde_json::from_str(json).unwrap())
}

#[test]
fn hosts_have_rules() {
    let sites = sites(
        r#"{"PublicGateways": {"dweb.link": {"UseSubdomains": true, "Paths": ["/ipfs", "/ipns"]},
        "*.gw.example": {"Paths": ["/ipfs/"]}, "127.0.0.1": {"UseSubdomains": true}, "localhost": null}}"#,
    );
    for (host, known) in [
        ("dweb.link", true),
        ("dweb.link:8080", true),
        ("a.gw.example", true),
        ("a.gw.example:80", true),
        ("a.b.gw.example", false),
        ("gw.example", false),
        ("127.0.0.1:8080", false),
        ("localhost", false),
    ] {
        assert_eq!(sites.rule_of(host).is_some(), known, "{host}");
    }
    let parts = |host: &'static str| {
        let (_, gateway, namespace, root) = sites.subdomain(host)?;
        Some((gateway, namespace, root))
    };
    assert_eq!(
        parts("en.wikipedia.org.ipns.dweb.link:80"),
        Some(("dweb.link:80", "ipns", "en.wikipedia.org"))
    );
    assert_eq!(
        parts("cid.ipfs.dweb.link"),
        Some(("dweb.link", "ipfs", "cid"))
    );
    assert_eq!(parts("cid.ipld.dweb.link"), None);
    assert_eq!(parts("ipfs.dweb.link"), None);
    assert_eq!(parts("cid.ipfs.elsewhere.example"), None);
    let rule = sites.rule_of("a.gw.example").unwrap();
    assert!(rule.serves("/ipfs/x") && rule.serves("/ipfs"));
    assert!(!rule.serves("/ipfsx") && !rule.serves("/ipns/x"));
}

#[test]
fn localhost_has_subdomains_by_default() {
    let sites = sites("{}");
    assert!(sites.rule_of("localhost:8080").unwrap().subdomains);
    assert!(sites.subdomain("x.ipfs.localhost:8080").is_some());
}

#[test]
fn the_host_is_what_a_proxy_says() {
    let headers = |pairs: &[(&'static str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        HeaderMap::from_iter(pairs)
    };
    let path = Uri::from_static("/ipfs/x");
    let host = |uri: &Uri, pairs: &[(&'static str, &str)]| host_of(uri, &headers(pairs));
    assert_eq!(
        host(&path, &[("host", "A.example:80")]).as_deref(),
        Some("A.example:80")
    );
    let proxied = [("host", "a.example"), ("x-forwarded-host", "b.example")];
    assert_eq!(host(&path, &proxied).as_deref(), Some("b.example"));
    let whole = Uri::from_static("http://c.example/ipfs/x");
    assert_eq!(host(&whole, &[]).as_deref(), Some("c.example"));
    assert_eq!(host(&path, &[("host", "a.example/x")]), None);
    assert_eq!(host(&path, &[("x-forwarded-host", "a\"b")]), None);
}
