//! Objects of Git and of JOSE from the command line. What is expected is what a running Kubo printed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A file, its folder, a commit and a tag, with their CIDs.
const OBJECTS: [(&[u8], &str); 4] = [
    (b"blob 6\0hello\n", BLOB),
    (
        b"tree 33\x00100644 a.txt\0\xce\x016%\x03\x0b\xa8\xdb\xa9\x06\xf7V\x96\x7f\x9e\x9c\xa3\x94FJ",
        TREE,
    ),
    (
        b"commit 150\0tree 2e81171448eb9f2ee3821e3d447aa6b2fe3ddba1\n\
            author Ann <ann@example.com> 1700000000 +0100\n\
            committer Carl <carl@example.com> 1700000001 -0730\n\nfirst\n",
        COMMIT,
    ),
    (
        b"tag 122\0object e56728e08dcaa18cdc161c79fe7b9adefc0e042c\ntype commit\ntag v1\n\
            tagger Carl <carl@example.com> 1700000001 -0730\n\nA tag\n",
        TAG,
    ),
];
const BLOB: &str = "baf4bcfgoae3ckaylvdn2sbxxk2lh7hu4uokemsq";
const TREE: &str = "baf4bcfboqelrishlt4xohaq6hvchvjvs7y65xii";
const COMMIT: &str = "baf4bcfhfm4uobdokuggnyfq4ph7hxgw67qhaila";
const TAG: &str = "baf4bcfhkrha7ogiebp6rf34w2ry2w2blx6in3va";

const GIT: [&str; 5] = [
    "dag",
    "put",
    "--input-codec=git-raw",
    "--store-codec=git-raw",
    "--hash=sha1",
];

fn run(repository: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cairn"))
        .env("IPFS_PATH", repository)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    child.wait_with_output().unwrap()
}

fn prints(repository: &Path, arguments: &[&str], stdin: &[u8]) -> Vec<u8> {
    let output = run(repository, arguments, stdin);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    output.stdout
}

fn text(repository: &Path, arguments: &[&str]) -> String {
    String::from_utf8(prints(repository, arguments, b"")).unwrap()
}

#[test]
fn objects_of_git() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("repository");
    text(&repository, &["init", "--profile=test"]);
    for (object, cid) in OBJECTS {
        let printed = prints(&repository, &GIT, object);
        assert_eq!(printed, format!("{cid}\n").into_bytes());
        assert_eq!(prints(&repository, &["block", "get", cid], b""), object);
    }
    let say = |arguments: &[&str]| text(&repository, arguments);
    let under = |path: &str| format!("{TAG}/{path}");
    assert_eq!(
        say(&["dag", "get", TAG]),
        format!(
            r#"{{"message":"A tag\n","object":{{"/":"{COMMIT}"}},"tag":"v1","tagger":{{"date":"1700000001","email":"carl@example.com","name":"Carl","timezone":"-0730"}},"type":"commit"}}"#
        )
    );
    assert_eq!(
        say(&["dag", "get", &under("object/author")]),
        r#"{"date":"1700000000","email":"ann@example.com","name":"Ann","timezone":"+0100"}"#
    );
    assert_eq!(
        say(&[
            "dag",
            "get",
            "--output-codec=raw",
            &under("object/tree/a.txt/hash")
        ]),
        "blob 6\0hello\n"
    );
    assert_eq!(
        say(&["dag", "resolve", &under("object/tree/a.txt")]),
        format!("{TREE}/a.txt")
    );
    assert_eq!(
        say(&["refs", "-r", TAG]),
        format!("{COMMIT}\n{TREE}\n{BLOB}\n")
    );
    for (path, message) in [
        (
            "object/nope",
            format!("no link named \"nope\" under {COMMIT}"),
        ),
        ("object/tree/nope", "no entry is named \"nope\"".to_owned()),
    ] {
        let refused = run(&repository, &["dag", "get", &under(path)], b"");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(&message), "{said}");
    }

    // Pinned by its root, all of it survives, and travels in an archive.
    let mut pinned = GIT.to_vec();
    pinned.push("--pin");
    prints(&repository, &pinned, OBJECTS[3].0);
    prints(&repository, &GIT, b"blob 1\0x");
    let removed = say(&["repo", "gc", "-q"]);
    assert_eq!(removed.lines().count(), 1, "{removed}");
    assert_eq!(say(&["repo", "gc", "-q"]), "");
    let stat = say(&["dag", "stat", "--progress=false", TAG]);
    assert!(
        stat.contains("Unique Blocks: 4") && stat.contains("Total Size: 345"),
        "{stat}"
    );
    let archive = prints(&repository, &["dag", "export", TAG], b"");
    assert_eq!(archive.len(), 494);
    let other = folder.path().join("other");
    text(&other, &["init", "--profile=test"]);
    let imported = prints(&other, &["dag", "import"], &archive);
    assert!(String::from_utf8(imported).unwrap().contains(TAG));
    text(&other, &["repo", "gc", "-q"]);
    assert_eq!(text(&other, &["refs", "-r", TAG]).lines().count(), 3);
}

#[test]
fn objects_of_jose() {
    const SIGNED: &str = "bagcqcera734hnzuy722x7poogsqafyqghc7qdixxt6esbhahp4ndiibioxoa";
    const PAYLOAD: &str = "bafyreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe";
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("repository");
    text(&repository, &["init", "--profile=test"]);
    let flattened =
        br#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signature":"YWJj"}"#;
    let put = ["dag", "put", "--store-codec=dag-jose"];
    assert_eq!(
        prints(&repository, &put, flattened),
        format!("{SIGNED}\n").into_bytes()
    );
    let say = |arguments: &[&str]| text(&repository, arguments);
    assert_eq!(
        say(&["dag", "get", SIGNED]),
        format!(
            r#"{{"link":{{"/":"{PAYLOAD}"}},"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB","signatures":[{{"signature":"YWJj"}}]}}"#
        )
    );
    assert_eq!(
        say(&["dag", "get", &format!("{SIGNED}/signatures/0")]),
        r#"{"signature":"YWJj"}"#
    );
    assert_eq!(say(&["dag", "resolve", &format!("{SIGNED}/link")]), PAYLOAD);
    let block = prints(&repository, &["block", "get", SIGNED], b"");
    let mut again = put.to_vec();
    again.push("--input-codec=dag-jose");
    assert_eq!(
        prints(&repository, &again, &block),
        format!("{SIGNED}\n").into_bytes()
    );
    let supported = say(&["cid", "codecs", "--supported"]);
    assert_eq!(
        supported.lines().collect::<Vec<_>>(),
        [
            "cbor",
            "raw",
            "dag-pb",
            "dag-cbor",
            "libp2p-key",
            "git-raw",
            "dag-jose",
            "dag-json",
            "json"
        ]
    );
}
