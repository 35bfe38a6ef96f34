//! Parts of responses: the headers that describe content, redirects, bodies.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/path-gateway/#response-headers>

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use cairn_dag::resolve::Validity;
use cairn_primitives::unixfs::Mtime;
use cairn_primitives::with_causes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

use super::target::Target;
use crate::stream::{StreamBody, StreamFailure, Trailers};

/// Typical number of response headers.
const HEADERS: usize = 20;
/// What stays as it is in a file name and in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What a header value cannot have of a URL.
const LOCATION: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// `Cache-Control` of content that never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=29030400, immutable");
/// How long caches may serve an old page while they fetch a new one, in seconds.
const STALE: u32 = 2_678_400;

/// Sets a header, unless its value cannot be one.
pub(super) fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// The headers of content: what it is, and how long that is true.
pub(super) fn describe(headers: &mut HeaderMap, target: &Target, etag: &str) {
    // With everything else that is sent: nothing needs a new layout.
    headers.reserve(HEADERS);
    put(headers, header::ETAG, etag);
    put(
        headers,
        HeaderName::from_static("x-ipfs-roots"),
        &target.roots(),
    );
    put(
        headers,
        HeaderName::from_static("x-ipfs-path"),
        &path_header(target.path.as_bytes()),
    );
    match target.validity {
        Validity::Immutable => {
            headers.insert(header::CACHE_CONTROL, FOREVER);
        }
        Validity::Ttl(Some(ttl)) if !ttl.is_zero() => {
            let value = format!("public, max-age={}", ttl.as_secs());
            put(headers, header::CACHE_CONTROL, &value);
        }
        // Caches follow other rules.
        Validity::Ttl(_) => {}
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

/// `Cache-Control` of a page that this program makes: the next version may make another one.
pub(super) fn cache_page(headers: &mut HeaderMap, validity: Validity) {
    let seconds = match validity {
        Validity::Immutable => 604_800,
        Validity::Ttl(Some(ttl)) if !ttl.is_zero() => ttl.as_secs(),
        Validity::Ttl(_) => {
            headers.remove(header::CACHE_CONTROL);
            return;
        }
    };
    let value = format!("public, max-age={seconds}, stale-while-revalidate={STALE}");
    put(headers, header::CACHE_CONTROL, &value);
}

/// `Last-Modified`, where the content has a time.
pub(super) fn modified(headers: &mut HeaderMap, mtime: Option<Mtime>) {
    if let Some(date) = mtime.and_then(|mtime| http_date(mtime.seconds)) {
        put(headers, header::LAST_MODIFIED, &date);
    }
}

/// A time as RFC 9110 §5.6.7 writes it.
pub(super) fn http_date(seconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// A time of a header, in seconds since 1970.
pub(super) fn parse_date(text: &str) -> Option<i64> {
    let text = text.trim().strip_suffix("GMT")?.trim_end();
    let time = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S", text).ok()?;
    let time = jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?;
    Some(time.as_second())
}

/// A path as a header value.
pub(super) fn path_header(path: &[u8]) -> Cow<'_, str> {
    let is_printable = path.iter().all(|byte| (b' '..=b'~').contains(byte));
    match std::str::from_utf8(path) {
        Ok(text) if is_printable => text.into(),
        _ => percent_encode(path, CONTROLS).into(),
    }
}

/// `Server-Timing`: how long a response took until its first byte, in milliseconds.
pub(super) fn server_timing(headers: &mut HeaderMap, took: Duration) {
    let hundredths = took.as_micros() / 10;
    let (millis, rest) = (hundredths / 100, hundredths % 100);
    put(
        headers,
        HeaderName::from_static("server-timing"),
        &format!("gateway;dur={millis}.{rest:02}"),
    );
}

/// A name as a segment of a path.
pub(super) fn segment(name: &[u8]) -> impl std::fmt::Display {
    percent_encode(name, SEGMENT)
}

/// `Content-Disposition`, RFC 6266: an ASCII name, and the full name in the extended form.
pub(super) fn disposition(headers: &mut HeaderMap, attachment: bool, name: &str) {
    let kind = if attachment { "attachment" } else { "inline" };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let (ascii, whole): (Cow<'_, str>, Cow<'_, str>) = if name.bytes().all(is_plain) {
        (name.into(), name.into())
    } else {
        let letters = name.chars().map(|letter| match letter {
            '"' | '\\' => '_',
            ' '..='~' => letter,
            _ => '_',
        });
        (
            letters.collect::<String>().into(),
            utf8_percent_encode(name, SEGMENT).into(),
        )
    };
    let value = [
        kind,
        "; filename=\"",
        &ascii,
        "\"; filename*=UTF-8''",
        &whole,
    ]
    .concat();
    put(headers, header::CONTENT_DISPOSITION, &value);
}

/// `Content-Disposition` with the name that the request gives, or else the content's own.
pub(super) fn disposition_or(
    headers: &mut HeaderMap,
    attachment: bool,
    given: Option<&str>,
    own: impl FnOnce() -> String,
) {
    match given {
        Some(name) => disposition(headers, attachment, name),
        None => disposition(headers, attachment, &own()),
    }
}

/// The first eight bytes in hexadecimal: enough of a hash to tell versions of a response apart.
pub(super) fn short_hex(hash: &[u8]) -> String {
    hash.iter().take(8).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A body that is cut off where its stream fails, after everything before has been sent.
pub(super) fn streamed<E>(
    stream: impl futures_util::Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> Body
where
    E: std::error::Error + Send + 'static,
{
    let stream = stream.map_err(|error| {
        tracing::warn!(%error, "a response was cut off");
        StreamFailure::Cut(with_causes(&error).into())
    });
    Body::new(StreamBody::new(stream.boxed(), Trailers::Frame))
}

/// 304 for content that the client has.
pub(super) fn not_modified(target: &Target, etag: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    describe(response.headers_mut(), target, etag);
    response
}

/// A redirect to a path or URL.
pub(super) fn redirect(status: StatusCode, to: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let to = utf8_percent_encode(to, LOCATION).to_string();
    put(response.headers_mut(), header::LOCATION, &to);
    response
}

/// A redirect to the same path with a slash at its end: links on pages are relative to it.
pub(super) fn with_slash(uri: &Uri) -> Response {
    let query = uri.query().map(|query| format!("?{query}"));
    let to = format!("{}/{}", uri.path(), query.unwrap_or_default());
    redirect(StatusCode::MOVED_PERMANENTLY, &to)
}

/// A page that this program makes of content.
pub(super) fn page(body: Body, target: &Target, etag: &str) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    describe(headers, target, etag);
    cache_page(headers, target.validity);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    put(
        headers,
        header::CONTENT_SECURITY_POLICY,
        super::page::policy(),
    );
    response
}

/// 304 for such a page.
pub(super) fn page_not_modified(target: &Target, etag: &str) -> Response {
    let mut response = not_modified(target, etag);
    cache_page(response.headers_mut(), target.validity);
    response
}

/// 404 for a path that no content has.
pub(super) fn not_found() -> Response {
    let mut response = Response::new(Body::from("404 page not found\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_written() {
        let text = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(http_date(784_111_777).as_deref(), Some(text));
        assert_eq!(parse_date(text), Some(784_111_777));
        assert_eq!(parse_date("yesterday"), None);
        assert_eq!(http_date(i64::MAX), None);
    }

    #[test]
    fn names_are_given_twice() {
        let mut headers = HeaderMap::new();
        disposition(&mut headers, true, "testтест \"1\".tar");
        assert_eq!(
            headers[header::CONTENT_DISPOSITION],
            "attachment; filename=\"test____ _1_.tar\"; filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82%20%221%22.tar"
        );
    }

    #[test]
    fn locations_stay_one_line() {
        let response = redirect(StatusCode::FOUND, "/a b\r\nX: y/ą");
        let location = &response.headers()[header::LOCATION];
        assert_eq!(location, "/a%20b%0D%0AX:%20y/%C4%85");
    }
}
