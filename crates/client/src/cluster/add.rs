//! Uploads.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use cairn_primitives::Cid;
use cairn_wire::cluster::{AddFiles, AddFormat, AddLayout, AddedOutput, Failure, PinOptions};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

use super::Cluster;
use super::error::ClusterError;
use crate::rest;
use crate::upload::{
    CHUNK, IntoSource, IntoSources, Pattern, Source, Symlinks, Upload, WalkOptions, any_of,
};

/// An upload: set its options, then await it, or [stream](Self::stream) its events.
///
/// Hidden files are added unless [`Self::hidden`] excludes them, symbolic links in directories are added as such.
#[must_use = "an upload does nothing before it is awaited"]
pub struct AddCall {
    cluster: Cluster,
    endpoint: AddFiles,
    options: PinOptions,
    sources: Vec<Source>,
    walk: WalkOptions,
    patterns: Vec<Pattern>,
    sent: Option<Arc<AtomicU64>>,
}

impl std::fmt::Debug for AddCall {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("AddCall")
            .field("endpoint", &self.endpoint)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// An event of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddEvent {
    /// A node was added.
    Added(AddedOutput),
    /// A shard, or the block that lists the shards, was added.
    Shard(AddedOutput),
    /// The peer has read so many bytes of the current file.
    Progress {
        /// Bytes of the file.
        bytes: u64,
    },
}

/// What an upload has added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddOutcome {
    /// The nodes in the order in which they were added: a directory after what is in it.
    pub added: Vec<AddedOutput>,
    /// The shards of a sharded upload, and the block that lists them.
    pub shards: Vec<AddedOutput>,
}

impl AddOutcome {
    /// The CID of the last node of the content, which is the one that the cluster pins.
    ///
    /// # Errors
    ///
    /// [`ClusterError::NothingAdded`] if nothing was added.
    pub fn root(&self) -> Result<Cid, ClusterError> {
        let last = self.added.last().and_then(|added| added.cid.clone());
        last.map(Cid::from).ok_or(ClusterError::NothingAdded)
    }
}

impl Cluster {
    /// Adds a file, a directory, or other content, and pins it.
    pub fn add(&self, source: impl IntoSource) -> AddCall {
        self.adding(vec![source.into_source()])
    }

    /// Adds several files, directories, or other content, wrapped in a directory, which is pinned.
    pub fn add_all(&self, sources: impl IntoSources) -> AddCall {
        self.adding(sources.into_sources())
            .wrap_with_directory(true)
    }

    /// Adds the blocks of a CAR with one root, and pins the root.
    pub fn add_car(&self, source: impl IntoSource) -> AddCall {
        let mut call = self.adding(vec![source.into_source()]);
        call.endpoint.format = AddFormat::Car;
        call
    }

    fn adding(&self, sources: Vec<Source>) -> AddCall {
        let walk = WalkOptions {
            symlinks: Symlinks::Keep,
            ..WalkOptions::default()
        };
        AddCall {
            cluster: self.clone(),
            endpoint: AddFiles::new(),
            options: PinOptions::default(),
            sources,
            walk,
            patterns: Vec::new(),
            sent: None,
        }
    }
}

impl AddCall {
    /// Sets the options of the pin.
    pub fn options(mut self, options: PinOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets the name of the pin.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.name = name.into();
        self
    }

    /// Whether directories are added with their subdirectories [default: false].
    pub fn recursive(mut self, recursive: bool) -> Self {
        self.walk.recursive = recursive;
        self
    }

    /// Whether hidden files in directories are added [default: true].
    pub fn hidden(mut self, hidden: bool) -> Self {
        self.walk.hidden = hidden;
        self
    }

    /// Adds only the files of directories that match one of these patterns.
    pub fn pattern(mut self, pattern: impl Into<Pattern>) -> Self {
        self.patterns.push(pattern.into());
        self
    }

    /// Whether everything is wrapped in a directory [default: false, for several sources true].
    pub fn wrap_with_directory(mut self, wrap: bool) -> Self {
        self.endpoint.wrap_with_directory = wrap;
        self
    }

    /// Whether the blocks are only stored on the answering peer; the others fetch them when they pin [default: false].
    pub fn local(mut self, local: bool) -> Self {
        self.endpoint.local = local;
        self
    }

    /// Whether the content is pinned [default: true].
    pub fn pin(mut self, pin: bool) -> Self {
        self.endpoint.no_pin = !pin;
        self
    }

    /// Splits the DAG into shards of at most this size in bytes, which different peers may pin.
    pub fn sharded(mut self, size: u64) -> Self {
        self.endpoint.shard = true;
        self.options.shard_size = size;
        self
    }

    /// Sets how files are cut [default: `size-262144`].
    pub fn chunker(mut self, chunker: impl Into<String>) -> Self {
        self.endpoint.chunker = chunker.into();
        self
    }

    /// Sets the layout of the DAGs of files [default: balanced].
    pub fn layout(mut self, layout: AddLayout) -> Self {
        self.endpoint.layout = layout;
        self
    }

    /// Sets the version of CIDs [default: 0].
    pub fn cid_version(mut self, version: i64) -> Self {
        self.endpoint.cid_version = version;
        self
    }

    /// Sets the hash function [default: `sha2-256`]. Others need CID version 1.
    pub fn hash(mut self, hash: impl Into<String>) -> Self {
        self.endpoint.hash = hash.into();
        self
    }

    /// Whether the content of files is stored in raw blocks [default: with CID version 1].
    pub fn raw_leaves(mut self, raw: bool) -> Self {
        self.endpoint.raw_leaves = Some(raw);
        self
    }

    /// Whether the peer responds only after the whole upload, as proxies such as nginx need it [default: false].
    pub fn buffered(mut self, buffered: bool) -> Self {
        self.endpoint.stream_channels = !buffered;
        self
    }

    /// Adds the bytes of the request to this counter as the peer takes them.
    pub fn count_sent(mut self, sent: Arc<AtomicU64>) -> Self {
        self.sent = Some(sent);
        self
    }

    /// Sends the content and streams the events, including progress unless the response is [buffered](Self::buffered).
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn stream(self) -> Result<AddEvents, ClusterError> {
        let progress = self.endpoint.stream_channels;
        self.send(progress).await
    }

    async fn send(mut self, progress: bool) -> Result<AddEvents, ClusterError> {
        self.endpoint.recursive = self.walk.recursive;
        self.endpoint.hidden = self.walk.hidden;
        self.endpoint.progress = progress;
        self.walk.matcher = any_of(&self.patterns, true);
        let (sources, walk) = (self.sources, self.walk);
        let parts = stream::iter(sources).flat_map(move |source| source.parts(CHUNK, &walk));
        let mut upload = Upload::from_stream(parts);
        if let Some(sent) = self.sent {
            upload = upload.counted(sent);
        }
        let endpoint = self.endpoint.with_pin_options(self.options);
        let sharded = endpoint.shard.then(|| endpoint.name.clone());
        let rest = self.cluster.endpoints.for_upload().await?;
        let answer = rest.upload(&endpoint, upload).await?;
        Ok(match answer {
            rest::OneOrMany::One(added) => AddEvents {
                ready: added.into(),
                records: None,
                sharded,
            },
            rest::OneOrMany::Many(records) => AddEvents {
                ready: VecDeque::new(),
                records: Some(records),
                sharded,
            },
        })
    }
}

impl IntoFuture for AddCall {
    type Output = Result<AddOutcome, ClusterError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut events = self.send(false).await?;
            let mut outcome = AddOutcome::default();
            while let Some(event) = events.next().await? {
                match event {
                    AddEvent::Added(added) => outcome.added.push(added),
                    AddEvent::Shard(shard) => outcome.shards.push(shard),
                    AddEvent::Progress { .. } => {}
                }
            }
            Ok(outcome)
        })
    }
}

/// The events of an upload, read as they arrive.
#[derive(Debug)]
pub struct AddEvents {
    ready: VecDeque<AddedOutput>,
    records: Option<rest::Records<AddedOutput, Failure>>,
    /// The name of the pin if the upload is sharded.
    sharded: Option<String>,
}

impl AddEvents {
    /// The next event; `None` at the end of a complete response.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn next(&mut self) -> Result<Option<AddEvent>, ClusterError> {
        let record = match (self.ready.pop_front(), &mut self.records) {
            (Some(added), _) => Some(added),
            (None, Some(records)) => records.next().await?,
            (None, None) => None,
        };
        Ok(record.map(|record| match record.cid {
            Some(_) if self.is_shard(&record.name) => AddEvent::Shard(record),
            Some(_) => AddEvent::Added(record),
            None => AddEvent::Progress {
                bytes: record.bytes,
            },
        }))
    }

    /// Whether a node is a shard or their list. They come between and after the nodes of the content.
    fn is_shard(&self, name: &str) -> bool {
        let Some(pin) = &self.sharded else {
            return false;
        };
        let number = name.strip_prefix("shard-");
        number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
            || name.strip_suffix("-clusterDAG") == Some(pin)
    }
}
