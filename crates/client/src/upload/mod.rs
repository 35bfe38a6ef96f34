//! Uploads: files, directories and links, read while they are sent.

mod multipart;
mod pattern;
mod platform;
mod source;
#[cfg(test)]
mod tests;
mod walk;
#[cfg(all(test, unix))]
mod walk_tests;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use http_body_util::BodyExt as _;

pub(crate) use self::multipart::{CHUNK, as_received};
pub(crate) use self::pattern::any_of;
pub use self::pattern::{Matcher, Pattern};
pub(crate) use self::source::files;
pub use self::source::{IntoSource, IntoSources, Source};
pub use self::walk::{Symlinks, Walk, WalkOptions};
use crate::transport::{Body, BoxError};

/// Why something could not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// A file cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file cannot be read to its end.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A stream cannot be read to its end.
    #[error("cannot read the content of {name:?}")]
    Stream {
        /// The name it was to have.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The list of what to send came to an error.
    #[error("cannot list the files to send")]
    List(#[source] BoxError),
    /// No random boundary for the parts could be made.
    #[error("the random source of the system failed")]
    Random(#[source] io::Error),
}

/// What a part holds.
pub enum Content {
    /// A folder. What is in it comes next, under names that begin with its name and `/`.
    Directory,
    /// A symlink to this target.
    Symlink(Vec<u8>),
    /// A file of these bytes.
    Bytes(Bytes),
    /// A file on disk, opened when it is sent.
    File(PathBuf),
    /// A file with the content of this stream.
    Stream(BoxStream<'static, io::Result<Bytes>>),
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Directory => "Directory",
            Self::Symlink(_) => "Symlink",
            Self::Bytes(_) => "Bytes",
            Self::File(path) => return f.debug_tuple("File").field(path).finish(),
            Self::Stream(_) => "Stream",
        })
    }
}

/// The metadata of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The mode's twelve low bits: permissions, set-user-id, set-group-id, sticky.
    pub mode: Option<u32>,
    /// The time of the last change: seconds since 1970, and nanoseconds.
    pub mtime: Option<(i64, u32)>,
}

/// An entry to send.
#[derive(Debug)]
pub struct Part {
    /// Its name, with `/` between folders; bytes, because names on disk are.
    pub name: Vec<u8>,
    /// What it holds.
    pub content: Content,
    /// Its mode and time.
    pub metadata: Metadata,
    /// Where the file is on the server's own disk, for `nocopy`. Nothing else needs the server to know.
    pub absolute_path: Option<PathBuf>,
    /// The name of its form field; `file` for `None`, as the Kubo RPC expects.
    pub field: Option<String>,
    /// The media type of a file; `application/octet-stream` for `None`.
    pub media_type: Option<String>,
}

impl Part {
    /// A part without mode, time and path.
    pub fn new(name: impl Into<Vec<u8>>, content: Content) -> Self {
        Self {
            name: name.into(),
            content,
            metadata: Metadata::default(),
            absolute_path: None,
            field: None,
            media_type: None,
        }
    }

    /// Sets the name of its form field.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>) -> Self {
        self.field = Some(name.into());
        self
    }

    /// Sets its media type.
    #[must_use]
    pub fn with_media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// A file of these bytes.
    pub fn bytes(name: impl Into<Vec<u8>>, bytes: impl Into<Bytes>) -> Self {
        Self::new(name, Content::Bytes(bytes.into()))
    }

    /// A file on disk.
    pub fn file(name: impl Into<Vec<u8>>, path: impl Into<PathBuf>) -> Self {
        Self::new(name, Content::File(path.into()))
    }
}

/// The content of one request. Parts are produced, and files read, only as fast as the server accepts them: at most a
/// few MiB are in memory.
pub struct Upload {
    parts: BoxStream<'static, Result<Part, UploadError>>,
    sent: Option<Arc<AtomicU64>>,
}

impl Upload {
    /// One part.
    #[must_use]
    pub fn one(part: Part) -> Self {
        Self::from_parts(vec![part])
    }

    /// These parts.
    #[must_use]
    pub fn from_parts(parts: Vec<Part>) -> Self {
        Self {
            parts: stream::iter(parts.into_iter().map(Ok)).boxed(),
            sent: None,
        }
    }

    /// Parts as they arrive, a folder before what is in it. An error ends the request.
    pub fn from_stream(
        parts: impl Stream<Item = Result<Part, UploadError>> + Send + 'static,
    ) -> Self {
        Self {
            parts: parts.boxed(),
            sent: None,
        }
    }

    /// Adds the bytes of the request to this counter as the server takes them: the content with the heads of the parts.
    #[must_use]
    pub fn counted(mut self, sent: Arc<AtomicU64>) -> Self {
        self.sent = Some(sent);
        self
    }

    /// The parts.
    pub(crate) fn into_parts(self) -> BoxStream<'static, Result<Part, UploadError>> {
        self.parts
    }

    /// The content type, the body, and where its failure will be. Files are read in pieces of so many bytes. Must be called within a tokio runtime.
    pub(crate) fn encode(self, chunk: usize) -> (String, Body, Failure) {
        let (media_type, body, failure) = multipart::encode(self.parts, chunk);
        let Some(sent) = self.sent else {
            return (media_type, body, failure);
        };
        let counted = body.map_frame(move |frame| {
            let length = frame.data_ref().map_or(0, Bytes::len);
            sent.fetch_add(u64::try_from(length).unwrap_or(u64::MAX), Ordering::Relaxed);
            frame
        });
        (media_type, counted.boxed_unsync(), failure)
    }
}

/// Bytes that one request sends as they are. Files are read only as the server takes them.
pub struct RawUpload {
    content: Content,
}

impl RawUpload {
    /// These bytes.
    #[must_use]
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self {
            content: Content::Bytes(bytes.into()),
        }
    }

    /// The bytes of a file on disk.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            content: Content::File(path.into()),
        }
    }

    /// The content of this stream. An error cuts the request off.
    pub fn stream(bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self {
            content: Content::Stream(bytes.boxed()),
        }
    }

    /// The body, and where its failure will be. Must be called within a tokio runtime.
    pub(crate) fn encode(self) -> (Body, Failure) {
        multipart::encode_raw(self.content)
    }
}

/// Why an upload ended early, reported when the request fails.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failure(Arc<Mutex<Option<UploadError>>>);

impl Failure {
    fn set(&self, error: UploadError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    pub(crate) fn take(&self) -> Option<UploadError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
