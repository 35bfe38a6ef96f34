//! Serves files: whole, in ranges, or only headers.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use cairn_dag::export::FileReader;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::error::GatewayError;
use super::range::{self, RequestedRange};
use super::{Target, conditional, content_type, describe, not_modified, streamed};

/// The name that a file is served under.
pub(super) struct Reply {
    /// The name that its media type is guessed from.
    pub(super) name: String,
    /// `?download=true`.
    pub(super) attachment: bool,
    /// `?filename=`.
    pub(super) given_name: Option<String>,
}

/// Serves a file.
pub(super) async fn serve(
    mut reader: FileReader,
    target: &Target,
    reply: Reply,
    headers: &HeaderMap,
) -> Result<Response, GatewayError> {
    let etag = format!("\"{}\"", target.cid);
    if conditional::is_known(headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let size = reader.size();
    let range = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .filter(|_| conditional::range_holds(headers, &etag));
    let requested_format = range::parse(range, size);
    // An error before the first piece is a plain error response.
    let (status, offset, length) = match requested_format {
        RequestedRange::Unsatisfiable => return Err(GatewayError::Range { size }),
        RequestedRange::Whole => (StatusCode::OK, 0, size),
        RequestedRange::Part { offset, length } => (StatusCode::PARTIAL_CONTENT, offset, length),
    };
    // The media type is detected from the file's first bytes. If they are missing while the requested range is
    // present, the name decides.
    let start = match reader.next().await {
        Ok(start) => start.unwrap_or_default(),
        Err(_) if offset > 0 => Bytes::new(),
        Err(error) => return Err(error.into()),
    };
    let media_type = content_type::of(
        &reply.name,
        start
            .get(..start.len().min(content_type::LOOKED_AT))
            .unwrap_or_default(),
    );
    let first = match status {
        StatusCode::OK => start,
        _ => {
            reader.seek(offset, Some(length));
            reader.next().await?.unwrap_or_default()
        }
    };
    let body = match length {
        0 => Body::empty(),
        _ if first.len() as u64 == length => Body::from(first),
        _ => {
            let first = futures_util::stream::once(std::future::ready(Ok(first)));
            streamed(first.chain(reader.into_stream()))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let out = response.headers_mut();
    describe(out, target, &etag);
    if let Ok(value) = HeaderValue::from_str(&media_type) {
        out.insert(header::CONTENT_TYPE, value);
    }
    out.insert(header::CONTENT_LENGTH, length.into());
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) =
            HeaderValue::from_str(&format!("bytes {offset}-{}/{size}", offset + length - 1))
    {
        out.insert(header::CONTENT_RANGE, value);
    }
    if let Some(value) = disposition(&reply) {
        out.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// `Content-Disposition`, RFC 6266: an ASCII name, and the full name in the extended form.
fn disposition(reply: &Reply) -> Option<HeaderValue> {
    if !reply.attachment && reply.given_name.is_none() {
        return None;
    }
    let kind = if reply.attachment {
        "attachment"
    } else {
        "inline"
    };
    let plain: String = reply
        .name
        .chars()
        .map(|letter| {
            if (' '..='~').contains(&letter) && !matches!(letter, '"' | '\\') {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let whole =
        percent_encoding::utf8_percent_encode(&reply.name, percent_encoding::NON_ALPHANUMERIC);
    HeaderValue::from_str(&format!(
        "{kind}; filename=\"{plain}\"; filename*=UTF-8''{whole}"
    ))
    .ok()
}

/// A symlink is served as its target's text.
pub(super) fn link(text: &[u8], target: &Target) -> Result<Response, GatewayError> {
    let mut response = Response::new(Body::from(text.to_owned()));
    describe(
        response.headers_mut(),
        target,
        &format!("\"{}\"", target.cid),
    );
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("inode/symlink"),
    );
    Ok(response)
}
