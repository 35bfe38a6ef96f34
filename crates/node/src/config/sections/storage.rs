//! Where blocks are kept, and how they are made.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Size;
use crate::config::unused::{UnusedKeys, Section};
use crate::config::values::{Flag, default, none};

/// Block storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Datastore {
    /// Size at which a collection is overdue, such as `10GB`. It limits nothing by itself.
    pub storage_max: String,
    /// Percentage of `StorageMax` at which an automatic collection begins.
    #[serde(rename = "StorageGCWatermark")]
    pub storage_gc_watermark: i64,
    /// Time between two looks at the size, as a duration; `0` looks never.
    #[serde(rename = "GCPeriod")]
    pub gc_period: String,
    /// Of old versions; nothing reads it.
    #[serde(skip_serializing_if = "default")]
    pub no_sync: bool,
    /// How the datastore is composed. Cairn has one store and only writes this down.
    pub spec: Option<Value>,
    /// Whether every block that is read is hashed.
    pub hash_on_read: bool,
    /// Whether what was written is read into the system's memory while nothing else is done; it is unless this is `false`.
    /// Cairn's own.
    #[serde(skip_serializing_if = "none")]
    pub warm_writes: Flag,
    /// Bytes of a filter in front of the index. Cairn's index needs none.
    pub bloom_filter_size: i64,
    /// Keys of a cache in front of the index. Cairn's index needs none.
    pub block_key_cache_size: Option<i64>,
    /// Whether blocks are written without a look whether they are there.
    #[serde(skip_serializing_if = "none")]
    pub write_through: Flag,
}

impl Section for Datastore {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "NoSync",
        "BloomFilterSize",
        "BlockKeyCacheSize",
        "WriteThrough",
    ]);
}

impl Default for Datastore {
    fn default() -> Self {
        Self {
            storage_max: "10GB".into(),
            storage_gc_watermark: 90,
            gc_period: "1h".into(),
            no_sync: Default::default(),
            spec: Default::default(),
            hash_on_read: Default::default(),
            warm_writes: Default::default(),
            bloom_filter_size: Default::default(),
            block_key_cache_size: Default::default(),
            write_through: Default::default(),
        }
    }
}

/// What an import does where the request leaves it open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Import {
    /// 0 or 1.
    pub cid_version: Option<i64>,
    /// Whether leaves are raw blocks.
    #[serde(rename = "UnixFSRawLeaves")]
    pub unixfs_raw_leaves: Flag,
    /// `size-N`, `rabin-MIN-AVG-MAX` or `buzhash`.
    #[serde(rename = "UnixFSChunker")]
    pub unixfs_chunker: Option<String>,
    /// Name of the hash.
    pub hash_function: Option<String>,
    /// Links of a file's node.
    #[serde(rename = "UnixFSFileMaxLinks")]
    pub unixfs_file_max_links: Option<i64>,
    /// Entries of a directory before it is sharded; 0 leaves it to the size.
    #[serde(rename = "UnixFSDirectoryMaxLinks")]
    pub unixfs_directory_max_links: Option<i64>,
    /// Width of a sharded directory: a power of two from 8 to 1024.
    #[serde(rename = "UnixFSHAMTDirectoryMaxFanout")]
    pub unixfs_hamt_directory_max_fanout: Option<i64>,
    /// Size of a directory from which it is sharded.
    #[serde(rename = "UnixFSHAMTDirectorySizeThreshold")]
    pub unixfs_hamt_directory_size_threshold: Option<Size>,
    /// How that size is reckoned: `links`, `block` or `disabled`.
    #[serde(rename = "UnixFSHAMTDirectorySizeEstimation")]
    pub unixfs_hamt_directory_size_estimation: Option<String>,
    /// `balanced` or `trickle`.
    #[serde(rename = "UnixFSDAGLayout")]
    pub unixfs_dag_layout: Option<String>,
    /// Blocks that are written at once.
    pub batch_max_nodes: Option<i64>,
    /// Bytes that are written at once.
    pub batch_max_size: Option<i64>,
    /// Whether a new root is announced at once.
    pub fast_provide_root: Flag,
    /// Whether all new blocks are announced at once.
    #[serde(rename = "FastProvideDAG")]
    pub fast_provide_dag: Flag,
    /// Whether the request waits for that.
    pub fast_provide_wait: Flag,
}

impl Section for Import {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "BatchMaxNodes",
        "BatchMaxSize",
        "FastProvideRoot",
        "FastProvideDAG",
        "FastProvideWait",
    ]);
}
