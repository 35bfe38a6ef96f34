//! Archives from servers that nobody vouches for.

use std::fs;

use axum::Router;
use axum::response::IntoResponse as _;
use cairn_client::{Error, ErrorKind, Kubo};

use super::archive::archive;
use super::server::{client, serve};

async fn serving(archive: Vec<u8>) -> Kubo {
    let handler = move || {
        let archive = archive.clone();
        async move { ([("content-type", "application/x-tar")], archive).into_response() }
    };
    client(&serve(Router::new().fallback(handler)).await)
}

#[tokio::test]
async fn a_directory_is_written_under_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let kubo = serving(archive(&[
        (b"Qm", b'5', b""),
        (b"Qm/a", b'0', b"one"),
        (b"Qm/sub", b'5', b""),
        (b"Qm/sub/b", b'0', b"two"),
        (b"Qm/way", b'2', b"sub"),
    ]))
    .await;
    let target = folder.path().join("new/target");
    kubo.get("Qm").to_dir(&target).await.unwrap();
    assert_eq!(fs::read_to_string(target.join("Qm/sub/b")).unwrap(), "two");
    assert!(target.join("Qm/way").is_symlink());
    kubo.get("Qm")
        .to_path(folder.path().join("x"))
        .await
        .unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("x/a")).unwrap(),
        "one"
    );
    let kubo = serving(archive(&[(b"file", b'0', b"three")])).await;
    kubo.get("Qm").to_dir(&target).await.unwrap();
    assert_eq!(fs::read_to_string(target.join("file")).unwrap(), "three");
}

#[tokio::test]
async fn what_would_be_written_elsewhere_is_refused() {
    for entries in [
        &[(b"..".as_slice(), b'0', b"x".as_slice())][..],
        &[(b"../outside", b'0', b"x")],
        &[(b"/etc/passwd", b'0', b"x")],
        &[(b"Qm", b'5', b""), (b"Qm/../../outside", b'0', b"x")],
        &[(b"Qm", b'5', b""), (b"other/outside", b'0', b"x")],
        &[(b"Qm", b'5', b""), (b"/outside", b'0', b"x")],
        &[
            (b"Qm", b'5', b""),
            (b"Qm/l", b'2', b"../.."),
            (b"Qm/l/outside", b'0', b"x"),
        ],
        &[(b"l", b'2', b".."), (b"l/outside", b'0', b"x")],
        &[(b"Qm", b'5', b""), (b"Qm/dev", b'3', b"")],
        &[(b"Qm", b'5', b""), (b"Qm/hard", b'1', b"")],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let kubo = serving(archive(entries)).await;
        let target = folder.path().join("target");
        let error = kubo.get("Qm").to_dir(&target).await.unwrap_err();
        assert!(matches!(error, Error::Extract(_)), "{entries:?}: {error:?}");
        assert_eq!(error.kind(), ErrorKind::File);
        let beside = fs::read_dir(folder.path()).unwrap();
        let mut beside = beside.map(|entry| entry.unwrap().file_name());
        assert!(beside.all(|name| name == "target"), "{entries:?}");
    }
}

#[tokio::test]
async fn a_name_with_a_zero_byte_is_refused() {
    // A record before the entry may hold what the entry's own name cannot.
    let record = b"18 path=Qm/a\0/../b\n";
    let mut record = record.to_vec();
    let length = format!("{}", record.len());
    record.splice(0..2, length.bytes());
    let kubo = serving(archive(&[
        (b"Qm", b'5', b""),
        (b"pax", b'x', &record),
        (b"Qm/a", b'0', b"x"),
    ]))
    .await;
    let folder = tempfile::tempdir().unwrap();
    let error = kubo.get("Qm").to_dir(folder.path()).await.unwrap_err();
    assert!(matches!(error, Error::Extract(_)), "{error:?}");
}

#[tokio::test]
async fn archives_that_end_early_are_errors() {
    let whole = archive(&[(b"Qm", b'5', b""), (b"Qm/a", b'0', &[7; 2000])]);
    // Within a header, within content, between entries, before the last blocks.
    for length in [0, 100, 512, 700, 1024, 2000, whole.len() - 1024] {
        let kubo = serving(whole[..length].to_vec()).await;
        let folder = tempfile::tempdir().unwrap();
        let error = kubo.get("Qm").to_dir(folder.path()).await.unwrap_err();
        assert!(matches!(error, Error::Extract(_)), "{length}: {error:?}");
        assert!(!folder.path().join("Qm/a").exists() || length == whole.len() - 1024);
    }
}
