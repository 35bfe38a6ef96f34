//! Pins, the repository, the filestore.

use std::fs;

use cairn_client::groups::filestore::FileStatus;
use cairn_client::groups::pins::{PinEvent, PinKind};
use cairn_client::groups::repo::Garbage;

use super::Server;

#[tokio::test]
async fn pins() {
    let server = Server::start().await;
    let (kubo, pins) = (&server.kubo, server.kubo.pins());
    let mut cids = Vec::new();
    for text in ["one", "two", "three"] {
        cids.push(kubo.add_str(text).pin(false).await.unwrap());
    }
    let missing = pins.rm(&cids[0]).await.unwrap_err();
    assert!(missing.is_not_found(), "{missing}");
    assert!(pins.ls_of(&cids[0]).await.unwrap_err().is_not_found());
    assert_eq!(
        pins.add(&cids[..2]).name("a name").await.unwrap(),
        cids[..2]
    );
    let direct = pins.add(&cids[2]).recursive(false).await.unwrap();
    assert_eq!(direct, cids[2..]);

    let listed = pins.ls().names(true).await.unwrap();
    assert_eq!(
        listed.get(&cids[0]).unwrap().name.as_deref(),
        Some("a name")
    );
    assert_eq!(listed.get(&cids[2]).unwrap().kind, PinKind::Direct);
    let counts = listed.counts();
    assert_eq!((counts.direct, counts.recursive >= 2), (1, true));
    let recursive = pins.ls().r#type("recursive").await.unwrap();
    assert_eq!(recursive.counts().direct, 0);
    let mut stream = pins.ls().r#type("direct").stream();
    assert_eq!(stream.try_next().await.unwrap().unwrap().cid, cids[2]);
    assert!(stream.try_next().await.unwrap().is_none());
    let named = pins.ls().name("a nam").names(true).await.unwrap();
    assert_eq!(named.pins.len(), 2);

    let events = pins.add(&cids[0]).stream().try_collect().await.unwrap();
    let Some(PinEvent::Pinned(pinned)) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(pinned, &cids[..1]);
    let updated = pins.update(&cids[0], &cids[2]).unpin(true).await.unwrap();
    assert_eq!((&updated.from, &updated.to), (&cids[0], &cids[2]));
    assert_eq!(
        pins.rm([&cids[1], &cids[2]]).recursive(true).await.unwrap(),
        cids[1..]
    );

    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let tree = kubo.add(content).await.unwrap().cid;
    let indirect = pins.ls().r#type("indirect").await.unwrap();
    assert!(indirect.counts().indirect >= 3);
    let below = kubo.refs(&tree).await.unwrap();
    let through = pins.ls_of(&below[0]).await.unwrap();
    assert_eq!(
        through.pins[0].1.kind,
        PinKind::Indirect(Some(tree.clone()))
    );
    let checks = pins.verify().verbose(true).await.unwrap();
    assert!(
        checks
            .iter()
            .any(|check| check.ok && check.cid.as_ref() == Some(&tree))
    );
    assert!(pins.verify().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_repository() {
    let server = Server::start().await;
    let (kubo, repo) = (&server.kubo, server.kubo.repo());
    kubo.add_str("garbage").pin(false).await.unwrap();
    let stat = repo.stat().await.unwrap();
    assert!(stat.objects > 0 && stat.size > 0 && stat.storage_max > stat.size);
    assert!(stat.path.is_some() && stat.version.unwrap().starts_with("fs-repo@"));
    assert_eq!(repo.stat().size_only(true).await.unwrap().path, None);
    let removed = repo.gc().await.unwrap();
    assert!(
        removed
            .iter()
            .all(|what| matches!(what, Garbage::Removed(_)))
            && !removed.is_empty()
    );
    kubo.add_str("more garbage").pin(false).await.unwrap();
    assert!(repo.gc().quiet(true).await.unwrap().is_empty());
    assert!(repo.gc().stream_errors(true).await.unwrap().is_empty());
    assert!(!repo.verify().await.unwrap().is_empty());
    assert!(repo.version().await.unwrap().parse::<u32>().is_ok());
    assert!(repo.ls().stream().try_next().await.unwrap().is_some());
}

#[tokio::test]
async fn the_filestore() {
    let server = Server::start().await;
    let (kubo, filestore) = (&server.kubo, server.kubo.filestore());
    // The folder that holds the repository is where files may be referred to.
    let home = std::path::PathBuf::from(kubo.repo().stat().await.unwrap().path.unwrap());
    let path = home.parent().unwrap().join("in-place");
    fs::write(&path, vec![7; 300_000]).unwrap();
    let added = kubo.add(&path).nocopy(true).await.unwrap();
    let listed = filestore.ls().file_order(true).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|block| block.path.ends_with("in-place")));
    let one = listed[0].cid.clone().unwrap();
    assert_eq!(filestore.ls_of(&one).await.unwrap().len(), 1);
    assert_eq!(
        filestore.verify_of(&one).await.unwrap()[0].status,
        FileStatus::Ok
    );
    assert!(filestore.dups().await.unwrap().is_empty());
    fs::write(&path, vec![8; 300_000]).unwrap();
    let found = filestore.verify().await.unwrap();
    assert!(
        found
            .iter()
            .all(|block| block.status == FileStatus::Changed && block.error.is_some())
    );
    assert!(kubo.cat(&added.cid).to_vec(1 << 20).await.is_err());
}
