//! Content, blocks, DAGs.

use std::fs;

use cairn_client::groups::dag::ImportEvent;
use cairn_client::groups::listing::EntryKind;
use cairn_client::{ContentPath, Error, ErrorKind, Source};
use futures_util::TryStreamExt as _;
use tokio::io::AsyncReadExt as _;

use super::{HELLO, Server};

#[tokio::test]
async fn files_and_directories_are_read() {
    let server = Server::start().await;
    let kubo = &server.kubo;
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("sub")).unwrap();
    fs::write(tree.join("hello"), "hello\n").unwrap();
    fs::write(tree.join("sub/two"), "two").unwrap();
    let root = kubo.add(&tree).recursive(true).await.unwrap().cid;

    assert_eq!(
        kubo.cat(HELLO)
            .offset(1)
            .length(3)
            .to_vec(99)
            .await
            .unwrap(),
        b"ell"
    );
    assert_eq!(
        kubo.cat([HELLO, HELLO]).to_string(99).await.unwrap(),
        "hello\nhello\n"
    );
    let path: ContentPath = format!("{root}/hello").parse().unwrap();
    let mut text = String::new();
    kubo.cat(&path)
        .await
        .unwrap()
        .read_to_string(&mut text)
        .await
        .unwrap();
    assert_eq!(text, "hello\n");
    let pieces: Vec<_> = kubo.cat(path).await.unwrap().try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"hello\n");
    let copy = folder.path().join("copy");
    assert_eq!(kubo.cat(HELLO).to_file(&copy).await.unwrap(), 6);
    assert_eq!(fs::read_to_string(&copy).unwrap(), "hello\n");
    let error = kubo.cat(&root).await.unwrap_err();
    assert!(error.to_string().contains("is a directory"), "{error}");
    let error = kubo.cat("not a cid").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Response);
    assert!(
        kubo.cat(format!("{root}/none"))
            .await
            .unwrap_err()
            .is_not_found()
    );
    let absent = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
    assert!(
        kubo.cat(absent)
            .offline(true)
            .await
            .unwrap_err()
            .is_not_found()
    );

    let listed = kubo
        .ls([root.to_string(), format!("{root}/sub")])
        .await
        .unwrap();
    assert_eq!(listed.len(), 2);
    let entries: Vec<_> = listed[0]
        .entries
        .iter()
        .map(|entry| (entry.name.as_str(), entry.kind, entry.size))
        .collect();
    assert_eq!(
        entries,
        [
            ("hello", EntryKind::File, 6),
            ("sub", EntryKind::Directory, 0)
        ]
    );
    let streamed: Vec<_> = kubo.ls(&root).stream().try_collect().await.unwrap();
    assert_eq!(streamed, listed[0].entries);
    let quick = kubo
        .ls(&root)
        .resolve_type(false)
        .size(false)
        .long(true)
        .await
        .unwrap();
    assert_eq!(quick[0].entries.len(), 2);

    let target = folder.path().join("got");
    kubo.get(&root).to_dir(&target).await.unwrap();
    assert_eq!(
        fs::read_to_string(target.join(root.to_string()).join("sub/two")).unwrap(),
        "two"
    );
    kubo.get(HELLO)
        .to_path(folder.path().join("plain"))
        .await
        .unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("plain")).unwrap(),
        "hello\n"
    );
    let archive = kubo
        .get(&root)
        .archive(true)
        .compress(true)
        .compression_level(9);
    assert!(
        archive
            .to_vec(1 << 20)
            .await
            .unwrap()
            .starts_with(&[0x1f, 0x8b])
    );

    let links = kubo.refs(&root).recursive(true).unique(true).await.unwrap();
    assert_eq!(links.len(), 3);
    let edges = kubo
        .refs(&root)
        .edges(true)
        .max_depth(1)
        .recursive(true)
        .await
        .unwrap();
    assert!(edges.iter().all(|edge| edge.contains(" -> ")));
    let named = kubo.refs(&root).format("<linkname>").await.unwrap();
    assert_eq!(named, ["hello", "sub"]);
    let local = kubo.refs_local().await.unwrap();
    assert_eq!(local.len(), kubo.repo().ls().await.unwrap().len());
}

#[tokio::test]
async fn blocks() {
    let server = Server::start().await;
    let blocks = server.kubo.blocks();
    let stored = blocks
        .put([Source::bytes("one"), Source::bytes("three")])
        .await
        .unwrap();
    assert_eq!(
        stored.iter().map(|block| block.size).collect::<Vec<_>>(),
        [3, 5]
    );
    let cid = &stored[0].cid;
    assert_eq!(blocks.get(cid).to_vec(99).await.unwrap(), b"one");
    assert_eq!(blocks.stat(cid).await.unwrap(), stored[0]);
    let old = blocks.put(b"\x0a\x00").format("v0").await.unwrap();
    assert!(old[0].cid.to_string().starts_with("Qm"));
    let other = blocks
        .put(b"x")
        .cid_codec("raw")
        .mhtype("sha2-512")
        .mhlen(64)
        .pin(true);
    let pinned = other.allow_big_block(true).await.unwrap().remove(0).cid;
    let removed = blocks.rm([cid, &pinned]).await.unwrap();
    assert_eq!(removed[0].error, None);
    assert!(removed[1].error.as_ref().unwrap().contains("pinned"));
    let forced = blocks.rm(cid).force(true).await.unwrap();
    assert!(forced.iter().all(|removed| removed.error.is_none()));
    assert!(
        blocks
            .get(cid)
            .offline(true)
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn dags_and_cars() {
    let server = Server::start().await;
    let dag = server.kubo.dag();
    let value = serde_json::json!({ "stones": [1, 2, { "deep": true }] });
    let cid = dag.put_value(&value).unwrap().await.unwrap().remove(0);
    assert!(cid.to_string().starts_with("bafyrei"));
    let read: serde_json::Value = dag.get(&cid).value().await.unwrap();
    assert_eq!(read, value);
    let deep: bool = dag
        .get(format!("{cid}/stones/2/deep"))
        .value()
        .await
        .unwrap();
    assert!(deep);
    let cbor = dag
        .get(&cid)
        .output_codec("dag-cbor")
        .to_vec(1 << 20)
        .await
        .unwrap();
    let again = dag
        .put(cbor)
        .input_codec("dag-cbor")
        .store_codec("dag-cbor")
        .hash("sha2-256");
    assert_eq!(again.pin(true).await.unwrap(), std::slice::from_ref(&cid));

    let resolved = dag.resolve(format!("{cid}/stones/2")).await.unwrap();
    assert_eq!((&resolved.cid, resolved.rest.as_str()), (&cid, "stones/2"));
    assert_eq!(
        resolved.path().unwrap().to_string(),
        format!("/ipfs/{cid}/stones/2")
    );
    let size = dag.stat(&cid).await.unwrap();
    assert_eq!((size.unique_blocks, size.roots.len()), (1, 1));
    let seen = dag
        .stat(&cid)
        .progress(true)
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert!(!seen.is_empty());

    let folder = tempfile::tempdir().unwrap();
    let car = folder.path().join("stones.car");
    dag.export(&cid).to_file(&car).await.unwrap();
    server.kubo.pins().rm(&cid).await.unwrap();
    server.kubo.repo().gc().await.unwrap();
    assert!(dag.get(&cid).offline(true).await.is_err());
    let events = dag.import(&car).stats(true).await.unwrap();
    let [
        ImportEvent::Root(root),
        ImportEvent::Stats { blocks: 1, .. },
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((&root.cid, &root.pin_error), (&cid, &None));
    assert!(
        dag.import(&car)
            .pin_roots(false)
            .local_only(true)
            .await
            .unwrap()
            .is_empty()
    );
    let broken = dag.import(b"no car").await.unwrap_err();
    assert!(
        matches!(broken, Error::Response { .. } | Error::Partial(_)),
        "{broken:?}"
    );
}

#[tokio::test]
async fn cids_and_multibase() {
    let server = Server::start().await;
    let cids = server.kubo.cids();
    let parts = cids.inspect(HELLO).await.unwrap();
    assert_eq!(
        (parts.version, parts.codec.as_str(), parts.hash.as_str()),
        (0, "dag-pb", "sha2-256")
    );
    assert_eq!(parts.v0.as_ref(), Some(&parts.cid));
    let v1 = cids.base32(HELLO).await.unwrap().remove(0);
    assert_eq!(v1.formatted, Ok(parts.v1.to_string()));
    let formatted = cids
        .format([&*v1.given, "nonsense"])
        .version("1")
        .base("base58btc")
        .await
        .unwrap();
    assert!(formatted[0].formatted.as_ref().unwrap().starts_with('z'));
    assert!(formatted[1].formatted.is_err());
    assert!(
        cids.bases()
            .await
            .unwrap()
            .iter()
            .any(|base| base.name == "base32")
    );
    assert!(
        cids.codecs()
            .supported(true)
            .await
            .unwrap()
            .iter()
            .any(|codec| codec.code == 0x70)
    );
    assert!(
        cids.hashes()
            .await
            .unwrap()
            .iter()
            .any(|hash| hash.name == "sha2-256")
    );
    assert!(cids.inspect("nonsense").await.is_err());

    let multibase = server.kubo.multibase();
    let text = multibase
        .encode(b"hello")
        .base("base16")
        .to_string(99)
        .await
        .unwrap();
    assert_eq!(text, "f68656c6c6f");
    let other = multibase
        .transcode(text.clone().into_bytes())
        .base("base32");
    assert!(other.to_string(99).await.unwrap().starts_with('b'));
    assert_eq!(
        multibase
            .decode(text.into_bytes())
            .to_vec(99)
            .await
            .unwrap(),
        b"hello"
    );
    assert!(multibase.list().await.unwrap().len() > 10);
}
