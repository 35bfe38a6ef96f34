//! The mutable file system.

mod directories;
mod edits;
mod files;
mod model;
mod races;
mod recorded;
mod shards;

use std::sync::Arc;

use bytes::Bytes;
use cairn_dag::mfs::{
    Body, CopyOptions, MakeOptions, Mfs, MfsError, MfsPath, RemoveOptions, Settings, Stat,
    WriteOptions,
};
use cairn_primitives::multihash::HashFunction;
use cairn_primitives::unixfs::CidMaker;
use cairn_primitives::{Cid, Version};
use cairn_store::meta::{MemoryRows, MfsRows as _};
use futures_util::StreamExt as _;

use crate::support::Dag;

/// A file system in memory.
pub(crate) struct Fs {
    pub(crate) dag: Dag,
    pub(crate) rows: Arc<MemoryRows>,
    pub(crate) mfs: Mfs,
}

impl Fs {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::new().unwrap()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let dag = Dag::new();
        let rows = Arc::new(MemoryRows::new());
        let mfs = Mfs::open(dag.blocks(), rows.clone(), settings)
            .await
            .unwrap();
        Self { dag, rows, mfs }
    }

    pub(crate) async fn write(
        &self,
        at: &str,
        options: WriteOptions,
        bytes: &[u8],
    ) -> Result<(), MfsError> {
        self.mfs.write(&path(at), &options, body(bytes)).await
    }

    pub(crate) async fn create(&self, at: &str, bytes: &[u8]) -> Result<(), MfsError> {
        let options = WriteOptions {
            create: true,
            ..WriteOptions::default()
        };
        self.write(at, options, bytes).await
    }

    pub(crate) async fn write_at(
        &self,
        at: &str,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), MfsError> {
        let options = WriteOptions {
            offset,
            ..WriteOptions::default()
        };
        self.write(at, options, bytes).await
    }

    pub(crate) async fn read(&self, at: &str) -> Result<Vec<u8>, MfsError> {
        self.read_range(at, 0, None).await
    }

    pub(crate) async fn read_range(
        &self,
        at: &str,
        offset: u64,
        count: Option<u64>,
    ) -> Result<Vec<u8>, MfsError> {
        let mut bytes = self.mfs.read(&path(at), offset, count).await?;
        let mut out = Vec::new();
        while let Some(next) = bytes.next().await? {
            out.extend_from_slice(&next);
        }
        Ok(out)
    }

    pub(crate) async fn stat(&self, at: &str) -> Result<Stat, MfsError> {
        self.mfs.stat(&path(at), false).await
    }

    pub(crate) async fn cid(&self, at: &str) -> String {
        self.stat(at).await.unwrap().cid.to_string()
    }

    pub(crate) async fn mkdir(&self, at: &str) -> Result<(), MfsError> {
        self.mfs.mkdir(&path(at), &MakeOptions::default()).await
    }

    pub(crate) async fn mkdir_all(&self, at: &str) -> Result<(), MfsError> {
        let options = MakeOptions {
            parents: true,
            ..MakeOptions::default()
        };
        self.mfs.mkdir(&path(at), &options).await
    }

    pub(crate) async fn cp(&self, from: &str, to: &str) -> Result<(), MfsError> {
        self.mfs.cp(from, &path(to), &CopyOptions::default()).await
    }

    pub(crate) async fn mv(&self, from: &str, to: &str) -> Result<(), MfsError> {
        self.mfs.mv(&path(from), &path(to), true).await
    }

    pub(crate) async fn rm(&self, at: &str) -> Result<(), MfsError> {
        self.mfs.rm(&path(at), RemoveOptions::default()).await
    }

    pub(crate) async fn rm_all(&self, at: &str) -> Result<(), MfsError> {
        let options = RemoveOptions {
            recursive: true,
            force: false,
        };
        self.mfs.rm(&path(at), options).await
    }

    pub(crate) async fn names(&self, at: &str) -> Vec<String> {
        let mut listing = self.mfs.ls(&path(at), false).await.unwrap();
        let mut names = Vec::new();
        while let Some(entry) = listing.next().await.unwrap() {
            names.push(entry.name.into_text());
        }
        names
    }

    pub(crate) fn named(&self) -> Option<Cid> {
        self.rows.mfs_root().unwrap()
    }
}

pub(crate) fn path(text: &str) -> MfsPath {
    text.parse().unwrap()
}

pub(crate) fn body(bytes: &[u8]) -> Body<'static> {
    // In uneven pieces, as they come from a network.
    let pieces: Vec<_> = bytes
        .chunks(40_001)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    futures_util::stream::iter(pieces).boxed()
}

pub(crate) fn maker(version: Version, hash: &str) -> CidMaker {
    CidMaker::new(version, HashFunction::from_name(hash).unwrap()).unwrap()
}
