//! UnixFS against Kubo: the CIDs and sizes that Kubo 0.42.0 gives to the same bytes and options.

#![allow(clippy::unwrap_used, reason = "a test fails so")]

use std::collections::HashMap;

use bytes::Bytes;
use cairn_primitives::cid::{Cid, Codec, Version};
use cairn_primitives::codec::dag_pb;
use cairn_primitives::multihash::HashFunction;
use cairn_primitives::unixfs::chunker::{Chunker, ChunkerSpec};
use cairn_primitives::unixfs::directory::{
    DirectoryBuilder, DirectoryParams, Entry, SizeEstimation,
};
use cairn_primitives::unixfs::file::{FileNode, read_symlink};
use cairn_primitives::unixfs::hamt::{Lookup, ShardNode, Step};
use cairn_primitives::unixfs::layout::{FileBuilder, FileLayout, LayoutParams, make_leaf};
use cairn_primitives::unixfs::{Built, CidMaker, Mtime, symlink};
use sha2::Digest as _;

type Blocks = HashMap<Cid, Bytes>;

const HELLO: &[u8] = b"hello world\n";
const MARY: &[u8] = b"Mary had a little lamb";

/// Bytes that look random and are the same everywhere.
fn noise(seed: &str, count: usize) -> Bytes {
    let mut out = Vec::with_capacity(count + 32);
    for index in 0.. {
        if out.len() >= count {
            break;
        }
        out.extend_from_slice(&sha2::Sha256::digest(format!("{seed}:{index}")));
    }
    out.truncate(count);
    out.into()
}

/// Options of `add` by Kubo's names.
struct Options<'a>(HashMap<&'a str, &'a str>);

impl<'a> Options<'a> {
    fn parse(query: &'a str) -> Self {
        Self(
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .collect(),
        )
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.0.get(name).and_then(|value| value.parse().ok())
    }

    fn mode(&self) -> Option<u32> {
        let mode = self.0.get("mode")?;
        // Kubo reads the option as Go's file mode, whose set-uid bit is elsewhere: nine bits are left.
        let radix = if mode.starts_with('0') { 8 } else { 10 };
        Some(u32::from_str_radix(mode, radix).unwrap() & 0o777)
    }

    fn mtime(&self) -> Option<Mtime> {
        Some(Mtime {
            seconds: self.number("mtime")?,
            nanos: self.number("mtime-nsecs"),
        })
    }

    fn cid(&self) -> CidMaker {
        let name = self.0.get("hash").copied().unwrap_or("sha2-256");
        let version = if self.number("cid-version") == Some(1) || name != "sha2-256" {
            Version::V1
        } else {
            Version::V0
        };
        let maker = CidMaker::new(version, HashFunction::from_name(name).unwrap()).unwrap();
        if self.0.contains_key("inline") {
            maker
                .with_inline(self.number("inline-limit").unwrap_or(32))
                .unwrap()
        } else {
            maker
        }
    }

    fn layout(&self) -> LayoutParams {
        let cid = self.cid();
        let has_attributes = self.mode().is_some() || self.mtime().is_some();
        let raw_leaves = self
            .number("raw-leaves")
            .unwrap_or(cid.version() == Version::V1 && !has_attributes);
        let mut params = LayoutParams::new(cid, raw_leaves);
        if self.0.contains_key("trickle") {
            params.shape = FileLayout::Trickle;
        }
        if let Some(max_links) = self.number("max-file-links") {
            params.max_links = max_links;
        }
        params.mode = self.mode();
        params.mtime = self.mtime();
        params
    }

    fn directory(&self) -> DirectoryParams {
        let mut params = DirectoryParams::new(self.cid());
        if let Some(max_links) = self.number("max-directory-links") {
            params.sharding.max_links = max_links;
        }
        if let Some(fanout) = self.number("max-hamt-fanout") {
            params.sharding.fanout = fanout;
        }
        if let Some(threshold) = self.number("threshold") {
            params.sharding.threshold = threshold;
        }
        params.sharding.estimation = match self.0.get("estimation") {
            Some(&"block") => SizeEstimation::Block,
            Some(&"disabled") => SizeEstimation::Disabled,
            _ => SizeEstimation::Links,
        };
        params.mode = self.mode();
        params.mtime = self.mtime();
        params
    }
}

/// Adds a file that comes in frames.
fn add_frames(frames: impl Iterator<Item = Bytes>, options: &Options<'_>) -> (Built, Blocks) {
    let chunker = options.0.get("chunker").copied().unwrap_or_default();
    let mut chunker = Chunker::new(&chunker.parse::<ChunkerSpec>().unwrap());
    let params = options.layout();
    let mut builder = FileBuilder::new(params.clone()).unwrap();
    let mut blocks = Blocks::new();
    let mut sink = |block: cairn_primitives::Block| {
        blocks.insert(block.cid, block.data);
    };
    let mut take = |chunk| {
        let leaf = make_leaf(&params, chunk).unwrap();
        builder.push(leaf, &mut sink).unwrap();
    };
    for frame in frames {
        chunker.push(frame, &mut take);
    }
    chunker.finish(&mut take);
    let built = builder.finish(&mut sink).unwrap();
    (built, blocks)
}

fn add(data: &Bytes, options: &str) -> (Built, Blocks) {
    // Frames as a network gives them.
    let frames = data
        .chunks(64 * 1024 - 7)
        .map(|frame| data.slice_ref(frame));
    add_frames(frames, &Options::parse(options))
}

fn read_file(blocks: &Blocks, cid: &Cid, out: &mut Vec<u8>) {
    let inline = cid.hash().identity_data().map(Bytes::copy_from_slice);
    let data = inline.unwrap_or_else(|| blocks[cid].clone());
    let node = FileNode::decode(cid.codec(), &data).unwrap();
    let start = out.len();
    out.extend_from_slice(&node.data);
    for child in &node.children {
        read_file(blocks, &child.cid, out);
    }
    assert_eq!((out.len() - start) as u64, node.size);
}

fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

fn input(name: &str) -> Bytes {
    match *name.split(':').collect::<Vec<_>>() {
        ["text", text] => Bytes::from(text.replace("\\n", "\n")),
        ["zeros", count] => vec![0; count.parse().unwrap()].into(),
        ["noise", seed, count] => noise(seed, count.parse().unwrap()),
        _ => panic!("{name}"),
    }
}

#[test]
fn files_have_the_cids_of_kubo() {
    let mut inputs: HashMap<&str, Bytes> = HashMap::new();
    for row in rows(include_str!("vectors/unixfs/files.tsv")) {
        let [name, options, cid, size] = row[..] else {
            panic!("{row:?}")
        };
        let data = inputs.entry(name).or_insert_with(|| input(name));
        let (built, blocks) = add(data, options);
        assert_eq!(built.cid.to_string(), cid, "{name} {options}");
        if size != "-" {
            assert_eq!(built.tree_size.to_string(), size, "{name} {options}");
        }
        let mut out = Vec::with_capacity(data.len());
        read_file(&blocks, &built.cid, &mut out);
        assert!(out == data[..], "{name} {options}");
    }
}

fn entry(name: &str, built: &Built) -> Entry {
    Entry {
        name: name.into(),
        cid: built.cid.clone(),
        tree_size: built.tree_size,
    }
}

fn directory(entries: &[Entry], options: &str) -> (Built, Blocks) {
    let mut builder = DirectoryBuilder::new(Options::parse(options).directory()).unwrap();
    for entry in entries {
        builder.add(entry.clone()).unwrap();
    }
    let mut blocks = Blocks::new();
    let built = builder
        .finish(&mut |block| {
            blocks.insert(block.cid, block.data);
        })
        .unwrap();
    (built, blocks)
}

#[test]
fn directories_have_the_cids_of_kubo() {
    for row in rows(include_str!("vectors/unixfs/directories.tsv")) {
        let [names, options, cid] = row[..] else {
            panic!("{row:?}")
        };
        let (kind, count) = names.split_once(':').unwrap();
        let (file, _) = add(&Bytes::from_static(b"1"), options);
        let entries: Vec<Entry> = (0..count.parse().unwrap())
            .map(|index: usize| match kind {
                "long" => entry(&format!("{index:04}{}", "x".repeat(88)), &file),
                _ => entry(&format!("e{index}"), &file),
            })
            .collect();
        let (built, _) = directory(&entries, options);
        assert_eq!(built.cid.to_string(), cid, "{names} {options}");
    }
}

/// A tree of directories, as recorded: (path, content), directories without content.
fn add_tree(tree: &[(&str, Option<Bytes>)], at: &str, options: &str) -> Built {
    let prefix = format!("{at}/");
    let entries: Vec<Entry> = tree
        .iter()
        .filter_map(|(path, content)| {
            let name = path.strip_prefix(&prefix)?;
            if name.contains('/') {
                return None;
            }
            let built = match content {
                Some(content) => add(content, options).0,
                None => add_tree(tree, path, options),
            };
            Some(entry(name, &built))
        })
        .collect();
    directory(&entries, options).0
}

#[test]
fn trees_have_the_cids_of_kubo() {
    let tree = [
        ("d/a.txt", Some(Bytes::from_static(b"file a\n"))),
        ("d/b.bin", Some(noise("b", 1000))),
        ("d/empty", Some(Bytes::new())),
        ("d/sub", None),
        ("d/sub/c.txt", Some(Bytes::from_static(b"file c\n"))),
        ("d/sub/deep", None),
        ("d/sub/deep/x y.txt", Some(Bytes::from_static(b"spaces\n"))),
    ];
    for (at, options, cid, size) in [
        (
            "d",
            "",
            "QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X",
            1404,
        ),
        (
            "d/sub",
            "",
            "QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u",
            180,
        ),
        (
            "d",
            "cid-version=1",
            "bafybeiansn2yi3ox4ovathlh3jmjevhszsihe5b7lxsj5gyyaj7ybhwd6e",
            1377,
        ),
        ("e", "", "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", 4),
    ] {
        let built = add_tree(&tree, at, options);
        assert_eq!(
            (built.cid.to_string().as_str(), built.tree_size),
            (cid, size)
        );
    }
    let hello = Bytes::from_static(HELLO);
    let mary = Bytes::from_static(MARY);
    let utf8 = [("/grüße ☃.txt", Some(hello.clone()))];
    assert_eq!(
        add_tree(&utf8, "", "").cid.to_string(),
        "QmUJhDXDADAEWgdQgteZZReneYdRAwjzhsLoLXEuVcXouA"
    );
    let implicit = [
        ("p/q", None),
        ("p/q/r.txt", Some(hello)),
        ("p/s.txt", Some(mary)),
    ];
    let built = add_tree(&implicit, "p", "");
    assert_eq!(
        (built.cid.to_string().as_str(), built.tree_size),
        ("QmVyFQ1UUdu3kJvkeZ5htkW4wDyoudujTLCBDdGVfMmgvA", 195)
    );
}

#[test]
fn a_hamt_has_the_cid_of_kubo_and_finds_its_names() {
    let options = "cid-version=1&max-directory-links=16&max-hamt-fanout=16";
    let entries: Vec<Entry> = (0..60)
        .map(|index: u32| {
            let (file, _) = add(&Bytes::from(index.to_string()), options);
            entry(&format!("f{index:03}"), &file)
        })
        .collect();
    let (built, blocks) = directory(&entries, options);
    assert_eq!(
        (built.cid.to_string().as_str(), built.tree_size),
        (
            "bafybeibcaa3h4oppyccwbmmb7opv5v2hliv5eebwmucaml6i6gfjzaqp7m",
            4098
        )
    );
    for want in entries {
        let mut lookup = Lookup::new(&want.name);
        let mut at = built.cid.clone();
        let found = loop {
            let node = dag_pb::Node::decode(&blocks[&at]).unwrap();
            match lookup.step(&ShardNode::decode(&node).unwrap()).unwrap() {
                Step::Descend(cid) => at = cid,
                other => break other,
            }
        };
        assert_eq!(found, Step::Found(want));
    }
}

#[test]
fn symbolic_links_have_the_cids_of_kubo() {
    let options = Options::parse("");
    let (block, built) = symlink::build(&options.cid(), b"t", None).unwrap();
    assert_eq!(
        (built.cid.to_string().as_str(), built.tree_size),
        ("QmaWnMD98ndrXfnhjJwmBWpqHyYsrtVC9zEytnakMR55cv", 7)
    );
    let node = dag_pb::Node::decode(&block.data).unwrap();
    assert_eq!(&read_symlink(&node).unwrap()[..], b"t");
    assert_eq!(block.cid.codec(), Codec::DAG_PB);

    // In a directory with mode and time: the link takes the time alone.
    let options = "mtime=77&mode=0700";
    let mtime = Options::parse(options).mtime();
    let target = "target/ü".as_bytes();
    let (_, link) = symlink::build(&Options::parse(options).cid(), target, mtime).unwrap();
    let (built, _) = directory(&[entry("ln", &link)], options);
    assert_eq!(
        built.cid.to_string(),
        "QmUutsM9pnfuXcegKMuA8Yqi7zq1idfzoo1cjk7hmDgt5X"
    );
}
