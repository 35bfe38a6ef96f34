//! Uploading.

use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_wire::upload as wire;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use http::HeaderValue;

use super::pack::{Counter, Packed, Packer, Splitter, index_car};
use super::{NftStorage, StorageError, Upload};
use crate::upload::{CHUNK, IntoSources, Source, Symlinks, WalkOptions};

/// The default size of a part in bytes.
const PART: usize = 32 << 20;
/// The smallest size of a part: several blocks of the largest size.
const SMALLEST_PART: usize = 8 << 20;
/// The default number of parts that are sent at the same time.
const CONCURRENT: usize = 2;
/// The default maximum size of content that is kept in memory because it cannot be read twice.
pub(super) const MEMORY: usize = 64 << 20;

/// How far an upload is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of content that have been read to compute the CID.
    pub packed: u64,
    /// Bytes that have been sent, of all parts. It decreases if a part is sent again.
    pub sent: u64,
    /// The size of the blocks to send, once it is known. With the framing of the parts slightly more is sent.
    pub total: Option<u64>,
    /// The number of parts that the server has accepted.
    pub parts: u32,
}

type OnProgress = Arc<Mutex<dyn FnMut(Progress) + Send>>;

/// What is uploaded.
enum What {
    Content(Vec<Source>),
    Car(PathBuf),
}

/// A call that uploads content. Dropping its future cancels it; parts that were sent before remain on the server until the upload is
/// deleted.
#[must_use = "a call does nothing until it is awaited"]
pub struct UploadContent {
    client: NftStorage,
    what: What,
    name: Option<String>,
    wrap: bool,
    walk: WalkOptions,
    part_size: usize,
    concurrent: usize,
    memory: usize,
    progress: Option<OnProgress>,
}

impl std::fmt::Debug for UploadContent {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("UploadContent")
            .field("name", &self.name)
            .field("part_size", &self.part_size)
            .finish_non_exhaustive()
    }
}

impl UploadContent {
    fn new(client: NftStorage, what: What) -> Self {
        let walk = WalkOptions {
            recursive: true,
            hidden: false,
            ..WalkOptions::default()
        };
        Self {
            client,
            what,
            name: None,
            wrap: false,
            walk,
            part_size: PART,
            concurrent: CONCURRENT,
            memory: MEMORY,
            progress: None,
        }
    }

    pub(super) fn content(client: NftStorage, sources: impl IntoSources) -> Self {
        let sources = sources.into_sources();
        let wrap = sources.len() != 1;
        Self {
            wrap,
            ..Self::new(client, What::Content(sources))
        }
    }

    pub(super) fn car(client: NftStorage, path: PathBuf) -> Self {
        Self::new(client, What::Car(path))
    }

    /// Sets the name of the upload [default: chosen by the server].
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether a single file is put into a directory, so that its name is kept [default: only if there are several].
    pub fn wrap(mut self, wrap: bool) -> Self {
        self.wrap = wrap;
        self
    }

    /// Whether hidden files in directories are included [default: no].
    pub fn hidden(mut self, hidden: bool) -> Self {
        self.walk.hidden = hidden;
        self
    }

    /// Sets how symbolic links in directories are handled [default: ignored].
    pub fn symlinks(mut self, symlinks: Symlinks) -> Self {
        self.walk.symlinks = symlinks;
        self
    }

    /// Sets the maximum size of a request in bytes, at least 8 MiB [default: 32 MiB]. nft.storage accepts 100 MB. So much memory is
    /// needed for each part that is sent at the same time, and once more.
    pub fn part_size(mut self, bytes: usize) -> Self {
        self.part_size = bytes.max(SMALLEST_PART);
        self
    }

    /// Sets the number of parts that are sent at the same time [default: 2].
    pub fn concurrent(mut self, parts: usize) -> Self {
        self.concurrent = parts.max(1);
        self
    }

    /// Sets the maximum size of content that can only be read once, such as that of a stream, in bytes [default: 64 MiB]. It is kept in
    /// memory; files are not.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Calls a function as the upload proceeds.
    pub fn on_progress(mut self, function: impl FnMut(Progress) + Send + 'static) -> Self {
        self.progress = Some(Arc::new(Mutex::new(function)));
        self
    }

    /// Computes the CID without sending anything.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the content cannot be read.
    pub async fn compute_cid(self) -> Result<Cid, StorageError> {
        let state = State::new(self.progress);
        let packed = pack(self.what, &self.walk, self.wrap, self.memory, &state).await?;
        Ok(packed.root)
    }

    async fn run(self) -> Result<Upload, StorageError> {
        let state = State::new(self.progress);
        let packed = pack(self.what, &self.walk, self.wrap, self.memory, &state).await?;
        let root = packed.root.clone();
        state.update(|progress| progress.total = Some(packed.size));
        let splitter = Splitter::new(packed, self.part_size);
        let parts = stream::try_unfold(splitter, |mut splitter| async move {
            let next = tokio::task::spawn_blocking(move || {
                splitter.next_part().map(|part| part.zip(Some(splitter)))
            });
            next.await
                .unwrap_or_else(|error| Err(StorageError::Thread(error.to_string())))
        });
        let sender = Sender {
            client: self.client.clone(),
            endpoint: wire::Upload { name: self.name },
            root: root.clone(),
            state,
        };
        let sender = &sender;
        let sent = parts
            .map_ok(|part| sender.send(part))
            .try_buffer_unordered(self.concurrent);
        let (count, last) = sent
            .try_fold((0_u32, None), |(count, _), upload| async move {
                Ok((count + 1, Some(upload)))
            })
            .await?;
        match last {
            Some(upload) if count == 1 => Ok(upload),
            // Of parts that were sent at the same time, any response may be the one that knows all.
            _ => self.client.status(&root).await,
        }
    }
}

impl IntoFuture for UploadContent {
    type Output = Result<Upload, StorageError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Computes the CID of the content.
async fn pack(
    what: What,
    walk: &WalkOptions,
    wrap: bool,
    memory: usize,
    state: &State,
) -> Result<Packed, StorageError> {
    let counter = Counter::new({
        let state = state.clone();
        move |packed| state.update(|progress| progress.packed = packed)
    });
    let sources = match what {
        What::Car(path) => return index_car(path, counter).await,
        What::Content(sources) => sources,
    };
    let mut packer = Packer::new(counter, memory)?;
    for source in sources {
        let mut parts = source.parts(CHUNK, walk);
        while let Some(part) = parts.next().await {
            packer = packer.add(part?).await?;
        }
    }
    packer.finish(wrap).await
}

/// Sends parts.
struct Sender {
    client: NftStorage,
    endpoint: wire::Upload,
    root: Cid,
    state: State,
}

impl Sender {
    async fn send(&self, part: Bytes) -> Result<Upload, StorageError> {
        let media_type = HeaderValue::from_static("application/car");
        let state = self.state.clone();
        // What this part has sent so far, which starts anew when it is repeated.
        let before = Mutex::new(0);
        let on_sent = move |sent: u64| {
            let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
            let last = std::mem::replace(&mut *before, sent);
            state.update(|progress| progress.sent = (progress.sent + sent).saturating_sub(last));
        };
        // The same part again changes nothing.
        let rest = self.client.rest.clone().repeatable(true);
        let answer = rest
            .send_whole(&self.endpoint, media_type, part, on_sent)
            .await?;
        let upload = Upload::read(answer.value)?;
        if upload.cid.to_v1() != self.root.to_v1() {
            return Err(StorageError::CidMismatch {
                expected: Box::new(self.root.clone()),
                got: Box::new(upload.cid),
            });
        }
        self.state.update(|progress| progress.parts += 1);
        Ok(upload)
    }
}

/// The progress, and who is told of it.
#[derive(Clone)]
struct State {
    progress: Arc<Mutex<Progress>>,
    listener: Option<OnProgress>,
}

impl State {
    fn new(listener: Option<OnProgress>) -> Self {
        Self {
            progress: Arc::default(),
            listener,
        }
    }

    fn update(&self, change: impl FnOnce(&mut Progress)) {
        let Some(listener) = &self.listener else {
            return;
        };
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut progress);
        let mut listener = listener.lock().unwrap_or_else(PoisonError::into_inner);
        listener(*progress);
    }
}
