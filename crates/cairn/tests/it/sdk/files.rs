//! The mutable file system.

use std::time::{Duration, UNIX_EPOCH};

use cairn_client::ErrorKind;
use cairn_client::groups::listing::EntryKind;

use super::{HELLO, Server};

#[tokio::test]
async fn files_are_made_changed_and_read() {
    let server = Server::start().await;
    let files = server.kubo.files();
    files
        .mkdir("/notes/deep")
        .parents(true)
        .cid_version(1)
        .await
        .unwrap();
    let exists = files.mkdir("/notes").await.unwrap_err();
    assert_eq!(exists.kind(), ErrorKind::Response);
    files
        .write("/notes/a", b"0123456789")
        .create(true)
        .await
        .unwrap();
    files
        .write("/notes/a", b"AB")
        .offset(4)
        .count(2)
        .flush(false)
        .await
        .unwrap();
    assert_eq!(
        files.read("/notes/a").to_string(99).await.unwrap(),
        "0123AB6789"
    );
    assert_eq!(
        files
            .read("/notes/a")
            .offset(3)
            .count(3)
            .to_string(99)
            .await
            .unwrap(),
        "3AB"
    );
    let write = files
        .write("/notes/x/y", b"new")
        .parents(true)
        .create(true)
        .truncate(true);
    write.raw_leaves(true).cid_version(1).await.unwrap();
    let cid = server.kubo.add_str("hello\n").await.unwrap();
    files
        .cp(format!("/ipfs/{cid}"), "/notes/hello")
        .await
        .unwrap();
    files
        .cp("/notes/hello", "/made/on/the/way")
        .parents(true)
        .await
        .unwrap();
    files.mv("/notes/hello", "/notes/deep/hello").await.unwrap();

    let names: Vec<_> = files
        .ls("/notes")
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names, ["a", "deep", "x"]);
    let listed = files.ls("/notes/deep").long(true).await.unwrap();
    assert_eq!(listed[0].cid.as_ref().unwrap().to_string(), HELLO);
    assert_eq!((listed[0].kind, listed[0].size), (EntryKind::File, 6));
    assert_eq!(
        files.ls("/notes").long(true).unsorted(true).await.unwrap()[1].kind,
        EntryKind::Directory
    );

    let stat = files.stat("/notes/a").with_local(true).await.unwrap();
    assert_eq!((stat.kind, stat.size), (EntryKind::File, 10));
    assert!(stat.local.unwrap().complete);
    let directory = files.stat("/notes").await.unwrap();
    assert_eq!(
        (directory.kind, directory.local),
        (EntryKind::Directory, None)
    );
    assert_eq!(
        files.flush("/notes").await.unwrap(),
        files.stat("/notes").await.unwrap().cid
    );
    assert!(files.stat(format!("/ipfs/{cid}")).await.unwrap().size == 6);

    files.chmod(0o640, "/notes/a").await.unwrap();
    let time = UNIX_EPOCH + Duration::new(1_700_000_000, 5);
    files.touch("/notes/a").modified(time).await.unwrap();
    let stat = files.stat("/notes/a").await.unwrap();
    assert_eq!((stat.mode, stat.mtime), (Some(0o640), Some(time)));
    files.chcid("/notes/deep").cid_version(1).await.unwrap();
    assert!(
        files
            .stat("/notes/deep")
            .await
            .unwrap()
            .cid
            .to_string()
            .starts_with("bafy")
    );

    let failed = files.rm(["/notes/none", "/notes/a"]).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::PartialResponse);
    assert!(files.read("/notes/a").await.unwrap_err().is_not_found());
    assert!(files.rm("/notes").await.is_err());
    assert!(
        files
            .rm(["/notes", "/made"])
            .recursive(true)
            .await
            .unwrap()
            .is_empty()
    );
    files.rm("/none").force(true).await.unwrap();
    assert!(
        files
            .ls("/")
            .await
            .unwrap()
            .iter()
            .all(|entry| entry.name != "notes")
    );
}
