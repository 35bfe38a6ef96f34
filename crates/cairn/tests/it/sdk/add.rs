//! Adding, and reading JSON.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use cairn_client::{AddEvent, Added, Part, Source, Symlinks, Upload};
use futures_util::stream;

use super::{HELLO, Server};

fn names(added: &[Added]) -> Vec<&str> {
    added.iter().map(|added| added.name.as_str()).collect()
}

/// A directory with files, hidden ones, directories and a link.
fn tree(folder: &Path) -> String {
    let photos = folder.join("photos");
    fs::create_dir_all(photos.join("old")).unwrap();
    for file in ["1.jpg", "2.jpg", "notes.txt", ".hidden", "old/3.jpg"] {
        fs::write(photos.join(file), file).unwrap();
    }
    std::os::unix::fs::symlink("1.jpg", photos.join("link")).unwrap();
    photos.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn content_of_every_kind() {
    let server = Server::start().await;
    let kubo = &server.kubo;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hello");
    fs::write(&path, "hello\n").unwrap();

    // The examples of the reference have these CIDs.
    assert_eq!(
        kubo.add_bytes(&b"Mary had a little lamb"[..])
            .await
            .unwrap()
            .to_string(),
        "QmZfF6C9j4VtoCsTp4KSrhYH47QMd3DNXVZBKaxJdhaPab"
    );
    let value = serde_json::json!({ "two": 2, "one": 1, "three": 3 });
    let json = kubo.add_json(&value).await.unwrap();
    // Keys are sorted, as in the Python client.
    let text = r#"{"one":1,"three":3,"two":2}"#;
    assert_eq!(json, kubo.add_str(text).await.unwrap());
    assert_eq!(
        kubo.get_json::<serde_json::Value>(&json).await.unwrap(),
        value
    );
    assert_eq!(
        kubo.add_json(&serde_json::json!([1, 77, "lol"]))
            .await
            .unwrap()
            .to_string(),
        "QmQ4R5cCUYBWiJpNL7mFe4LDrwD6qBr5Re17BoRAY9VNpd"
    );
    assert!(kubo.get_json::<Vec<u8>>(&json).limit(3).await.is_err());
    assert!(
        kubo.get_json::<Vec<u8>>(&json)
            .timeout(Duration::from_secs(9))
            .offline(true)
            .await
            .is_err()
    );

    assert_eq!(kubo.add_str("hello\n").await.unwrap().to_string(), HELLO);
    let added = kubo.add(&path).await.unwrap();
    assert_eq!(
        (added.name.as_str(), added.cid.to_string().as_str()),
        ("hello", HELLO)
    );
    assert_eq!(added.size, Some(14));
    for source in [
        Source::path(&path),
        Source::bytes("hello\n"),
        Source::reader(&b"hello\n"[..]),
        Source::blocking_reader(&b"hello\n"[..]),
        Source::stream(stream::iter([Ok("hel".into()), Ok("lo\n".into())])),
    ] {
        let shown = format!("{source:?}");
        let added = kubo.add(source.named("n")).await.unwrap();
        assert_eq!(
            (added.name.as_str(), added.cid.to_string().as_str()),
            ("n", HELLO),
            "{shown}"
        );
    }
    let parts = Upload::from_parts(vec![Part::bytes("a", "hello\n"), Part::bytes("b", "b")]);
    assert_eq!(names(&kubo.add(parts).all().await.unwrap()), ["a", "b"]);
    let all = kubo.add_all(["one", "two"].map(|text| Source::bytes(text).named(text)));
    assert_eq!(names(&all.await.unwrap()), ["one", "two"]);
    let gone = kubo.add(folder.path().join("gone")).await;
    assert!(gone.unwrap_err().to_string().contains("gone"));
}

#[tokio::test]
async fn directories() {
    let server = Server::start().await;
    let kubo = &server.kubo;
    let folder = tempfile::tempdir().unwrap();
    let photos = tree(folder.path());

    let direct = kubo.add(&photos).all().await.unwrap();
    assert_eq!(
        names(&direct),
        [
            "photos/.hidden",
            "photos/1.jpg",
            "photos/2.jpg",
            "photos/notes.txt",
            "photos/old",
            "photos"
        ]
    );
    let matching = kubo.add(&photos).pattern("*.jpg").all().await.unwrap();
    assert_eq!(names(&matching), ["photos/1.jpg", "photos/2.jpg", "photos"]);
    let all = kubo.add(&photos).recursive(true).all().await.unwrap();
    assert!(names(&all).contains(&"photos/old/3.jpg") && !names(&all).contains(&"photos/link"));
    assert_eq!(
        kubo.add(&photos).recursive(true).await.unwrap(),
        *all.last().unwrap()
    );
    let visible = kubo
        .add(&photos)
        .recursive(true)
        .pattern("**")
        .all()
        .await
        .unwrap();
    assert!(!names(&visible).contains(&"photos/.hidden"));
    let hidden = kubo
        .add(&photos)
        .pattern("*")
        .period_special(false)
        .all()
        .await
        .unwrap();
    assert!(names(&hidden).contains(&"photos/.hidden"));
    let plain = kubo.add(&photos).hidden(false).all().await.unwrap();
    assert!(!names(&plain).contains(&"photos/.hidden"));
    let expression = regex::Regex::new("[12]").unwrap();
    let matching = kubo
        .add(&photos)
        .pattern(expression)
        .pattern("n*")
        .all()
        .await
        .unwrap();
    assert_eq!(
        names(&matching),
        ["photos/1.jpg", "photos/2.jpg", "photos/notes.txt", "photos"]
    );

    let kept = kubo
        .add(&photos)
        .symlinks(Symlinks::Keep)
        .all()
        .await
        .unwrap();
    let followed = kubo.add(&photos).follow_symlinks(true).all().await.unwrap();
    let link = |added: &[Added]| {
        let found = added.iter().find(|added| added.name == "photos/link");
        found.unwrap().cid.to_string()
    };
    assert_ne!(link(&kept), link(&followed));
    let wrapped = kubo
        .add(format!("{photos}/1.jpg"))
        .wrap_with_directory(true)
        .await
        .unwrap();
    assert_eq!(wrapped.name, "");
    let listed = kubo.ls(&wrapped.cid).await.unwrap();
    assert_eq!(listed[0].entries[0].name, "1.jpg");
}

#[tokio::test]
async fn options_and_progress() {
    let server = Server::start().await;
    let kubo = &server.kubo;
    let content = vec![7; 3 << 20];
    let mut events = kubo.add(content.clone()).cid_version(1).stream();
    let (mut most, mut added) = (0, None);
    while let Some(event) = events.try_next().await.unwrap() {
        match event {
            AddEvent::Progress { bytes, .. } => most = bytes,
            AddEvent::Added(what) => added = Some(what),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(most, 3 << 20);
    let cid = added.unwrap().cid;
    assert_eq!(kubo.cat(&cid).to_vec(4 << 20).await.unwrap(), content);

    for (call, starts) in [
        (kubo.add_str("x").cid_version(1), "bafybei"),
        (kubo.add_str("x").cid_version(1).raw_leaves(true), "bafkrei"),
        (
            kubo.add_str("x").cid_version(1).server_raw_leaves(),
            "bafkrei",
        ),
        (kubo.add_str("x").hash("blake3"), "bafyb4i"),
        (
            kubo.add_str("x")
                .inline(true)
                .cid_version(1)
                .raw_leaves(true),
            "bafkqa",
        ),
        (kubo.add_str("x").chunker("size-1024").trickle(true), "Qm"),
        (
            kubo.add_str("x")
                .option("cid-base", "base36")
                .cid_version(1),
            "bafy",
        ),
    ] {
        let shown = format!("{call:?}");
        let cid = call.await.unwrap().to_string();
        assert!(cid.starts_with(starts), "{cid} {shown}");
    }
    let only = kubo.add_str("never stored").only_hash(true).await.unwrap();
    let absent = kubo
        .blocks()
        .stat(&only)
        .offline(true)
        .timeout(Duration::from_secs(30))
        .await;
    assert!(absent.unwrap_err().is_not_found());
    let named = kubo.add_str("named").pin_name("a name").await.unwrap();
    let pins = kubo.pins().ls_of(&named).names(true).await.unwrap();
    assert_eq!(pins.get(&named).unwrap().name.as_deref(), Some("a name"));
    let named = Source::bytes("in mfs").named("n");
    kubo.add(named).to_files("/from-add").await.unwrap();
    assert_eq!(
        kubo.files().read("/from-add").to_string(99).await.unwrap(),
        "in mfs"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "kept in place").unwrap();
    let set = fs::File::options().write(true).open(&path).unwrap();
    set.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        .unwrap();
    let added = kubo
        .add(&path)
        .preserve_mtime(true)
        .preserve_mode(true)
        .await
        .unwrap();
    assert_eq!(
        added.mtime,
        Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
    );
    assert!(added.mode.is_some());
}
