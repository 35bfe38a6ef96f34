//! The datastore and import defaults.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Size;
use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::{Flag, default, none};

/// Block storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Datastore {
    /// Size above which a collection is overdue, such as `10GB`. It is not a limit.
    pub storage_max: String,
    /// Percentage of `StorageMax` above which an automatic collection starts.
    #[serde(rename = "StorageGCWatermark")]
    pub storage_gc_watermark: i64,
    /// Interval of checks of the size, as a duration; `0` disables them.
    #[serde(rename = "GCPeriod")]
    pub gc_period: String,
    /// Obsolete and not read.
    #[serde(skip_serializing_if = "default")]
    pub no_sync: bool,
    /// The composition of the datastore. Cairn has one store and does not read this.
    pub spec: Option<Value>,
    /// Whether every block is verified when read.
    pub hash_on_read: bool,
    /// Whether written blocks are read back into the page cache while the store is idle; on unless `false`. Only in
    /// Cairn.
    #[serde(skip_serializing_if = "none")]
    pub warm_writes: Flag,
    /// Size of a bloom filter for the index, in bytes. Not used by Cairn.
    pub bloom_filter_size: i64,
    /// Size of a key cache for the index. Not used by Cairn.
    pub block_key_cache_size: Option<i64>,
    /// Whether blocks are written without checking whether they exist.
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

/// Import defaults.
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
    /// Name of the hash function.
    pub hash_function: Option<String>,
    /// Maximum number of links of a file node.
    #[serde(rename = "UnixFSFileMaxLinks")]
    pub unixfs_file_max_links: Option<i64>,
    /// Maximum number of entries of a directory before it is sharded; 0 for no limit.
    #[serde(rename = "UnixFSDirectoryMaxLinks")]
    pub unixfs_directory_max_links: Option<i64>,
    /// Fanout of a sharded directory: a power of two from 8 to 1024.
    #[serde(rename = "UnixFSHAMTDirectoryMaxFanout")]
    pub unixfs_hamt_directory_max_fanout: Option<i64>,
    /// Size above which a directory is sharded.
    #[serde(rename = "UnixFSHAMTDirectorySizeThreshold")]
    pub unixfs_hamt_directory_size_threshold: Option<Size>,
    /// How that size is estimated: `links`, `block` or `disabled`.
    #[serde(rename = "UnixFSHAMTDirectorySizeEstimation")]
    pub unixfs_hamt_directory_size_estimation: Option<String>,
    /// `balanced` or `trickle`.
    #[serde(rename = "UnixFSDAGLayout")]
    pub unixfs_dag_layout: Option<String>,
    /// Maximum number of blocks per write.
    pub batch_max_nodes: Option<i64>,
    /// Maximum number of bytes per write.
    pub batch_max_size: Option<i64>,
    /// Whether a new root is announced immediately.
    pub fast_provide_root: Flag,
    /// Whether all new blocks are announced immediately.
    #[serde(rename = "FastProvideDAG")]
    pub fast_provide_dag: Flag,
    /// Whether the request waits for the announcement.
    pub fast_provide_wait: Flag,
}

impl Section for Import {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&["BatchMaxNodes", "BatchMaxSize"]);
}
