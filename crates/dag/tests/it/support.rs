//! DAGs for the tests of the read side.

use std::sync::Arc;

use bytes::Bytes;
use cairn_dag::Blocks;
use cairn_primitives::codec::dag_pb::{Link, Node};
use cairn_primitives::multihash::HashFunction;
use cairn_primitives::unixfs::directory::{DirectoryBuilder, DirectoryParams, Entry};
use cairn_primitives::unixfs::{CidMaker, NodeKind, UnixFs};
use cairn_primitives::{Block, Cid, Codec, Multihash, Version};
use cairn_store::BlockWriter as _;
use cairn_store::Hold;
use cairn_store::block::MemoryStore;

/// A store to which nodes are added.
pub(crate) struct Dag {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) hold: Hold,
}

/// A node with the size of all below it.
#[derive(Clone, Debug)]
pub(crate) struct BuiltNode {
    pub(crate) cid: Cid,
    /// Bytes of all blocks.
    pub(crate) tree: u64,
    /// Bytes of content.
    pub(crate) content: u64,
}

impl Dag {
    pub(crate) fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let hold = store.hold();
        Self { store, hold }
    }

    pub(crate) fn blocks(&self) -> Blocks {
        Blocks::offline(self.store.clone())
    }

    pub(crate) fn put(&self, cid: Cid, data: impl Into<Bytes>) -> Cid {
        self.store
            .write_blocking(&self.hold, vec![Block::new(cid.clone(), data.into())])
            .unwrap();
        cid
    }

    pub(crate) fn raw(&self, data: &[u8]) -> BuiltNode {
        let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(data));
        let len = data.len() as u64;
        BuiltNode {
            cid: self.put(cid, data.to_vec()),
            tree: len,
            content: len,
        }
    }

    pub(crate) fn node(&self, links: Vec<(&str, &BuiltNode)>, fs: Option<UnixFs>) -> BuiltNode {
        self.node_of(
            links
                .into_iter()
                .map(|(name, made)| (name.to_owned(), made.clone()))
                .collect(),
            fs.map(|fs| fs.encode()),
        )
    }

    pub(crate) fn node_of(
        &self,
        links: Vec<(String, BuiltNode)>,
        data: Option<Bytes>,
    ) -> BuiltNode {
        let below: u64 = links.iter().map(|(_, made)| made.tree).sum();
        let links = links.into_iter().map(|(name, made)| Link {
            cid: made.cid,
            name: Some(name.into()),
            size: Some(made.tree),
        });
        let bytes = Node {
            links: links.collect(),
            data,
        }
        .encode();
        let tree = below + bytes.len() as u64;
        let cid = Cid::v0(Multihash::sha2_256(&bytes)).unwrap();
        BuiltNode {
            cid: self.put(cid, bytes),
            tree,
            content: 0,
        }
    }

    /// A file's node with bytes of its own and parts.
    pub(crate) fn file(&self, own: &[u8], parts: &[BuiltNode]) -> BuiltNode {
        let mut fs = UnixFs::new(NodeKind::File);
        fs.data = Some(Bytes::copy_from_slice(own)).filter(|own| !own.is_empty());
        fs.block_sizes = parts.iter().map(|part| part.content).collect();
        let content = own.len() as u64 + fs.block_sizes.iter().sum::<u64>();
        fs.file_size = Some(content);
        let made = self.node(parts.iter().map(|part| ("", part)).collect(), Some(fs));
        BuiltNode { content, ..made }
    }

    pub(crate) fn dir(&self, entries: &[(&str, &BuiltNode)]) -> BuiltNode {
        self.node(entries.to_vec(), Some(UnixFs::new(NodeKind::Directory)))
    }

    pub(crate) fn symlink(&self, target: &str) -> BuiltNode {
        let mut fs = UnixFs::new(NodeKind::Symlink);
        fs.data = Some(Bytes::copy_from_slice(target.as_bytes()));
        self.node(vec![], Some(fs))
    }

    /// A directory that is a HAMT of small nodes.
    pub(crate) fn hamt(&self, entries: impl IntoIterator<Item = (String, BuiltNode)>) -> BuiltNode {
        let maker = CidMaker::new(Version::V0, HashFunction::from_code(0x12).unwrap()).unwrap();
        let mut params = DirectoryParams::new(maker);
        params.sharding.threshold = 1;
        params.sharding.fanout = 8;
        let mut builder = DirectoryBuilder::new(params).unwrap();
        for (name, made) in entries {
            builder
                .add(Entry {
                    name: name.into(),
                    cid: made.cid,
                    tree_size: made.tree,
                })
                .unwrap();
        }
        let mut blocks = Vec::new();
        let built = builder.finish(&mut |block| blocks.push(block)).unwrap();
        self.store.write_blocking(&self.hold, blocks).unwrap();
        BuiltNode {
            cid: built.cid,
            tree: built.tree_size,
            content: 0,
        }
    }

    /// The directory of the recordings of Kubo, and its root.
    pub(crate) fn recorded(&self) -> BuiltNode {
        let a = self.file(b"file a\n", &[]);
        let b = self.file(&counter("b", 1000), &[]);
        let empty = self.file(b"", &[]);
        let c = self.file(b"file c\n", &[]);
        let spaces = self.file(b"spaces\n", &[]);
        let deep = self.dir(&[("x y.txt", &spaces)]);
        let sub = self.dir(&[("c.txt", &c), ("deep", &deep)]);
        self.dir(&[
            ("a.txt", &a),
            ("b.bin", &b),
            ("empty", &empty),
            ("sub", &sub),
        ])
    }

    /// Nodes in a chain, the first given out last; as long as asked for.
    pub(crate) fn chain(&self, length: usize) -> BuiltNode {
        let mut made = self.raw(b"the end");
        for _ in 0..length {
            // The sizes would overflow in no time, and mean nothing here.
            made.tree = 0;
            made = self.node(vec![("n", &made)], None);
        }
        made
    }

    /// Levels that each link twice to the next: two to the power of `levels` paths.
    pub(crate) fn diamonds(&self, levels: usize) -> BuiltNode {
        let mut made = self.raw(b"the bottom");
        for _ in 0..levels {
            made.tree = 0;
            made = self.node(vec![("a", &made), ("b", &made)], None);
        }
        made
    }
}

/// The bytes from which the recordings were made: sha2-256 of `seed:0`, `seed:1`, ….
pub(crate) fn counter(seed: &str, length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while out.len() < length {
        out.extend_from_slice(Multihash::sha2_256(format!("{seed}:{at}").as_bytes()).digest());
        at += 1;
    }
    out.truncate(length);
    out
}

pub(crate) fn inline(data: &[u8]) -> Cid {
    Cid::v1(Codec::RAW, Multihash::wrap(0, data).unwrap())
}

pub(crate) fn absent() -> Cid {
    "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
        .parse()
        .unwrap()
}
