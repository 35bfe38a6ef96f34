//! `multipart/form-data` as Kubo reads it.
//!
//! Each part is named `file`; its path is the percent-encoded `filename`; a folder is `application/x-directory`, a
//! symlink `application/symlink` with its target as content. Kubo reads mode and time behind the part's name, as a query;
//! other servers read them as headers: both are sent. See <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-add>.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use bytes::{Bytes, BytesMut};
use cairn_primitives::ByteString;
use cairn_wire::multipart::parameter_of;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use tokio::sync::mpsc;

use super::{Content, Failure, Metadata, Part, UploadError};
use crate::transport::{Body, BoxError};

/// Characters that Go's `url.QueryEscape` does not escape.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
/// Maximum number of bytes read from a file at once, by default.
pub(crate) const CHUNK: usize = 1024 * 1024;
/// From this many bytes on, what is gathered is sent.
const GATHERED: usize = 64 * 1024;
/// The bits of a mode that are kept.
const PERMISSIONS: u32 = 0o7777;
/// Frames that wait for the server. With one being read, at most [`CHUNK`] times this and one are in memory.
const WAITING: usize = 3;

/// Begins to encode the parts; continues as the body is read, and stops when it is dropped.
pub(super) fn encode(
    parts: BoxStream<'static, Result<Part, UploadError>>,
    chunk: usize,
) -> (String, Body, Failure) {
    let (boundary, refused) = match boundary() {
        Ok(boundary) => (boundary, None),
        Err(error) => (String::new(), Some(error)),
    };
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let (body, failure) = spawn(boundary, chunk, |writer| {
        Box::pin(async move {
            match refused {
                None => writer.write(parts).await,
                Some(error) => Err(error.into()),
            }
        })
    });
    (content_type, body, failure)
}

/// Begins to send content alone, without a form around it.
pub(super) fn encode_raw(content: Content) -> (Body, Failure) {
    spawn(String::new(), CHUNK, |writer| {
        Box::pin(async move {
            writer.whole(content, b"").await?;
            writer.flush().await
        })
    })
}

/// Runs a writer, which continues as the body is read, and stops when it is dropped.
fn spawn(
    boundary: String,
    chunk: usize,
    work: impl FnOnce(&mut Writer) -> BoxFuture<'_, Result<(), WriteEnd>> + Send + 'static,
) -> (Body, Failure) {
    let failure = Failure::default();
    let (frames, mut taken) = mpsc::channel::<Result<Bytes, BoxError>>(WAITING);
    let mut writer = Writer {
        frames,
        boundary,
        chunk,
        gathered: BytesMut::new(),
    };
    let told = failure.clone();
    tokio::spawn(async move {
        let outcome = work(&mut writer).await;
        if let Err(WriteEnd::Failed(error)) = outcome {
            let reason = error.to_string();
            told.set(error);
            // Cuts the request off: a body that just ended would look complete.
            let _ = writer.frames.send(Err(reason.into())).await;
        }
    });
    let body = StreamBody::new(
        stream::poll_fn(move |context| taken.poll_recv(context))
            .map(|bytes| bytes.map(Frame::data)),
    );
    (body.boxed_unsync(), failure)
}

/// Why writing ended early.
enum WriteEnd {
    NobodyReads,
    Failed(UploadError),
}

impl From<UploadError> for WriteEnd {
    fn from(error: UploadError) -> Self {
        Self::Failed(error)
    }
}

struct Writer {
    frames: mpsc::Sender<Result<Bytes, BoxError>>,
    boundary: String,
    /// Most bytes read from a file at once.
    chunk: usize,
    gathered: BytesMut,
}

impl Writer {
    async fn write(
        &mut self,
        mut parts: BoxStream<'static, Result<Part, UploadError>>,
    ) -> Result<(), WriteEnd> {
        while let Some(part) = parts.next().await {
            let part = part?;
            self.head(&part);
            self.whole(part.content, &part.name).await?;
            self.gathered.extend_from_slice(b"\r\n");
        }
        self.gathered
            .extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        self.flush().await
    }

    /// Sends all of a part's content.
    async fn whole(&mut self, content: Content, name: &[u8]) -> Result<(), WriteEnd> {
        match content {
            Content::Directory => {}
            Content::Symlink(target) => self.gathered.extend_from_slice(&target),
            Content::Bytes(bytes) => self.content(bytes).await?,
            Content::File(path) => self.file(&path).await?,
            Content::Stream(mut stream) => {
                while let Some(bytes) = stream.next().await {
                    let bytes = bytes.map_err(|source| UploadError::Stream {
                        name: String::from_utf8_lossy(name).into_owned(),
                        source,
                    })?;
                    self.content(bytes).await?;
                    // Whoever writes a stream slowly wants it to arrive.
                    self.flush().await?;
                }
            }
        }
        Ok(())
    }

    fn head(&mut self, part: &Part) {
        let media_type = match (&part.content, &part.media_type) {
            (Content::Directory, _) => "application/x-directory",
            (Content::Symlink(_), _) => "application/symlink",
            (_, Some(media_type)) => media_type,
            (Content::Bytes(_) | Content::File(_) | Content::Stream(_), None) => {
                "application/octet-stream"
            }
        };
        let metadata = part.metadata;
        let mut head = format!("--{}\r\n", self.boundary);
        if let Some(path) = part.absolute_path.as_deref() {
            let path = path.as_os_str().as_encoded_bytes();
            let _ = write!(
                head,
                "Abspath-Encoded: {}\r\n",
                percent_encode(path, UNRESERVED)
            );
            if let Some(plain) = std::str::from_utf8(path)
                .ok()
                .filter(|path| path.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
            {
                let _ = write!(head, "Abspath: {plain}\r\n");
            }
        }
        let _ = match &part.field {
            None => write!(
                head,
                "Content-Disposition: form-data; name=\"file{}\"; filename=\"{}\"\r\n",
                query(metadata, &part.content),
                percent_encode(&part.name, UNRESERVED)
            ),
            Some(field) => write!(
                head,
                "Content-Disposition: {}\r\n",
                disposition(field, &part.name)
            ),
        };
        let media_type: String = media_type.chars().filter(|it| !it.is_control()).collect();
        let _ = write!(head, "Content-Type: {media_type}\r\n");
        if let Some(mode) = metadata.mode {
            let _ = write!(head, "mode: 0{:o}\r\n", mode & PERMISSIONS);
        }
        if let Some((seconds, nanoseconds)) = metadata.mtime {
            let _ = write!(head, "mtime: {seconds}\r\nmtime-nsecs: {nanoseconds}\r\n");
        }
        head.push_str("\r\n");
        self.gathered.extend_from_slice(head.as_bytes());
    }

    /// Sends content: what is small together with what is around it, what is large as it is.
    async fn content(&mut self, bytes: Bytes) -> Result<(), WriteEnd> {
        if bytes.len() < GATHERED {
            self.gathered.extend_from_slice(&bytes);
            if self.gathered.len() < GATHERED {
                return Ok(());
            }
            return self.flush().await;
        }
        self.flush().await?;
        self.send(bytes).await
    }

    async fn file(&mut self, path: &Path) -> Result<(), WriteEnd> {
        let (owned, chunk) = (path.to_owned(), self.chunk);
        let opened = blocking(move || {
            let file = File::open(&owned)?;
            read(file, chunk)
        });
        let mut next = opened.await.map_err(|source| UploadError::Open {
            path: path.to_owned(),
            source,
        })?;
        loop {
            let (bytes, file) = next;
            let last = bytes.len() < chunk;
            self.content(bytes).await?;
            if last {
                return Ok(());
            }
            next = blocking(move || read(file, chunk))
                .await
                .map_err(|source| UploadError::Read {
                    path: path.to_owned(),
                    source,
                })?;
        }
    }

    async fn flush(&mut self) -> Result<(), WriteEnd> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let bytes = self.gathered.split().freeze();
        self.send(bytes).await
    }

    async fn send(&self, bytes: Bytes) -> Result<(), WriteEnd> {
        self.frames
            .send(Ok(bytes))
            .await
            .map_err(|_| WriteEnd::NobodyReads)
    }
}

/// The disposition of a form field. One without a file has no file name. Names in forms are UTF-8.
fn disposition(field: &str, name: &[u8]) -> String {
    let mut disposition = format!("form-data; name=\"{}\"", form_quoted(field));
    if !name.is_empty() {
        let name = form_quoted(&String::from_utf8_lossy(name));
        let _ = write!(disposition, "; filename=\"{name}\"");
    }
    disposition
}

/// Texts of a form field as servers read them: the name of the field, and that of its file.
pub(crate) fn as_received(field: &str, name: &[u8]) -> (ByteString, ByteString) {
    let head = disposition(field, name);
    let read = |parameter| {
        let text = parameter_of(head.as_bytes(), parameter);
        text.map(ByteString::from).unwrap_or_default()
    };
    (read("name"), read("filename"))
}

/// A text in quotes as browsers send it: <https://html.spec.whatwg.org/#multipart-form-data>.
fn form_quoted(text: &str) -> String {
    text.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Reads up to so many bytes; fewer only at the end of the file.
fn read(mut file: File, chunk: usize) -> io::Result<(Bytes, File)> {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let room = usize::try_from(length)
        .unwrap_or(chunk)
        .saturating_add(1)
        .min(chunk);
    let mut bytes = Vec::with_capacity(room);
    (&mut file).take(chunk as u64).read_to_end(&mut bytes)?;
    Ok((bytes.into(), file))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Mode and time behind a part's name, the mode as Go's `FileMode` has it: <https://pkg.go.dev/io/fs#FileMode>.
fn query(metadata: Metadata, content: &Content) -> String {
    let mut query = String::new();
    if let Some(mode) = metadata.mode {
        let kind: u32 = match content {
            Content::Directory => 1 << 31,
            Content::Symlink(_) => 1 << 27,
            Content::Bytes(_) | Content::File(_) | Content::Stream(_) => 0,
        };
        let special = (mode & 0o6000) << 12 | (mode & 0o1000) << 11;
        let _ = write!(query, "?mode=0{:o}", kind | special | mode & 0o777);
    }
    if let Some((seconds, nanoseconds)) = metadata.mtime {
        let _ = write!(
            query,
            "{}mtime={seconds}",
            if query.is_empty() { '?' } else { '&' }
        );
        if nanoseconds > 0 {
            let _ = write!(query, "&mtime-nsecs={nanoseconds}");
        }
    }
    query
}

/// A boundary of 256 random bits, which no content contains.
fn boundary() -> Result<String, UploadError> {
    let mut text = "cairn-".to_owned();
    for _ in 0..4 {
        let part = getrandom::u64().map_err(|error| UploadError::Random(error.into()))?;
        let _ = write!(text, "{part:016x}");
    }
    Ok(text)
}
