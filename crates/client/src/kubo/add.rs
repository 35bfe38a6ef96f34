//! The command `add`.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use cairn_primitives::{Cid, rfc3339};
use cairn_wire::kubo::add::{Add, Added as Record};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;

use super::values::mode;
use super::{Call, Items, Kubo, Settings, Streamable as _, add_setters, cid, list, setters};
use crate::error::{EncoderError, Error};
use crate::upload::{IntoSources, Pattern, Source, Symlinks, Upload, WalkOptions, any_of};

/// An added file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Added {
    /// Its path, as in `photos/1.jpg`; its CID if it was sent without a name; empty for a wrapping directory.
    pub name: String,
    /// Its CID.
    pub cid: Cid,
    /// Total size of its blocks in bytes, if reported.
    pub size: Option<u64>,
    /// Its stored permissions.
    pub mode: Option<u32>,
    /// Its stored modification time.
    pub mtime: Option<SystemTime>,
}

/// An event while content is added.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddEvent {
    /// Progress of a file.
    Progress {
        /// The path of the file.
        name: String,
        /// Bytes that the server has read.
        bytes: u64,
    },
    /// A file or directory was added. Directories come after their entries, the root is the last.
    Added(Added),
}

impl AddEvent {
    fn read(record: Record) -> Result<Self, Error> {
        if record.hash.is_empty() {
            return Ok(Self::Progress {
                name: record.name,
                bytes: record.bytes.unwrap_or(0),
            });
        }
        Ok(Self::Added(Added {
            cid: cid(&record.hash)?,
            name: record.name,
            size: record.size.and_then(|size| size.parse().ok()),
            mode: record.mode.as_deref().and_then(mode),
            mtime: record
                .mtime
                .and_then(|seconds| rfc3339::to_system(seconds, record.mtime_nsecs.unwrap_or(0))),
        }))
    }
}

/// The result of the call is the root, which is added last.
#[derive(Debug)]
pub enum Root {}

/// The result of the call is a list of everything added.
#[derive(Debug)]
pub enum All {}

/// The result of the call is the CID of the root.
#[derive(Debug)]
pub enum RootCid {}

/// The result of a call of `add`.
pub trait AddResult: 'static {
    /// The result.
    type Output: Send + 'static;

    /// Makes it from the list of everything added.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if nothing was added.
    fn of(all: Vec<Added>) -> Result<Self::Output, Error>;
}

impl AddResult for Root {
    type Output = Added;

    fn of(mut all: Vec<Added>) -> Result<Added, Error> {
        all.pop().ok_or(Error::Empty)
    }
}

impl AddResult for All {
    type Output = Vec<Added>;

    fn of(all: Vec<Added>) -> Result<Vec<Added>, Error> {
        Ok(all)
    }
}

impl AddResult for RootCid {
    type Output = Cid;

    fn of(all: Vec<Added>) -> Result<Cid, Error> {
        Ok(Root::of(all)?.cid)
    }
}

/// A call of `add`. Await it for the result, or use [`Self::stream`] for all events with progress.
///
/// Of a directory only the files directly in it are added, unless [`Self::recursive`] is set. Symbolic links are ignored by default,
/// see [`Self::symlinks`]; special files (sockets, pipes, devices) are always ignored. Hidden files are included, unless a pattern
/// is set.
///
/// ```no_run
/// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
/// use cairn_client::AddEvent;
/// let photos = kubo.add("photos").recursive(true).pattern("**/*.jpg").pin_name("photos").await?;
/// println!("{}", photos.cid);
/// let mut events = kubo.add("film.mkv").stream();
/// while let Some(event) = events.try_next().await? {
///     match event {
///         AddEvent::Progress { bytes, .. } => println!("{bytes} bytes"),
///         AddEvent::Added(added) => println!("{} {}", added.cid, added.name),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is added before the call is awaited or streamed"]
pub struct AddCall<R> {
    kubo: Kubo,
    pub(super) command: Add,
    settings: Settings,
    sources: Vec<Source>,
    walk: WalkOptions,
    patterns: Vec<Pattern>,
    period_special: bool,
    raw_leaves: RawLeaves,
    /// An error in the arguments, returned when the call is sent.
    failed: Option<Error>,
    result: PhantomData<fn() -> R>,
}

/// The value of `raw-leaves`.
#[derive(Clone, Copy)]
enum RawLeaves {
    AsNocopy,
    Server,
    Set(bool),
}

list! {
    Add, Record => AddEvent, |record, items| {
        items.push_back(AddEvent::read(record)?);
        Ok(())
    };
}

cairn_wire::Add!(add_setters);

impl<R> std::fmt::Debug for AddCall<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddCall")
            .field("command", &self.command)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

impl<R> AddCall<R> {
    fn new(kubo: &Kubo, sources: Vec<Source>) -> Self {
        Self {
            kubo: kubo.clone(),
            command: Add::new(),
            settings: Settings::default(),
            sources,
            walk: WalkOptions::default(),
            patterns: Vec::new(),
            period_special: true,
            raw_leaves: RawLeaves::AsNocopy,
            failed: None,
            result: PhantomData,
        }
    }

    /// Adds directories recursively.
    pub fn recursive(mut self, recursive: bool) -> Self {
        self.walk.recursive = recursive;
        self
    }

    /// Adds only the files and directories that match a pattern. If called repeatedly, any of the patterns may match. See [`Pattern`].
    pub fn pattern(mut self, pattern: impl Into<Pattern>) -> Self {
        self.patterns.push(pattern.into());
        self
    }

    /// Whether the wildcards of globs do not match a leading period [default: true].
    pub fn period_special(mut self, special: bool) -> Self {
        self.period_special = special;
        self
    }

    /// Sets how symbolic links in directories are handled [default: [`Symlinks::Skip`]].
    pub fn symlinks(mut self, symlinks: Symlinks) -> Self {
        self.walk.symlinks = symlinks;
        self
    }

    /// Whether symbolic links in directories are followed [default: false].
    pub fn follow_symlinks(self, follow: bool) -> Self {
        self.symlinks(if follow {
            Symlinks::Follow
        } else {
            Symlinks::Skip
        })
    }

    /// Whether hidden files in directories are included [default: true].
    pub fn hidden(mut self, hidden: bool) -> Self {
        self.walk.hidden = hidden;
        self
    }

    /// Whether leaves are stored as raw blocks [default: the value of [`Self::nocopy`], as in the Python client, also with CID
    /// version 1].
    pub fn raw_leaves(mut self, raw: bool) -> Self {
        self.raw_leaves = RawLeaves::Set(raw);
        self
    }

    /// Uses the server's default for raw leaves, as the command line does.
    pub fn server_raw_leaves(mut self) -> Self {
        self.raw_leaves = RawLeaves::Server;
        self
    }

    /// As [`Call::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(Some(timeout));
        self
    }

    /// Disables the timeout.
    pub fn no_timeout(mut self) -> Self {
        self.settings.timeout = Some(None);
        self
    }

    /// As [`Call::offline`].
    pub fn offline(self, offline: bool) -> Self {
        self.option("offline", if offline { "true" } else { "false" })
    }

    /// As [`Call::option`].
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.options.push((name.into(), value.into()));
        self
    }

    /// Returns everything added instead of the root.
    pub fn all(self) -> AddCall<All> {
        self.giving()
    }

    fn giving<S>(self) -> AddCall<S> {
        AddCall {
            kubo: self.kubo,
            command: self.command,
            settings: self.settings,
            sources: self.sources,
            walk: self.walk,
            patterns: self.patterns,
            period_special: self.period_special,
            raw_leaves: self.raw_leaves,
            failed: self.failed,
            result: PhantomData,
        }
    }

    /// Streams all events, including progress.
    pub fn stream(self) -> Items<AddEvent> {
        self.send(true)
    }

    fn send(mut self, progress: bool) -> Items<AddEvent> {
        self.command.raw_leaves = match self.raw_leaves {
            RawLeaves::AsNocopy => Some(self.command.nocopy),
            RawLeaves::Server => None,
            RawLeaves::Set(raw) => Some(raw),
        };
        self.command.progress = progress.then_some(true);
        self.walk.absolute_paths = self.command.nocopy;
        self.walk.matcher = any_of(&self.patterns, self.period_special);
        let (sources, walk, chunk) = (self.sources, self.walk, self.kubo.chunk_size());
        let parts = stream::iter(sources).flat_map(move |source| source.parts(chunk, &walk));
        let call = Call::new(&self.kubo, self.command)
            .by(self.settings)
            .sending(Upload::from_stream(parts));
        let failed = self.failed;
        let answer = async move {
            match failed {
                Some(error) => Err(error),
                None => call.answer(false).await,
            }
        };
        Items::new(Box::pin(answer), Add::READ)
    }
}

impl<R: AddResult> IntoFuture for AddCall<R> {
    type Output = Result<R::Output, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { R::of(added(self.send(false)).await?) })
    }
}

/// Everything added. The server may report progress even if it is not requested.
async fn added(mut events: Items<AddEvent>) -> Result<Vec<Added>, Error> {
    let mut all = Vec::new();
    loop {
        match events.try_next().await {
            Ok(Some(AddEvent::Added(added))) => all.push(added),
            Ok(Some(AddEvent::Progress { .. })) => {}
            Ok(None) => return Ok(all),
            Err(Error::Partial(partial)) => return Err(partial.with(all).into()),
            Err(error) => return Err(error),
        }
    }
}

impl Kubo {
    /// Adds a file, a directory, or other content, and returns the root: the file or directory, or the directory that wraps it.
    pub fn add(&self, source: impl crate::upload::IntoSource) -> AddCall<Root> {
        AddCall::new(self, vec![source.into_source()])
    }

    /// Adds several files, directories, or other content, and returns everything added, in order.
    pub fn add_all(&self, sources: impl IntoSources) -> AddCall<All> {
        AddCall::new(self, sources.into_sources())
    }

    /// Adds bytes as a file and returns its CID.
    pub fn add_bytes(&self, bytes: impl Into<bytes::Bytes>) -> AddCall<RootCid> {
        AddCall::new(self, vec![Source::bytes(bytes)])
    }

    /// Adds text as a file and returns its CID.
    pub fn add_str(&self, text: impl Into<String>) -> AddCall<RootCid> {
        let text: String = text.into();
        AddCall::new(self, vec![Source::bytes(text)])
    }

    /// Adds a value as a JSON file and returns its CID. Keys are sorted and there is no whitespace, so that equal values
    /// have equal CIDs, which are the same as those of the Python client.
    ///
    /// The call fails with [`EncoderError::Encoding`] if the value cannot be represented in JSON.
    pub fn add_json(&self, value: &impl Serialize) -> AddCall<RootCid> {
        let encoded = serde_json::to_value(value).and_then(|mut value| {
            value.sort_all_objects();
            serde_json::to_vec(&value)
        });
        match encoded {
            Ok(json) => AddCall::new(self, vec![Source::bytes(json)]),
            Err(error) => AddCall {
                failed: Some(
                    EncoderError::Encoding {
                        encoding: "json",
                        source: Box::new(error),
                    }
                    .into(),
                ),
                ..AddCall::new(self, Vec::new())
            },
        }
    }
}
