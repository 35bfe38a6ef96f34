//! The files in a request body, named as Kubo's clients do.
//!
//! A part is a file, a directory (`application/x-directory`), a symlink (`application/symlink`) or a reference to a
//! local file (`Abspath`). Its path is the percent-decoded `filename`.

use axum::extract::Request;
use bytes::Bytes;
use cairn_primitives::ByteString;
use cairn_primitives::bytestring::to_text;
use cairn_wire::Values;
use cairn_wire::kubo::{Argument, Spec};
use cairn_wire::multipart::{Event, MultipartError, PartHead};
use cairn_wire::shape::BodyKind;
use http::header;

use super::Failure;
use crate::parts::{Parts, unescape};
use crate::rest::is_multipart;

/// Maximum length of the path of a part, in bytes.
const MAX_PATH: usize = 64 << 10;

/// The type of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    File,
    Directory,
    Symlink,
}

/// A part's head.
#[derive(Clone, Debug)]
pub(crate) struct FileHead {
    /// The path without a leading `/`; empty when the part has none.
    pub(crate) path: ByteString,
    pub(crate) kind: FileKind,
    /// Path of the file on this machine, for references instead of copies.
    pub(crate) abspath: Option<ByteString>,
    pub(crate) mode: Option<u32>,
    pub(crate) mtime: Option<(i64, Option<u32>)>,
}

/// The parts of a body.
#[derive(Debug)]
pub(crate) struct Files {
    /// `None` when the request carries none and may.
    parts: Option<Parts>,
    open: bool,
}

impl Files {
    /// The files of a request; `None` when it carries none.
    pub(crate) fn new(request: Request) -> Result<Option<Self>, MultipartError> {
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        if !is_multipart(request.headers()) {
            return Ok(None);
        }
        Ok(Some(Self {
            parts: Some(Parts::new(&content_type, request.into_body())?),
            open: false,
        }))
    }

    /// No files.
    pub(crate) fn none() -> Self {
        Self {
            parts: None,
            open: false,
        }
    }

    async fn event(&mut self) -> Result<Option<Event>, Failure> {
        match &mut self.parts {
            Some(parts) => Ok(parts.next().await?),
            None => Ok(None),
        }
    }

    /// The next part; what was not read of the one before is skipped.
    pub(crate) async fn next(&mut self) -> Result<Option<FileHead>, Failure> {
        while self.open {
            self.chunk().await?;
        }
        loop {
            match self.event().await? {
                Some(Event::Part(head)) => {
                    self.open = true;
                    return head_of(&head).map(Some);
                }
                Some(Event::End | Event::Data(_) | Event::PartEnd) => {}
                None => return Ok(None),
            }
        }
    }

    /// More bytes of the part; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        if !self.open {
            return Ok(None);
        }
        match self.event().await? {
            Some(Event::Data(data)) => Ok(Some(data)),
            _ => {
                self.open = false;
                Ok(None)
            }
        }
    }

    /// Up to `most` bytes of the part; the rest is left unread.
    pub(crate) async fn at_most(&mut self, most: usize) -> Result<Bytes, Failure> {
        let mut first = Bytes::new();
        let mut out = bytes::BytesMut::new();
        while first.len() + out.len() < most {
            let Some(mut data) = self.chunk().await? else {
                break;
            };
            data.truncate(most - first.len() - out.len());
            if first.is_empty() && out.is_empty() {
                // A part in one frame is not copied.
                first = data;
            } else {
                if out.is_empty() {
                    out.extend_from_slice(&std::mem::take(&mut first));
                }
                out.extend_from_slice(&data);
            }
        }
        Ok(if out.is_empty() { first } else { out.freeze() })
    }

    /// All bytes of the part, which may be no more than `most`.
    pub(crate) async fn whole(
        &mut self,
        most: usize,
        refuse: impl FnOnce() -> Failure,
    ) -> Result<Bytes, Failure> {
        let data = self.at_most(most + 1).await?;
        if data.len() > most {
            Err(refuse())
        } else {
            Ok(data)
        }
    }
}

/// Maximum size of arguments that come in a body, in bytes.
const MAX_ARGUMENTS: usize = 1 << 20;

/// Reads arguments from the body where the query lacks a command's argument, or the command takes any number of them:
/// each line of the first part is an argument. `ipfs` sends its standard input that way, with the first line in the
/// query.
pub(super) async fn arguments(
    spec: &Spec,
    request: Request,
    values: &mut Values,
) -> Result<Request, Failure> {
    let takes_more = |last: &Argument| last.variadic || values.arguments().is_empty();
    let wanted = spec.body == BodyKind::Nothing && spec.arguments.last().is_some_and(takes_more);
    if !wanted || !is_multipart(request.headers()) {
        return Ok(request);
    }
    // Boxed: a part of the future of every command.
    Box::pin(arguments_in(request, values)).await
}

async fn arguments_in(request: Request, values: &mut Values) -> Result<Request, Failure> {
    let (head, body) = request.into_parts();
    let rest = Request::from_parts(head.clone(), axum::body::Body::empty());
    if let Some(mut files) = Files::new(Request::from_parts(head, body))?
        && files.next().await?.is_some()
    {
        let text = files
            .whole(MAX_ARGUMENTS, || {
                Failure::normal(format!(
                    "the arguments are longer than {MAX_ARGUMENTS} bytes"
                ))
            })
            .await?;
        text.split(|&byte| byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.is_empty())
            .for_each(|line| values.argument(line));
    }
    Ok(rest)
}

fn head_of(head: &PartHead) -> Result<FileHead, Failure> {
    let name = head.disposition("filename").unwrap_or_default();
    if name.len() > MAX_PATH {
        return Err(Failure::normal(format!(
            "the path of a file is longer than {MAX_PATH} bytes"
        )));
    }
    let decoded = unescape(&name);
    let kind = match head.media_type().as_deref() {
        Some("application/x-directory" | "multipart/form-data") => FileKind::Directory,
        Some("application/symlink") => FileKind::Symlink,
        _ => FileKind::File,
    };
    // Mode and time are appended to the field's name: `file?mode=0644&mtime=1700000000`.
    let field = head.disposition("name").unwrap_or_default();
    let field = to_text(&field);
    let facts = Values::from_query(field.split_once('?').map_or("", |(_, facts)| facts))
        .unwrap_or_default();
    let mode = facts
        .loose(&["mode"])
        .and_then(|text| u32::from_str_radix(text, 8).ok());
    let nanoseconds = facts
        .loose(&["mtime-nsecs"])
        .and_then(|text| text.parse().ok());
    let mtime = facts
        .loose(&["mtime"])
        .and_then(|text| text.parse().ok())
        .map(|seconds| (seconds, nanoseconds));
    let abspath = head
        .field("abspath-encoded")
        .map(unescape)
        .or_else(|| head.field("abspath").map(ByteString::from));
    Ok(FileHead {
        path: clean(&decoded),
        kind,
        abspath,
        mode,
        mtime,
    })
}

/// The path relative to a root: without `.` and empty segments; `..` stops at the root.
fn clean(path: &[u8]) -> ByteString {
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in path.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    segments.join(&b'/').into()
}
