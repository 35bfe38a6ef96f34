//! Sends bytes of known size: whole, in one range, or in several.

use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use cairn_dag::export::{ExportError, FileReader};
use cairn_primitives::unixfs::Mtime;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::error::GatewayError;
use super::range::{self, RequestedRange};
use super::response::{describe, modified, put, streamed};
use super::target::Target;
use super::{conditional, content_type};

/// Where bytes come from.
pub(super) enum Source {
    /// A file.
    File(Box<FileReader>),
    /// Bytes in memory.
    Bytes(Bytes),
}

/// How the media type is found.
pub(super) enum MediaType {
    /// It is known.
    Known(&'static str),
    /// By the name of a file, else its first bytes.
    OfFile(String),
}

/// What is sent.
pub(super) struct Content<'a> {
    pub(super) source: Source,
    pub(super) media_type: MediaType,
    pub(super) etag: &'a str,
    pub(super) mtime: Option<Mtime>,
    /// Maximum size for which ranges are served; 0 for any.
    pub(super) max_ranged: u64,
}

impl Source {
    fn size(&self) -> u64 {
        match self {
            Self::File(reader) => reader.size(),
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// The first bytes of a part.
    async fn begin(&mut self, part: &Range<u64>) -> Result<Bytes, ExportError> {
        match self {
            Self::File(reader) => {
                reader.seek(part.start, Some(part.end - part.start));
                Ok(reader.next().await?.unwrap_or_default())
            }
            Self::Bytes(bytes) => {
                let at = |offset: u64| usize::try_from(offset).unwrap_or(bytes.len());
                Ok(bytes.slice(at(part.start).min(bytes.len())..at(part.end).min(bytes.len())))
            }
        }
    }

    /// The next bytes of the part that was begun.
    async fn next(&mut self) -> Result<Option<Bytes>, ExportError> {
        match self {
            Self::File(reader) => reader.next().await,
            Self::Bytes(_) => Ok(None),
        }
    }
}

/// Sends content. An error before the first bytes is an error response.
pub(super) async fn send(
    content: Content<'_>,
    target: &Target,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, GatewayError> {
    let Content {
        mut source,
        media_type,
        etag,
        mtime,
        max_ranged,
    } = content;
    let size = source.size();
    let requested = headers.get(header::RANGE);
    let requested = requested.and_then(|value| value.to_str().ok());
    if requested.is_some() && max_ranged > 0 && size > max_ranged {
        return Err(GatewayError::RangesOff { limit: max_ranged });
    }
    let holds = *method == Method::GET && conditional::range_holds(headers, etag, mtime);
    let parts = match range::parse(requested.filter(|_| holds), size) {
        RequestedRange::Unsatisfiable => return Err(GatewayError::Range { size }),
        RequestedRange::Whole => None,
        RequestedRange::Parts(parts) => Some(parts),
    };
    let first_part = parts.as_ref().and_then(|parts| parts.first());
    let whole = 0..size;
    let wanted = first_part.unwrap_or(&whole).clone();
    let mut begun = None;
    let media_type: std::borrow::Cow<'static, str> = match media_type {
        MediaType::Known(known) => known.into(),
        MediaType::OfFile(name) => match content_type::of_name(&name) {
            Some(known) => known.into(),
            None => {
                // If the first bytes are missing while the requested ones are here, the type stays unknown.
                let start = match source.begin(&whole).await {
                    Ok(start) => start,
                    Err(_) if wanted.start > 0 => Bytes::new(),
                    Err(error) => return Err(error.into()),
                };
                let kind = content_type::of_bytes(&start);
                begun = (wanted == whole).then_some(start);
                kind.into()
            }
        },
    };
    let (status, length, body) = if *method == Method::HEAD {
        (StatusCode::OK, size, Body::empty())
    } else {
        let first = match begun {
            Some(begun) => begun,
            None => source.begin(&wanted).await?,
        };
        match parts {
            Some(parts) if parts.len() > 1 => {
                return Ok(several(source, parts, first, size, &media_type, |out| {
                    common(out, target, etag, mtime);
                }));
            }
            parts => {
                let length = wanted.end - wanted.start;
                let status = if parts.is_some() {
                    StatusCode::PARTIAL_CONTENT
                } else {
                    StatusCode::OK
                };
                (status, length, one(source, first, length))
            }
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let out = response.headers_mut();
    common(out, target, etag, mtime);
    put(out, header::CONTENT_TYPE, &media_type);
    out.insert(header::CONTENT_LENGTH, length.into());
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{size}", wanted.start, wanted.end - 1);
        put(out, header::CONTENT_RANGE, &range);
    }
    Ok(response)
}

fn common(headers: &mut HeaderMap, target: &Target, etag: &str, mtime: Option<Mtime>) {
    describe(headers, target, etag);
    modified(headers, mtime);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
}

fn one(source: Source, first: Bytes, length: u64) -> Body {
    if length == 0 {
        return Body::empty();
    }
    if first.len() as u64 == length {
        return Body::from(first);
    }
    let first = futures_util::stream::once(std::future::ready(Ok(first)));
    let rest = futures_util::stream::try_unfold(source, |mut source| async move {
        let next: Option<Bytes> = source.next().await?;
        Ok::<_, ExportError>(next.map(|bytes| (bytes, source)))
    });
    streamed(first.chain(rest))
}

/// Several ranges as `multipart/byteranges`, in the order in which they were asked for.
fn several(
    source: Source,
    parts: Vec<Range<u64>>,
    first: Bytes,
    size: u64,
    media_type: &str,
    common: impl FnOnce(&mut HeaderMap),
) -> Response {
    let boundary = boundary();
    let heads: Vec<Bytes> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| {
            let break_before = if at == 0 { "" } else { "\r\n" };
            let head = format!(
                "{break_before}--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: bytes {}-{}/{size}\r\n\r\n",
                part.start,
                part.end - 1
            );
            Bytes::from(head)
        })
        .collect();
    let end = Bytes::from(format!("\r\n--{boundary}--\r\n"));
    let bytes: u64 = parts.iter().map(|part| part.end - part.start).sum();
    let framing: usize = heads.iter().map(Bytes::len).sum::<usize>() + end.len();
    let mut pieces = parts.into_iter().zip(heads);
    let begun = pieces.next().map(|(_, head)| head);
    let multipart = Multipart {
        source,
        pieces,
        ready: begun.into_iter().chain([first]).collect(),
        end: Some(end),
    };
    let stream = futures_util::stream::try_unfold(multipart, Multipart::next);
    let mut response = Response::new(streamed(stream));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    let out = response.headers_mut();
    common(out);
    put(
        out,
        header::CONTENT_TYPE,
        &format!("multipart/byteranges; boundary={boundary}"),
    );
    out.insert(
        header::CONTENT_LENGTH,
        bytes.saturating_add(framing as u64).into(),
    );
    response
}

/// A response of several ranges that is being sent.
struct Multipart {
    source: Source,
    /// The parts to come, with what stands before them.
    pieces: std::iter::Zip<std::vec::IntoIter<Range<u64>>, std::vec::IntoIter<Bytes>>,
    ready: std::collections::VecDeque<Bytes>,
    end: Option<Bytes>,
}

impl Multipart {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ExportError> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Ok(Some((bytes, self)));
            }
            if let Some(bytes) = self.source.next().await? {
                return Ok(Some((bytes, self)));
            }
            if let Some((part, head)) = self.pieces.next() {
                self.ready.push_back(head);
                self.ready.push_back(self.source.begin(&part).await?);
            } else {
                return Ok(self.end.take().map(|end| (end, self)));
            }
        }
    }
}

/// A text that stands in no content that was made before.
fn boundary() -> String {
    let random = || {
        let state = std::collections::hash_map::RandomState::new();
        state.build_hasher().finish()
    };
    format!("{:016x}{:016x}", random(), random())
}
