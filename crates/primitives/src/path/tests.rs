use super::*;

const HELLO: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";

#[test]
fn errors_name_the_path() {
    let short = |path: &str| format!("cannot read path {path}: expected a form like /ipfs/CID");
    for (text, message) in [
        ("x", short("\"x\"")),
        ("notacid", short("\"notacid\"")),
        ("a\"b", short(r#""a\"b""#)),
        ("", short("\"\"")),
        ("/", short("\"/\"")),
        ("/ipfs", short("\"/ipfs\"")),
        ("/ipfs/", short("\"/ipfs/\"")),
        ("zzz/a", short("\"zzz/a\"")),
        ("a\u{1}\u{a0}\u{301}", short("\"a\\x01\\u00a0\u{301}\"")),
        (
            "/foo/bar",
            "cannot read path \"/foo/bar\": unknown namespace \"foo\"".to_owned(),
        ),
        (
            "/ipfs/zz",
            "cannot read path \"/ipfs/zz\": invalid CID: unknown version 57".to_owned(),
        ),
        (
            "/ipfs/Qm1",
            "cannot read path \"/ipfs/Qm1\": invalid CID: no multibase encoding has the prefix 'Q'"
                .to_owned(),
        ),
        (
            "/ipfs/k",
            "cannot read path \"/ipfs/k\": invalid CID: it is shorter than any CID".to_owned(),
        ),
    ] {
        assert_eq!(ContentPath::parse(text).unwrap_err().to_string(), message);
    }
}

#[test]
fn cleans_as_go_does() {
    for (text, cleaned) in [
        (
            format!("/ipfs/{HELLO}/a//b/./c/"),
            Some(format!("/ipfs/{HELLO}/a/b/c/")),
        ),
        (
            format!("/ipfs/{HELLO}/a/../b"),
            Some(format!("/ipfs/{HELLO}/b")),
        ),
        (
            format!("/../ipfs/{HELLO}/"),
            Some(format!("/ipfs/{HELLO}/")),
        ),
        (format!("/ipfs/{HELLO}/../x"), None),
        (
            format!("/ipfs/{HELLO}/../../ipns/a.b/c"),
            Some("/ipns/a.b/c".to_owned()),
        ),
        (
            format!("{HELLO}/a%20b"),
            Some(format!("/ipfs/{HELLO}/a%20b")),
        ),
        (
            format!("ipfs://{HELLO}/a%20b%zz?x=1#y"),
            Some(format!("/ipfs/{HELLO}/a b%zz")),
        ),
        (
            "IPNS://example.com".to_owned(),
            Some("/ipns/example.com".to_owned()),
        ),
        ("ipfs://nope".to_owned(), None),
        (format!("http://{HELLO}"), None),
        (format!("ipfs/{HELLO}"), None),
    ] {
        assert_eq!(
            ContentPath::parse(&text).ok().map(|path| path.to_string()),
            cleaned,
            "{text}"
        );
    }
}

#[test]
fn parts_can_be_asked_for() {
    let path = ContentPath::parse(format!("{HELLO}/a/b/")).unwrap();
    assert_eq!(path.names().collect::<Vec<_>>(), [b"a", b"b"]);
    assert_eq!(
        (&*path.root(), path.ends_in_slash(), path.is_mutable()),
        (HELLO, true, false)
    );
    assert_eq!(path.immutable_root().unwrap().to_string(), HELLO);
    assert_eq!(
        path.join(["c", "..", "d"]).unwrap().to_string(),
        format!("/ipfs/{HELLO}/a/b/d")
    );
    assert!(path.join(["..", "..", ".."]).is_err());
    let name = ContentPath::new("/ipns/k51/x").unwrap();
    assert_eq!(
        (name.cid(), &*name.root(), name.namespace()),
        (None, "k51", Namespace::Ipns)
    );
    assert!(
        name.immutable_root()
            .unwrap_err()
            .to_string()
            .ends_with("and an immutable path is required")
    );
}
