//! Entries of directories, references, counts.

use std::collections::BTreeMap;

use cairn_dag::list::{EntryType, Lister};
use cairn_dag::refs::{Refs, RefsOptions};
use cairn_dag::resolve::resolve;
use cairn_dag::stat;
use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::BlockCollector as _;

use super::{message, path};
use crate::support::{BuiltNode, Dag, absent, inline};

#[tokio::test]
async fn hamts_are_searched_and_listed() {
    let dag = Dag::new();
    let files: BTreeMap<String, BuiltNode> = (0..500)
        .map(|n| (format!("f{n:03}"), dag.raw(format!("{n}").as_bytes())))
        .collect();
    let root = dag.hamt(files.clone());
    for (name, made) in &files {
        assert_eq!(
            resolve(&dag.blocks(), &path(&root.cid, name))
                .await
                .unwrap()
                .cid,
            made.cid
        );
    }
    assert_eq!(
        message(&dag, &root.cid, "nope").await,
        format!("no link named \"nope\" under {}", root.cid)
    );
    let mut lister = Lister::open(&dag.blocks(), &root.cid, true).await.unwrap();
    let mut listed = BTreeMap::new();
    while let Some(entry) = lister.next().await.unwrap() {
        assert_eq!(
            (entry.kind, entry.size),
            (EntryType::File, files[&entry.name.to_string()].content)
        );
        listed.insert(entry.name.to_string(), entry.cid);
    }
    assert_eq!(
        listed,
        files
            .iter()
            .map(|(name, made)| (name.clone(), made.cid.clone()))
            .collect()
    );
}

#[tokio::test]
async fn listings_tell_types_sizes_and_targets() {
    let dag = Dag::new();
    let leaves = [dag.raw(b"one"), dag.raw(b"three")];
    let file = dag.file(b"", &leaves);
    let link = dag.symlink("file");
    let sub = dag.dir(&[]);
    let cbor = BuiltNode {
        cid: Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(b"x")),
        tree: 9,
        content: 0,
    };
    let root = dag.dir(&[
        ("cbor", &cbor),
        ("file", &file),
        ("link", &link),
        ("raw", &leaves[0]),
        ("sub", &sub),
    ]);
    let all = async |cid: &Cid, resolve| {
        let mut lister = Lister::open(&dag.blocks(), cid, resolve).await.unwrap();
        let mut rows = Vec::new();
        while let Some(entry) = lister.next().await.unwrap() {
            rows.push((
                entry.name.to_string(),
                entry.kind as u8,
                entry.size,
                entry.target.to_string(),
            ));
        }
        rows
    };
    let row =
        |name: &str, kind, size, target: &str| (name.to_owned(), kind, size, target.to_owned());
    assert_eq!(
        all(&root.cid, true).await,
        [
            row("cbor", 0, 0, ""),
            row("file", 2, 8, ""),
            row("link", 4, 4, "file"),
            row("raw", 2, 3, ""),
            row("sub", 1, 0, "")
        ]
    );
    assert_eq!(
        all(&root.cid, false).await,
        [
            row("cbor", 0, 0, ""),
            row("file", 0, 0, ""),
            row("link", 0, 0, ""),
            row("raw", 2, 3, ""),
            row("sub", 0, 0, "")
        ]
    );
    assert_eq!(
        all(&file.cid, true).await,
        [row("", 2, 3, ""), row("", 2, 5, "")]
    );
    assert_eq!(all(&leaves[0].cid, true).await, []);
    assert!(
        Lister::open(&dag.blocks(), &absent(), true)
            .await
            .unwrap_err()
            .to_string()
            .contains("was not found")
    );
}

#[tokio::test]
async fn refs_are_listed_as_kubo_lists_them() {
    let dag = Dag::new();
    let root = dag.recorded();
    let list = async |root: &Cid, unique, max_depth| {
        let mut refs = Refs::new(dag.blocks(), RefsOptions { unique, max_depth });
        refs.start(root.clone());
        let mut out = Vec::new();
        while let Some(found) = refs.next().await {
            out.push(found.unwrap().format("<linkname>", Cid::to_string).unwrap());
        }
        out.join(" ")
    };
    assert_eq!(
        list(&root.cid, false, Some(1)).await,
        "a.txt b.bin empty sub"
    );
    assert_eq!(
        list(&root.cid, false, None).await,
        "a.txt b.bin empty sub c.txt deep x y.txt"
    );
    assert_eq!(
        list(&root.cid, false, Some(2)).await,
        "a.txt b.bin empty sub c.txt deep"
    );
    assert_eq!(list(&root.cid, false, Some(0)).await, "");
    assert_eq!(
        list(&dag.diamonds(3).cid, false, None)
            .await
            .split(' ')
            .count(),
        14
    );
    assert_eq!(
        list(&dag.diamonds(60).cid, true, None)
            .await
            .split(' ')
            .count(),
        60
    );
    // Seen first at the deepest level, then higher up: what is below it is listed after all.
    let leaf = dag.raw(b"leaf");
    let (z, y) = (dag.node(vec![("leaf", &leaf)], None), |z: &BuiltNode| {
        dag.node(vec![("z", z)], None)
    });
    let root = dag.node(vec![("y", &y(&z)), ("z again", &z)], None);
    assert_eq!(list(&root.cid, true, Some(2)).await, "y z leaf");
    let missing = BuiltNode {
        cid: absent(),
        tree: 0,
        content: 0,
    };
    let broken = dag.node(vec![("a", &leaf), ("b", &missing), ("c", &leaf)], None);
    let mut refs = Refs::new(
        dag.blocks(),
        RefsOptions {
            unique: false,
            max_depth: Some(1),
        },
    );
    refs.start(broken.cid.clone());
    let first = refs.next().await.unwrap().unwrap();
    assert_eq!(
        first
            .format("<src>-<dst>-<linkname>", Cid::to_string)
            .unwrap(),
        format!("{}-{}-a", broken.cid, leaf.cid)
    );
    assert!(
        refs.next()
            .await
            .unwrap()
            .unwrap_err()
            .to_string()
            .contains("was not found")
    );
    assert!(refs.next().await.is_none());
    let mut local = cairn_dag::refs::local_listing(dag.store.clone());
    let mut count = 0;
    while let Some(cid) = local.next().await {
        assert_eq!(cid.unwrap().codec(), Codec::RAW);
        count += 1;
    }
    assert_eq!(count, dag.store.stat().unwrap().blocks);
}

#[tokio::test]
async fn counts_are_those_of_kubo() {
    let dag = Dag::new();
    let root = dag.recorded();
    let mut steps = Vec::new();
    let stats = stat::dags(
        &dag.blocks(),
        &[root.cid.clone(), root.cid.clone()],
        |stats| steps.push(stats.total_bytes()),
    )
    .await
    .unwrap();
    assert_eq!(
        (
            stats.roots[0].blocks,
            stats.roots[0].bytes,
            stats.unique_blocks,
            stats.unique_bytes
        ),
        (8, 1404, 8, 1404)
    );
    assert_eq!(steps[..8], [192, 207, 1218, 1224, 1321, 1336, 1389, 1404]);
    assert_eq!((stats.total_bytes(), stats.shared_bytes()), (2808, 1404));
    assert_eq!(stat::block(&dag.blocks(), &root.cid).await.unwrap(), 192);
    assert_eq!(
        stat::block(&dag.blocks(), &inline(b"abc")).await.unwrap(),
        3
    );
    let mut seen = 0;
    assert_eq!(
        stat::verify(&*dag.store, &mut |block| {
            seen = block.checked;
            block.damage.is_none()
        })
        .unwrap(),
        (8, 0)
    );
    assert_eq!(seen, 8);
}
