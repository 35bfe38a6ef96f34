//! Content to send.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::walk::{Walk, WalkOptions};
use super::{Content, Part, Upload, UploadError};

/// Content to send: a local file or directory, bytes, a reader, a stream, or parts.
///
/// Strings and paths are converted to local paths, bytes to content; see [`IntoSource`].
pub struct Source {
    name: Option<Vec<u8>>,
    kind: Kind,
}

enum Kind {
    Path(PathBuf),
    Content(Content),
    AsyncRead(Box<dyn AsyncRead + Send + Unpin>),
    Read(Box<dyn Read + Send>),
    Part(Box<Part>),
    Upload(Upload),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.kind {
            Kind::Path(path) => return f.debug_tuple("Source").field(path).finish(),
            Kind::Content(_) | Kind::Part(_) | Kind::Upload(_) => "content",
            Kind::AsyncRead(_) | Kind::Read(_) => "reader",
        };
        f.debug_tuple("Source").field(&kind).finish()
    }
}

impl Source {
    fn new(kind: Kind) -> Self {
        Self { name: None, kind }
    }

    /// A local file or directory.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::new(Kind::Path(path.into()))
    }

    /// Bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Kind::Content(Content::Bytes(bytes.into())))
    }

    /// The content of an async reader.
    pub fn reader(reader: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Self::new(Kind::AsyncRead(Box::new(reader)))
    }

    /// The content of a blocking reader, read in a blocking thread.
    pub fn blocking_reader(reader: impl Read + Send + 'static) -> Self {
        Self::new(Kind::Read(Box::new(reader)))
    }

    /// The content of a stream, sent as it arrives.
    pub fn stream(bytes: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static) -> Self {
        Self::new(Kind::Content(Content::Stream(bytes.boxed())))
    }

    /// Sets the name [default: the last component of the path, or none]. It is also the prefix of the names in a directory.
    #[must_use]
    pub fn named(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The parts to send. Directories are walked.
    pub(crate) fn parts(
        self,
        chunk: usize,
        walk: &WalkOptions,
    ) -> BoxStream<'static, Result<Part, UploadError>> {
        let path = match self.kind {
            Kind::Path(path) => path,
            kind => {
                return Self { kind, ..self }.content(chunk);
            }
        };
        match Walk::of(&path, self.name, walk.clone()) {
            Ok(walk) => walk.into_stream(),
            Err(error) => one(Err(error)),
        }
    }

    /// The parts to send, without walking directories.
    pub(crate) fn file(self, chunk: usize) -> BoxStream<'static, Result<Part, UploadError>> {
        let Kind::Path(path) = self.kind else {
            return self.content(chunk);
        };
        let name = self.name.unwrap_or_else(|| name_of(&path));
        one(Ok(Part::file(name, path)))
    }

    fn content(self, chunk: usize) -> BoxStream<'static, Result<Part, UploadError>> {
        let name = self.name;
        let content = match self.kind {
            Kind::Path(path) => Content::File(path),
            Kind::Content(content) => content,
            Kind::AsyncRead(reader) => Content::Stream(pieces(reader, chunk)),
            Kind::Read(reader) => Content::Stream(blocking_pieces(reader, chunk)),
            Kind::Part(mut part) => {
                if let Some(name) = name {
                    part.name = name;
                }
                return one(Ok(*part));
            }
            Kind::Upload(upload) => return upload.into_parts(),
        };
        one(Ok(Part::new(name.unwrap_or_default(), content)))
    }
}

fn one(part: Result<Part, UploadError>) -> BoxStream<'static, Result<Part, UploadError>> {
    stream::iter([part]).boxed()
}

/// The last component of a path as bytes.
pub(crate) fn name_of(path: &Path) -> Vec<u8> {
    path.file_name()
        .unwrap_or_default()
        .as_encoded_bytes()
        .to_vec()
}

/// Reads an async reader as a stream of chunks.
fn pieces(
    reader: Box<dyn AsyncRead + Send + Unpin>,
    chunk: usize,
) -> BoxStream<'static, std::io::Result<Bytes>> {
    stream::try_unfold(reader, move |mut reader| async move {
        let mut piece = BytesMut::with_capacity(chunk);
        let count = reader.read_buf(&mut piece).await?;
        Ok((count > 0).then(|| (piece.freeze(), reader)))
    })
    .boxed()
}

/// Reads a blocking reader as a stream of chunks.
fn blocking_pieces(
    reader: Box<dyn Read + Send>,
    chunk: usize,
) -> BoxStream<'static, std::io::Result<Bytes>> {
    // Shared with the blocking thread, which keeps the reader if the stream is dropped.
    let reader = Arc::new(Mutex::new(reader));
    stream::try_unfold(reader, move |reader| async move {
        let shared = Arc::clone(&reader);
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; chunk];
            let mut reader = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let count = loop {
                match reader.read(&mut piece) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            piece.truncate(count);
            Ok::<_, std::io::Error>(Bytes::from(piece))
        });
        let piece = read.await.map_err(std::io::Error::other)??;
        Ok((!piece.is_empty()).then_some((piece, reader)))
    })
    .boxed()
}

/// Conversion to a [`Source`]: from a local path (`&str`, `String`, `&Path`, `PathBuf`), from content (`Vec<u8>`, [`Bytes`],
/// `&'static [u8]`), or from a [`Source`], [`Part`] or [`Upload`].
pub trait IntoSource {
    /// Converts it.
    fn into_source(self) -> Source;
}

/// One or several sources: anything that implements [`IntoSource`], or an array or `Vec` of it.
pub trait IntoSources {
    /// Converts them.
    fn into_sources(self) -> Vec<Source>;
}

macro_rules! sources {
    ($($type:ty: |$value:ident| $source:expr),+ $(,)?) => { $(
        impl IntoSource for $type {
            fn into_source(self) -> Source {
                let $value = self;
                $source
            }
        }
        impl IntoSources for $type {
            fn into_sources(self) -> Vec<Source> {
                vec![self.into_source()]
            }
        }
    )+ };
}

sources! {
    Source: |source| source,
    &str: |path| Source::path(path),
    String: |path| Source::path(path),
    &String: |path| Source::path(path),
    &Path: |path| Source::path(path),
    PathBuf: |path| Source::path(path),
    &PathBuf: |path| Source::path(path),
    Vec<u8>: |bytes| Source::bytes(bytes),
    Bytes: |bytes| Source::bytes(bytes),
    &'static [u8]: |bytes| Source::bytes(bytes),
    Part: |part| Source::new(Kind::Part(Box::new(part))),
    Upload: |upload| Source::new(Kind::Upload(upload)),
}

impl<const N: usize> IntoSource for &'static [u8; N] {
    fn into_source(self) -> Source {
        Source::bytes(self.as_slice())
    }
}

impl<const N: usize> IntoSources for &'static [u8; N] {
    fn into_sources(self) -> Vec<Source> {
        vec![self.into_source()]
    }
}

impl<T: IntoSource, const N: usize> IntoSources for [T; N] {
    fn into_sources(self) -> Vec<Source> {
        self.map(IntoSource::into_source).into()
    }
}

impl<T: IntoSource> IntoSources for Vec<T> {
    fn into_sources(self) -> Vec<Source> {
        self.into_iter().map(IntoSource::into_source).collect()
    }
}

/// The upload of several sources, without walking directories.
pub(crate) fn files(sources: impl IntoSources, chunk: usize) -> Upload {
    let sources = sources.into_sources();
    Upload::from_stream(stream::iter(sources).flat_map(move |source| source.file(chunk)))
}
