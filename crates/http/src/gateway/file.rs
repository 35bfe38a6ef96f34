//! Serves files and symbolic links.

use axum::response::Response;
use cairn_dag::export::FileReader;
use cairn_primitives::ByteString;
use cairn_primitives::unixfs::Mtime;

use super::error::GatewayError;
use super::response::{disposition, modified, not_modified};
use super::send::{Content, MediaType, Source, send};
use super::target::Target;
use super::{Exchange, Gateway, conditional};

/// Serves a file, whole or in ranges. `name` is what its media type is guessed from.
pub(super) async fn serve(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    target: &Target,
    reader: FileReader,
    name: Option<String>,
    mtime: Option<Mtime>,
) -> Result<Response, GatewayError> {
    let etag = format!("\"{}\"", target.cid());
    let headers = &exchange.request.headers;
    if conditional::is_known(headers, &etag) || conditional::is_current(headers, mtime) {
        let mut response = not_modified(target, &etag);
        modified(response.headers_mut(), mtime);
        return Ok(response);
    }
    let given = exchange.filename();
    let name = given.map(str::to_owned).or(name).unwrap_or_default();
    let content = Content {
        source: Source::File(Box::new(reader)),
        media_type: MediaType::OfFile(name.clone()),
        etag: &etag,
        mtime,
        max_ranged: gateway.settings.max_ranged,
    };
    let mut response = send(content, target, &exchange.request.method, headers).await?;
    let is_download = exchange.query.loose(&["download"]) == Some("true");
    if is_download || given.is_some() {
        let name = if name.is_empty() {
            target.cid().to_string()
        } else {
            name
        };
        disposition(response.headers_mut(), is_download, &name);
    }
    Ok(response)
}

/// Serves a symbolic link at the end of a path as the text of its target, as the conformance suite of gateways expects.
pub(super) async fn link(
    exchange: &Exchange<'_>,
    target: &Target,
    text: &ByteString,
    mtime: Option<Mtime>,
) -> Result<Response, GatewayError> {
    let etag = format!("\"{}\"", target.cid());
    let headers = &exchange.request.headers;
    if conditional::is_known(headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let content = Content {
        source: Source::Bytes(text.as_bytes().to_vec().into()),
        media_type: MediaType::Known("inode/symlink"),
        etag: &etag,
        mtime,
        max_ranged: 0,
    };
    send(content, target, &exchange.request.method, headers).await
}
