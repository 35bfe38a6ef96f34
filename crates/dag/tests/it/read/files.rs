//! Bytes of files.

use bytes::Bytes;
use cairn_dag::Blocks;
use cairn_dag::export::{Cat, CatRange, ExportError, FileReader};
use cairn_primitives::unixfs::{NodeKind, UnixFs};
use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::BlockWriter as _;
use futures_util::TryStreamExt as _;

use super::{cat, nobody};
use crate::support::{BuiltNode, Dag, absent};

/// A file of three levels, with bytes of their own in inner nodes, empty parts, and blocks of uneven sizes.
fn uneven(dag: &Dag) -> (BuiltNode, Vec<u8>) {
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
            Blocks::online(dag.store.clone(), nobody())
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
    let parts: Vec<BuiltNode> = (0..10u8).map(|n| dag.raw(&[n; 10])).collect();
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
            .ends_with("and this node is offline")
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
    let mut fs = UnixFs::new(NodeKind::File);
    fs.block_sizes = vec![u64::MAX, u64::MAX];
    let leaf = dag.raw(b"x");
    let huge = dag.node(vec![("", &leaf), ("", &leaf)], Some(fs));
    assert!(cat(&dag.blocks(), &huge.cid).await.is_err());
}

#[tokio::test]
async fn cat_joins_files() {
    let dag = Dag::new();
    let hello = dag.file(b"hello world\n", &[]);
    let run = async |offset, length, files: &[&BuiltNode]| {
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
    let missing = BuiltNode {
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
        "the offset is negative"
    );
    assert_eq!(
        run(0, Some(-1), &two).await.unwrap_err().to_string(),
        "the length is negative"
    );
    assert_eq!(
        run(0, None, &[&dag.dir(&[])])
            .await
            .unwrap_err()
            .to_string(),
        "a directory cannot be read as a file"
    );
    assert_eq!(
        run(0, None, &[&dag.symlink("there")]).await.unwrap(),
        "there"
    );
    let cbor = BuiltNode {
        cid: Cid::v1(Codec::DAG_CBOR, Multihash::wrap(0, &[0xa0]).unwrap()),
        tree: 0,
        content: 0,
    };
    assert_eq!(
        run(0, None, &[&cbor]).await.unwrap_err().to_string(),
        format!("block {} is neither a file nor a directory", cbor.cid)
    );
}
