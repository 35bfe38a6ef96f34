//! Pages for people: directories and errors.

use tempfile::tempdir;

use super::{Gateway, write};

#[test]
fn directories_are_listed_for_people() {
    let gateway = Gateway::start(|_| {});
    let directory = tempdir().unwrap();
    let names = [
        "b.png",
        "a <i>&\"'.txt",
        "ą.txt",
        "日本.mp4",
        "sub/x",
        "%41",
    ];
    for name in names {
        write(directory.path(), &[(name, b"content")]);
    }
    let root = gateway.add(directory.path(), &[]);
    let page = gateway.get(&format!("/ipfs/{root}/"), &[]);
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("script-src 'sha256-"));
    assert_eq!(
        page.header("cache-control"),
        Some("public, max-age=604800, stale-while-revalidate=2678400")
    );
    let text = page.text();
    assert!(text.contains("&lt;i&gt;&amp;&quot;&#39;.txt</a>") && !text.contains("<i>&"));
    // Sorted, each a link that works.
    let mut last = 0;
    for (link, shown) in [
        ("%2541", "%41"),
        (
            "a%20%3Ci%3E%26%22%27.txt",
            "a &lt;i&gt;&amp;&quot;&#39;.txt",
        ),
        ("b.png", "b.png"),
        ("sub", "sub"),
        ("%C4%85.txt", "ą.txt"),
        ("%E6%97%A5%E6%9C%AC.mp4", "日本.mp4"),
    ] {
        let target = format!("/ipfs/{root}/{link}");
        let entry = format!("<a href=\"{target}\">{shown}</a>");
        let at = text.find(&entry).unwrap_or_else(|| panic!("{entry}"));
        assert!(at > last, "{entry}");
        last = at;
        let status = gateway.get(&target, &[]).status;
        assert_eq!(status, if link == "sub" { 301 } else { 200 }, "{link}");
    }
    assert!(text.contains("<img loading=\"lazy\""));
    assert!(text.contains("<b class=\"d\">") && text.contains("7 B"));
    assert!(!text.contains("<a href=\"/ipfs/{root}/..\">"));
    let sub = gateway.get(&format!("/ipfs/{root}/sub/"), &[]).text();
    assert!(sub.contains(&format!("<a href=\"/ipfs/{root}/sub/..\">..</a>")));
    assert!(sub.contains(&format!(
        "/ipfs/<a href=\"/ipfs/{root}\">{root}</a>/<a href=\"/ipfs/{root}/sub\">sub</a>"
    )));
    let etag = page.header("etag").unwrap();
    let known = gateway.get(&format!("/ipfs/{root}/"), &[("If-None-Match", etag)]);
    assert_eq!(known.status, 304);
    let head = gateway.ask("HEAD", &format!("/ipfs/{root}/"), &[]);
    assert_eq!((head.status, head.header("content-length")), (200, None));
    assert_eq!(head.header("etag"), Some(etag));
    // On a subdomain, links to other content lead to the host of the gateway.
    let host = format!("{root}.ipfs.localhost:80");
    let page = gateway.get("/sub/", &[("Host", &host)]).text();
    assert!(page.contains("<a href=\"/sub/x\">x</a>"));
    assert!(page.contains(&format!("href=\"//localhost:80/ipfs/{root}/sub\">")));
}

#[test]
fn errors_are_pages_for_browsers_and_text_for_programs() {
    let gateway = Gateway::start(|_| {});
    let html = [("Accept", "text/html,*/*;q=0.8")];
    let path = "/ipfs/bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/%3Cscript%3E";
    let page = gateway.get(path, &html);
    assert_eq!(page.status, 404);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let text = page.text();
    assert!(text.contains("404 Not Found") && text.contains("What to try"));
    assert!(text.contains("&lt;script&gt;"));
    let plain = gateway.get(path, &[]);
    assert_eq!(
        plain.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(plain.text().lines().count(), 1);
    let head = gateway.ask("HEAD", path, &[]);
    let length = plain.body.len().to_string();
    assert_eq!(
        (head.status, head.header("content-length")),
        (404, Some(length.as_str()))
    );
    let bad = gateway.get("/ipfs/QmInvalidCID", &[]);
    assert_eq!(bad.status, 400);
    assert!(bad.text().contains("invalid path \"/ipfs/QmInvalidCID\""));
    assert_eq!(gateway.get("/", &[]).status, 404);
    assert_eq!(gateway.ask("PUT", path, &[]).status, 405);
    let Gateway {
        daemon, repository, ..
    } = gateway;
    daemon
        .terminate(std::time::Duration::from_secs(30))
        .unwrap();
    let gateway = Gateway::of(repository, |config| {
        config["Gateway"]["DisableHTMLErrors"] = true.into();
        config["Gateway"]["RootRedirect"] = "/ipfs/bafkqaaa".into();
    });
    let plain = gateway.get(path, &html);
    assert_eq!(
        plain.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let root = gateway.get("/", &[]);
    assert_eq!(
        (root.status, root.header("location")),
        (302, Some("/ipfs/bafkqaaa"))
    );
}
