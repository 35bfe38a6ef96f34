//! Resolving, listing and exporting.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use cairn_dag::export::{
    Car, Cat, CatRange, Download, ExportError, FileReader, GetOptions, Packing,
};
use cairn_dag::list::{EntryType, Lister};
use cairn_dag::refs::{Refs, RefsOptions};
use cairn_dag::resolve::{ResolveError, resolve};
use cairn_dag::{Blocks, resolve as resolving, stat};
use cairn_primitives::ipld::Ipld;
use cairn_primitives::path::ContentPath;
use cairn_primitives::unixfs::{Kind, Mtime, UnixFs};
use cairn_primitives::{Cid, Codec, Multihash, codec, varint};
use cairn_store::{BlockError, BlockSource, BlockStore};
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use support::{Dag, Made, absent, counter, inline};

const NOW: Mtime = Mtime {
    seconds: 1_800_000_000,
    nanos: None,
};

fn path(root: &Cid, rest: &str) -> ContentPath {
    ContentPath::parse(&format!("/ipfs/{root}/{rest}")).unwrap()
}

async fn message(dag: &Dag, root: &Cid, rest: &str) -> String {
    resolve(&dag.blocks(), &path(root, rest))
        .await
        .unwrap_err()
        .to_string()
}

async fn cat(blocks: &Blocks, cid: &Cid) -> Result<Vec<u8>, ExportError> {
    let file = FileReader::open(blocks, cid).await?;
    Ok(file
        .into_stream()
        .try_collect::<Vec<Bytes>>()
        .await?
        .concat())
}

#[tokio::test]
async fn paths_lead_through_directories() {
    let dag = Dag::new();
    let root = dag.recorded();
    assert_eq!(
        root.cid.to_string(),
        "QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X"
    );
    let found = resolve(&dag.blocks(), &path(&root.cid, "sub/c.txt"))
        .await
        .unwrap();
    assert_eq!(
        found.cid.to_string(),
        "QmVAZQrtNtZ2jNHuFKXi7zCX76fd9YzTFCgF6jvPBcowLj"
    );
    assert_eq!(found.remainder_path(), "");
    assert_eq!(cat(&dag.blocks(), &found.cid).await.unwrap(), b"file c\n");
    let under = |name: &str| format!("no link named \"{name}\" under {}", root.cid);
    assert_eq!(message(&dag, &root.cid, "nope").await, under("nope"));
    assert_eq!(message(&dag, &root.cid, "nope/x").await, under("nope"));
    assert_eq!(message(&dag, &root.cid, "Links/0").await, under("Links"));
    assert_eq!(
        message(&dag, &root.cid, "a.txt/x").await,
        "func called on wrong kind: \"LookupBySegment\" called on a data.Bytes node (kind: bytes), but only makes sense on map or list"
    );
    assert!(
        message(&dag, &root.cid, "a.txt/x/y")
            .await
            .starts_with("no link named \"x\" under QmbK8")
    );
    let unread = resolve(&dag.blocks(), &path(&absent(), "")).await.unwrap();
    assert_eq!(unread.cid, absent());
    assert_eq!(
        message(&dag, &absent(), "x").await,
        format!(
            "block was not found locally (offline): ipld: could not find {}",
            absent()
        )
    );
    let mutable = ContentPath::parse("/ipns/example.com/x").unwrap();
    assert!(matches!(
        resolve(&dag.blocks(), &mutable).await,
        Err(ResolveError::Mutable(_))
    ));
}

#[tokio::test]
async fn absent_blocks_are_named_by_their_multihash() {
    let dag = Dag::new();
    let cid: Cid = "QmUvobKqcCE56brA8pGTRRRsGy2SsDEKSxFLZkBQFv7VvX"
        .parse()
        .unwrap();
    assert_eq!(
        cat(&dag.blocks(), &cid).await.unwrap_err().to_string(),
        "block was not found locally (offline): ipld: could not find bafkreidb4xu4pn2wecnsec2qmebq3qon4zfej7tzpe6ojdbbqsoisd7l2a"
    );
}

#[tokio::test]
async fn nodes_that_are_not_unixfs_have_named_links_and_ipld_sees_fields() {
    let dag = Dag::new();
    let leaf = dag.raw(b"leaf");
    let plain = dag.node(vec![("x", &leaf)], None);
    assert_eq!(
        resolve(&dag.blocks(), &path(&plain.cid, "x"))
            .await
            .unwrap()
            .cid,
        leaf.cid
    );
    let ipld = |rest: &str| ContentPath::parse(&format!("/ipld/{}/{rest}", plain.cid)).unwrap();
    assert_eq!(
        resolve(&dag.blocks(), &ipld("Links/0/Hash"))
            .await
            .unwrap()
            .cid,
        leaf.cid
    );
    let inside = resolve(&dag.blocks(), &ipld("Links/00/Name"))
        .await
        .unwrap();
    assert_eq!(
        (inside.cid.clone(), inside.remainder_path()),
        (plain.cid.clone(), "/Links/00/Name".to_owned())
    );
    assert_eq!(
        resolving::value(&dag.blocks(), &inside).await.unwrap(),
        Ipld::from("x")
    );
    let error = resolve(&dag.blocks(), &ipld("x")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no link named \"x\" under {}", plain.cid)
    );
    let wrong = message(&dag, &leaf.cid, "x").await;
    assert!(
        wrong.contains("called on a bytes node (kind: bytes)"),
        "{wrong}"
    );
    assert_eq!(
        message(&dag, &leaf.cid, "x/y").await,
        format!("no link named \"x\" under {}", leaf.cid)
    );
    assert_eq!(
        message(&dag, &inline(b"t"), "x/y").await,
        format!("no link named \"x\" under {}", inline(b"t"))
    );
    assert_eq!(cat(&dag.blocks(), &inline(b"tbas")).await.unwrap(), b"tbas");
    assert_eq!(
        cat(&dag.blocks(), &plain.cid)
            .await
            .unwrap_err()
            .to_string(),
        "proto: required field ipfs.boxo.ipld.unixfs.pb.Data.Type not set"
    );
}

#[tokio::test]
async fn paths_lead_through_values() {
    let dag = Dag::new();
    let put = |value: &Ipld| {
        let bytes = codec::encode(Codec::DAG_CBOR, value).unwrap();
        dag.put(Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&bytes)), bytes)
    };
    let map = |entries: Vec<(&str, Ipld)>| {
        Ipld::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    };
    let child = put(&map(vec![(
        "b",
        Ipld::List(vec![true.into(), Ipld::Null, "s".into()]),
    )]));
    let files = dag.recorded().cid;
    let list = Ipld::List(vec![1i64.into(), files.clone().into()]);
    let root = put(&map(vec![
        ("child", child.clone().into()),
        ("n", map(vec![("m", 7i64.into())])),
        ("l", list),
    ]));
    let found = async |rest: &str| {
        let found = resolve(&dag.blocks(), &path(&root, rest)).await.unwrap();
        (
            found.cid.clone(),
            found.remainder_path(),
            resolving::value(&dag.blocks(), &found).await.unwrap(),
        )
    };
    assert_eq!(found("child").await.0, child);
    let (cid, rest, value) = found("child/b").await;
    assert_eq!(
        (cid, rest.as_str(), value),
        (
            child,
            "/b",
            Ipld::List(vec![true.into(), Ipld::Null, "s".into()])
        )
    );
    assert_eq!(
        found("n/m").await,
        (root.clone(), "/n/m".to_owned(), 7i64.into())
    );
    assert_eq!(
        found("l/1/sub").await.0.to_string(),
        "QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u"
    );
    assert_eq!(message(&dag, &root, "zzz").await, "key not found: \"zzz\"");
    assert_eq!(
        message(&dag, &root, "zzz/x").await,
        format!("no link named \"zzz\" under {root}")
    );
    assert_eq!(message(&dag, &root, "l/9").await, "key not found: \"9\"");
    assert_eq!(
        message(&dag, &root, "l/x").await,
        "invalid segment for lookup on a list: \"x\": strconv.ParseInt: parsing \"x\": invalid syntax"
    );
    assert_eq!(
        message(&dag, &root, "n/m/x").await,
        "func called on wrong kind: \"LookupBySegment\" called on a int node (kind: int), but only makes sense on map or list"
    );
    assert_eq!(
        message(&dag, &root, "n/m/x/y").await,
        format!("no link named \"x\" under {root}")
    );
    assert_eq!(
        message(&dag, &root, "l/1/sub/nope").await,
        "no link named \"nope\" under QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u"
    );
    let links: Vec<_> = export(&dag.blocks(), &root)
        .await
        .blocks
        .into_iter()
        .map(|(cid, _)| cid)
        .take(3)
        .collect();
    assert_eq!(links[0], root);
    let mut lister = Lister::open(&dag.blocks(), &root, true).await.unwrap();
    let mut kinds = Vec::new();
    while let Some(entry) = lister.next().await.unwrap() {
        kinds.push((entry.name, entry.kind));
    }
    kinds.sort_by_key(|(_, kind)| *kind as u8);
    assert_eq!(
        kinds,
        [
            (String::new(), EntryType::Unknown),
            (String::new(), EntryType::Directory)
        ]
    );
}

#[tokio::test]
async fn hamts_are_searched_and_listed() {
    let dag = Dag::new();
    let files: BTreeMap<String, Made> = (0..500)
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
            (EntryType::File, files[&entry.name].content)
        );
        listed.insert(entry.name, entry.cid);
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
    let cbor = Made {
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
            rows.push((entry.name, entry.kind as u8, entry.size, entry.target));
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
            .contains("could not find")
    );
}

/// A file of three levels, with bytes of their own in inner nodes, empty parts, and blocks of uneven sizes.
fn uneven(dag: &Dag) -> (Made, Vec<u8>) {
    let bytes: Vec<u8> = (0..100).collect();
    let left = dag.file(
        &bytes[4..7],
        &[
            dag.raw(&bytes[7..20]),
            dag.raw(b""),
            dag.file(&bytes[20..21], &[]),
        ],
    );
    let right = dag.file(
        b"",
        &[
            dag.file(b"", &[dag.raw(&bytes[21..60])]),
            dag.raw(&bytes[60..61]),
            dag.raw(&bytes[61..100]),
        ],
    );
    (
        dag.file(&bytes[..4], &[left, dag.file(b"", &[]), right]),
        bytes,
    )
}

#[tokio::test]
async fn files_are_read_from_any_offset_for_any_length() {
    let dag = Dag::new();
    let (file, bytes) = uneven(&dag);
    for online in [false, true] {
        let blocks = if online {
            Blocks::online(dag.store.clone(), Arc::new(Nobody))
        } else {
            dag.blocks()
        };
        let mut reader = FileReader::open(&blocks, &file.cid).await.unwrap();
        assert_eq!(reader.size(), 100);
        for offset in 0..=bytes.len() {
            for length in 0..=bytes.len() - offset + 1 {
                reader.seek(offset as u64, Some(length as u64));
                let mut read = Vec::new();
                while let Some(part) = reader.next().await.unwrap() {
                    assert!(!part.is_empty());
                    read.extend_from_slice(&part);
                }
                assert_eq!(
                    read,
                    &bytes[offset..(offset + length).min(bytes.len())],
                    "{offset} {length}"
                );
            }
        }
    }
}

#[tokio::test]
async fn seeking_does_not_read_what_it_skips() {
    let dag = Dag::new();
    let parts: Vec<Made> = (0..10u8).map(|n| dag.raw(&[n; 10])).collect();
    let file = dag.file(b"", &parts);
    for (at, part) in parts.iter().enumerate() {
        if at != 5 {
            dag.store
                .remove(std::slice::from_ref(part.cid.hash()))
                .await
                .unwrap();
        }
    }
    let mut reader = FileReader::open(&dag.blocks(), &file.cid).await.unwrap();
    reader.seek(50, Some(10));
    assert_eq!(reader.next().await.unwrap().unwrap(), vec![5; 10]);
    assert_eq!(reader.next().await.unwrap(), None);
    reader.seek(40, None);
    assert!(
        reader
            .next()
            .await
            .unwrap_err()
            .to_string()
            .starts_with("block was not found locally (offline): ")
    );
}

#[tokio::test]
async fn blocks_of_other_sizes_than_named_are_refused() {
    let dag = Dag::new();
    for claimed in [2, 4] {
        let mut part = dag.raw(b"abc");
        part.content = claimed;
        let file = dag.file(b"", &[dag.raw(b"x"), part.clone()]);
        let error = cat(&dag.blocks(), &file.cid).await.unwrap_err();
        assert!(
            matches!(error, ExportError::SizeMismatch { found: 3, claimed: named, .. } if named == claimed),
            "{error}"
        );
        let nested = dag.file(b"", &[dag.file(b"", &[part])]);
        assert!(cat(&dag.blocks(), &nested.cid).await.is_err());
    }
    let mut fs = UnixFs::new(Kind::File);
    fs.block_sizes = vec![u64::MAX, u64::MAX];
    let leaf = dag.raw(b"x");
    let huge = dag.node(vec![("", &leaf), ("", &leaf)], Some(fs));
    assert!(cat(&dag.blocks(), &huge.cid).await.is_err());
}

#[tokio::test]
async fn cat_joins_files() {
    let dag = Dag::new();
    let hello = dag.file(b"hello world\n", &[]);
    let run = async |offset, length, files: &[&Made]| {
        let mut cat = Cat::new(dag.blocks(), CatRange::new(offset, length)?);
        for made in files {
            if cat.is_full() {
                break;
            }
            cat.add(&made.cid).await?;
        }
        let length = cat.length();
        let bytes = cat
            .into_stream()
            .try_collect::<Vec<Bytes>>()
            .await?
            .concat();
        assert_eq!(bytes.len() as u64, length);
        Ok::<_, ExportError>(String::from_utf8(bytes).unwrap())
    };
    let two = [&hello, &hello];
    assert_eq!(
        run(0, None, &two).await.unwrap(),
        "hello world\nhello world\n"
    );
    assert_eq!(run(8, Some(8), &two).await.unwrap(), "rld\nhell");
    assert_eq!(run(12, None, &two).await.unwrap(), "hello world\n");
    assert_eq!(run(15, Some(2), &two).await.unwrap(), "lo");
    assert_eq!(run(1000, None, &two).await.unwrap(), "");
    // What is beyond the wanted bytes, or all when none are wanted, is not even looked at.
    let missing = Made {
        cid: absent(),
        tree: 0,
        content: 0,
    };
    assert_eq!(run(0, Some(0), &[&missing]).await.unwrap(), "");
    assert_eq!(
        run(0, Some(12), &[&hello, &missing]).await.unwrap(),
        "hello world\n"
    );
    assert_eq!(
        run(-1, None, &two).await.unwrap_err().to_string(),
        "cannot specify negative offset"
    );
    assert_eq!(
        run(0, Some(-1), &two).await.unwrap_err().to_string(),
        "cannot specify negative length"
    );
    assert_eq!(
        run(0, None, &[&dag.dir(&[])])
            .await
            .unwrap_err()
            .to_string(),
        "this dag node is a directory"
    );
    assert_eq!(
        run(0, None, &[&dag.symlink("there")]).await.unwrap(),
        "there"
    );
    let cbor = Made {
        cid: Cid::v1(Codec::DAG_CBOR, Multihash::wrap(0, &[0xa0]).unwrap()),
        tree: 0,
        content: 0,
    };
    assert_eq!(
        run(0, None, &[&cbor]).await.unwrap_err().to_string(),
        "unknown node type"
    );
}

async fn get(
    dag: &Dag,
    cid: &Cid,
    name: &str,
    options: GetOptions,
) -> Result<(u64, Vec<u8>), ExportError> {
    let download = Download::open(&dag.blocks(), cid, name, options, NOW).await?;
    let size = download.size();
    Ok((
        size,
        download
            .into_stream()
            .try_collect::<Vec<Bytes>>()
            .await?
            .concat(),
    ))
}

fn plain() -> GetOptions {
    GetOptions::new(false, false, None).unwrap()
}

/// Name, type, mode, time, target and content of each member.
type Row = (String, u8, u32, u64, String, Vec<u8>);

fn members(bytes: &[u8]) -> Vec<Row> {
    let mut archive = tar::Archive::new(bytes);
    let rows = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let target = entry
            .link_name()
            .unwrap()
            .map(|target| target.to_string_lossy().into_owned());
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let header = entry.header();
        let kind = header.entry_type().as_byte();
        (
            name,
            kind,
            header.mode().unwrap(),
            header.mtime().unwrap(),
            target.unwrap_or_default(),
            content,
        )
    });
    rows.collect()
}

#[tokio::test]
async fn downloads_are_what_kubo_sends() {
    let dag = Dag::new();
    let root = dag.recorded();
    let (size, bytes) = get(&dag, &root.cid, "top", plain()).await.unwrap();
    assert_eq!((size, bytes.len() % 512), (1404, 0));
    let names: Vec<_> = members(&bytes)
        .into_iter()
        .map(|row| (row.0, row.1 as char, row.2, row.5.len()))
        .collect();
    let row = |name: &str, kind, size| {
        (
            name.to_owned(),
            kind,
            if kind == '5' { 0o755 } else { 0o644 },
            size,
        )
    };
    assert_eq!(
        names,
        [
            row("top", '5', 0),
            row("top/a.txt", '0', 7),
            row("top/b.bin", '0', 1000),
            row("top/empty", '0', 0),
            row("top/sub", '5', 0),
            row("top/sub/c.txt", '0', 7),
            row("top/sub/deep", '5', 0),
            row("top/sub/deep/x y.txt", '0', 7),
        ]
    );
    let sub = resolve(&dag.blocks(), &path(&root.cid, "sub"))
        .await
        .unwrap()
        .cid;
    assert_eq!(get(&dag, &sub, "sub", plain()).await.unwrap().0, 180);
}

#[tokio::test]
async fn archives_and_compression_combine() {
    let dag = Dag::new();
    let gunzip = |bytes: &[u8]| {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes)
            .read_to_end(&mut out)
            .unwrap();
        out
    };
    let content = counter("zip", 300_000);
    let file = dag.file(
        b"",
        &[dag.raw(&content[..262_144]), dag.raw(&content[262_144..])],
    );
    let root = dag.dir(&[("f", &file)]);
    let zip = GetOptions::new(false, true, None).unwrap();
    assert_eq!(
        (zip.packing(), plain().packing()),
        (Packing::Gzip, Packing::Tar)
    );
    let (size, bytes) = get(&dag, &file.cid, "f", zip).await.unwrap();
    assert_eq!((size, gunzip(&bytes)), (300_000, content.clone()));
    let (_, bytes) = get(&dag, &dag.symlink("x").cid, "l", zip).await.unwrap();
    assert_eq!(gunzip(&bytes), b"x");
    let refused = get(&dag, &root.cid, "d", zip).await.unwrap_err();
    assert_eq!(refused.to_string(), "file is not regular");
    let (_, bytes) = get(
        &dag,
        &root.cid,
        "d",
        GetOptions::new(true, true, Some(9)).unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(members(&gunzip(&bytes))[1].5, content);
    for level in [0, 10, -1, i64::MAX] {
        let error = GetOptions::new(true, true, Some(level)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "compression level must be between 1 and 9"
        );
    }
    assert!(GetOptions::new(true, false, Some(99)).is_ok());
}

#[tokio::test]
async fn archives_keep_attributes_and_long_names() {
    let dag = Dag::new();
    let mut fs = UnixFs::new(Kind::File);
    fs.file_size = Some(0);
    fs.set_attributes(
        Some(0o4751),
        Some(Mtime {
            seconds: 1_700_000_000,
            nanos: Some(5),
        }),
    );
    let timed = dag.node(vec![], Some(fs));
    let mut old = UnixFs::new(Kind::Directory);
    old.set_attributes(Some(0o700), Some(Mtime::from_seconds(-3)));
    let old = dag.node(vec![], Some(old));
    let empty = dag.file(b"", &[]);
    let long = "n".repeat(150);
    let target = format!("{}ü", "t".repeat(120));
    let link = dag.symlink(&target);
    let half = "h".repeat(90);
    let inner = dag.dir(&[(half.as_str(), &empty)]);
    let root = dag.dir(&[
        ("link", &link),
        (long.as_str(), &empty),
        ("old", &old),
        (half.as_str(), &inner),
        ("timed", &timed),
        ("ümlaut", &empty),
    ]);
    for archive in [false, true] {
        let options = GetOptions::new(archive, false, None).unwrap();
        let (_, bytes) = get(&dag, &root.cid, "r", options).await.unwrap();
        let rows: BTreeMap<_, _> = members(&bytes)
            .into_iter()
            .map(|row| (row.0.clone(), row))
            .collect();
        let names: BTreeSet<_> = rows.keys().cloned().collect();
        let wanted = [
            "r".to_owned(),
            "r/link".to_owned(),
            format!("r/{long}"),
            "r/old".to_owned(),
            format!("r/{half}"),
        ];
        let rest = [
            format!("r/{half}/{half}"),
            "r/timed".to_owned(),
            "r/ümlaut".to_owned(),
        ];
        assert_eq!(names, wanted.into_iter().chain(rest).collect());
        assert_eq!(
            (rows["r/link"].2, rows["r/link"].4.as_str()),
            (0o777, target.as_str())
        );
        assert_eq!(
            (rows["r/timed"].2, rows["r/timed"].3),
            (0o4751, 1_700_000_000)
        );
        assert_eq!((rows["r/old"].2, rows["r"].3), (0o700, 1_800_000_000));
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(" mtime=-3\n"));
        assert_eq!(text.contains(" mtime=1700000000.000000005\n"), !archive);
    }
}

#[tokio::test]
async fn hostile_names_are_refused() {
    let dag = Dag::new();
    let file = dag.file(b"x", &[]);
    let refused = "relative UnixFS paths outside the root are not allowed, use CAR instead";
    for name in ["..", ".", "", "../x", "a/b", "/etc", "a\0b", "sub/../../x"] {
        let root = dag.dir(&[(name, &file)]);
        assert_eq!(
            get(&dag, &root.cid, "r", plain())
                .await
                .unwrap_err()
                .to_string(),
            refused,
            "{name:?}"
        );
        assert_eq!(
            get(&dag, &file.cid, name, plain())
                .await
                .unwrap_err()
                .to_string(),
            refused,
            "{name:?}"
        );
    }
    // A link, and then something that would be written through it.
    let link = dag.symlink("/etc");
    let sub = dag.dir(&[("passwd", &file)]);
    let twice = dag.dir(&[("x", &link), ("x", &sub)]);
    assert_eq!(
        get(&dag, &twice.cid, "r", plain())
            .await
            .unwrap_err()
            .to_string(),
        refused
    );
}

struct CarBlocks {
    header: Vec<u8>,
    blocks: Vec<(Cid, Vec<u8>)>,
}

fn read_car(mut bytes: &[u8]) -> CarBlocks {
    let mut sections = Vec::new();
    while !bytes.is_empty() {
        let (length, used) = varint::decode(bytes).unwrap();
        let end = used + length as usize;
        sections.push(bytes[used..end].to_vec());
        bytes = &bytes[end..];
    }
    let header = sections.remove(0);
    let blocks = sections.into_iter().map(|section| {
        let (cid, used) = Cid::read(&section).unwrap();
        (cid, section[used..].to_vec())
    });
    CarBlocks {
        header,
        blocks: blocks.collect(),
    }
}

async fn export(blocks: &Blocks, root: &Cid) -> CarBlocks {
    let car = Car::open(blocks, root, false).await.unwrap();
    read_car(
        &car.into_stream()
            .try_collect::<Vec<Bytes>>()
            .await
            .unwrap()
            .concat(),
    )
}

#[tokio::test]
async fn cars_are_byte_for_byte_kubos() {
    let dag = Dag::new();
    let root = dag.recorded();
    let car = export(&dag.blocks(), &root.cid).await;
    assert_eq!(
        data_encoding::HEXLOWER.encode(&car.header),
        "a265726f6f747381d82a582300122056291b8438b85c441c3b2a6e0119a5e2636183a9044f4e19630e4e8f1c22fe926776657273696f6e01"
    );
    let sections = car.blocks.iter().map(|(cid, data)| {
        let mut section = cid.to_bytes();
        section.extend_from_slice(data);
        let digest = data_encoding::HEXLOWER.encode(Multihash::sha2_256(&section).digest());
        format!("{}:{}", &digest[..32], section.len())
    });
    assert_eq!(
        sections.collect::<Vec<_>>(),
        [
            "238003b7218d705aee99c221cb796fbe:226",
            "39937c136643fe618b524ab789a71b4d:49",
            "e54f55fdd6f6e2b97daec278c05e8180:1045",
            "b4ba90e9bb8f5bcd9bdf58d7b43014c6:40",
            "3127fca91564b4db81e2112cc63246f3:131",
            "cf793a0d4b30846a4928ddfdfc2afd51:49",
            "19f19f5a73aff39c4b1b373023895b1a:87",
            "4579470c4d2b54613c27735742847500:49",
        ]
    );
}

#[tokio::test]
async fn cars_hold_every_block_once() {
    let dag = Dag::new();
    let root = dag.diamonds(60);
    assert_eq!(export(&dag.blocks(), &root.cid).await.blocks.len(), 61);
    let inlined = Made {
        cid: inline(b"in"),
        tree: 2,
        content: 2,
    };
    let leaf = dag.raw(&counter("big", 100_000));
    let one = dag.node(vec![("a", &leaf), ("b", &inlined), ("c", &leaf)], None);
    let root = dag.node(vec![("a", &inlined), ("b", &one), ("c", &leaf)], None);
    for blocks in [
        dag.blocks(),
        Blocks::online(dag.store.clone(), Arc::new(Nobody)),
    ] {
        let cids: Vec<_> = export(&blocks, &root.cid)
            .await
            .blocks
            .into_iter()
            .map(|(cid, _)| cid)
            .collect();
        assert_eq!(
            cids,
            [
                root.cid.clone(),
                inline(b"in"),
                one.cid.clone(),
                leaf.cid.clone()
            ]
        );
    }
}

#[tokio::test]
async fn cars_fail_before_the_first_byte_or_with_the_block() {
    let dag = Dag::new();
    let error = Car::open(&dag.blocks(), &absent(), false)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "block was not found locally (offline): ipld: could not find {}",
            absent()
        )
    );
    let missing = Made {
        cid: absent(),
        tree: 0,
        content: 0,
    };
    let leaf = dag.raw(b"leaf");
    let root = dag.node(vec![("a", &missing), ("b", &leaf)], None);
    let car = Car::open(&dag.blocks(), &root.cid, false).await.unwrap();
    let error = car
        .into_stream()
        .try_collect::<Vec<Bytes>>()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!(
            "could not load link \"{}\": block was not found locally",
            absent()
        )),
        "{error}"
    );
    assert!(error.ends_with("(currently offline, perhaps retry after attaching to the network)"));
    let car = Car::open(&dag.blocks(), &root.cid, true).await.unwrap();
    let partial = read_car(
        &car.into_stream()
            .try_collect::<Vec<Bytes>>()
            .await
            .unwrap()
            .concat(),
    );
    assert_eq!(
        partial
            .blocks
            .into_iter()
            .map(|(cid, _)| cid)
            .collect::<Vec<_>>(),
        [root.cid, leaf.cid]
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
            out.push(found.unwrap().format("<linkname>", Cid::to_string));
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
    let (z, y) = (dag.node(vec![("leaf", &leaf)], None), |z: &Made| {
        dag.node(vec![("z", z)], None)
    });
    let root = dag.node(vec![("y", &y(&z)), ("z again", &z)], None);
    assert_eq!(list(&root.cid, true, Some(2)).await, "y z leaf");
    let missing = Made {
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
        first.format("<src>-<dst>-<linkname>", Cid::to_string),
        format!("{}-{}-a", broken.cid, leaf.cid)
    );
    assert!(
        refs.next()
            .await
            .unwrap()
            .unwrap_err()
            .to_string()
            .contains("could not find")
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

#[tokio::test]
async fn deep_chains_exhaust_nothing() {
    const DEPTH: usize = 100_000;
    let dag = Dag::new();
    let root = dag.chain(DEPTH);
    assert_eq!(
        export(&dag.blocks(), &root.cid).await.blocks.len(),
        DEPTH + 1
    );
    assert_eq!(
        stat::dags(&dag.blocks(), std::slice::from_ref(&root.cid), |_| ())
            .await
            .unwrap()
            .unique_blocks as usize,
        DEPTH + 1
    );
    let mut refs = Refs::new(
        dag.blocks(),
        RefsOptions {
            unique: false,
            max_depth: None,
        },
    );
    refs.start(root.cid.clone());
    let mut count = 0;
    while let Some(found) = refs.next().await {
        found.unwrap();
        count += 1;
    }
    assert_eq!(count, DEPTH);
    let long = "n/".repeat(1000);
    assert_eq!(
        resolve(&dag.blocks(), &path(&root.cid, &long))
            .await
            .unwrap()
            .remainder
            .len(),
        0
    );
    // Files and directories, level in level.
    let mut file = dag.raw(b"x");
    for _ in 0..DEPTH {
        file.tree = 0;
        file = dag.file(b"", &[file]);
    }
    assert_eq!(cat(&dag.blocks(), &file.cid).await.unwrap(), b"x");
}

/// A source that has nothing.
struct Nobody;

impl BlockSource for Nobody {
    fn fetch<'a>(&'a self, _: &'a Cid) -> BoxFuture<'a, Result<Option<Bytes>, BlockError>> {
        Box::pin(async { Ok(None) })
    }
}

/// A source that has what another store has, and counts what is under way.
struct Remote {
    dag: Dag,
    running: AtomicUsize,
    most: AtomicUsize,
    lie: bool,
}

impl BlockSource for Remote {
    fn fetch<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<Option<Bytes>, BlockError>> {
        Box::pin(async move {
            self.most.fetch_max(
                self.running.fetch_add(1, Ordering::SeqCst) + 1,
                Ordering::SeqCst,
            );
            tokio::task::yield_now().await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            if self.lie {
                Ok(Some(Bytes::from_static(b"lies")))
            } else {
                self.dag.store.get(cid.hash())
            }
        })
    }
}

fn remote(dag: Dag, lie: bool) -> Arc<Remote> {
    Arc::new(Remote {
        dag,
        running: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        lie,
    })
}

#[tokio::test]
async fn absent_blocks_come_from_the_source_and_stay() {
    let there = Dag::new();
    let content = counter("remote", 50_000);
    let parts: Vec<Made> = content.chunks(500).map(|part| there.raw(part)).collect();
    let file = there.file(b"", &parts);
    let source = remote(there, false);
    let here = Dag::new();
    let blocks = Blocks::online(here.store.clone(), source.clone());
    assert_eq!(cat(&blocks, &file.cid).await.unwrap(), content);
    let most = source.most.load(Ordering::SeqCst);
    assert!((2..=16).contains(&most), "{most}");
    assert_eq!(here.store.stat().unwrap().blocks, 101);
    assert_eq!(cat(&blocks.local(), &file.cid).await.unwrap(), content);
    assert_eq!(export(&blocks, &file.cid).await.blocks.len(), 101);
    let error = cat(&blocks, &absent()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("ipld: could not find {}", absent())
    );
    let liar = Blocks::online(Dag::new().store, remote(Dag::new(), true));
    assert!(
        cat(&liar, &absent())
            .await
            .unwrap_err()
            .to_string()
            .contains("different hash")
    );
}

#[tokio::test]
async fn hamts_of_the_source_are_read_ahead() {
    let there = Dag::new();
    let root =
        there.hamt((0..300).map(|n| (format!("f{n}"), there.raw(format!("{n}").as_bytes()))));
    let source = remote(there, false);
    let blocks = Blocks::online(Dag::new().store, source.clone());
    let mut lister = Lister::open(&blocks, &root.cid, true).await.unwrap();
    let mut count = 0;
    while lister.next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 300);
    assert!(source.most.load(Ordering::SeqCst) > 1);
}

#[test]
fn reads_can_be_sent_to_other_threads() {
    fn send<T: Send>(_: T) {}
    let dag = Dag::new();
    let (blocks, cid) = (dag.blocks(), absent());
    send(cat(&blocks, &cid));
    send(Car::open(&blocks, &cid, false));
    send(Download::open(&blocks, &cid, "x", plain(), NOW));
    send(Lister::open(&blocks, &cid, true));
    send(resolve(&blocks, &path(&cid, "x")));
    send(stat::dags(&blocks, &[], |_| ()));
}
