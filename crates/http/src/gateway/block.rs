//! Raw blocks, which a client can verify.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/trustless-gateway/#block-responses-application-vnd-ipld-raw>

use axum::response::Response;

use super::error::GatewayError;
use super::format::Format;
use super::response::{disposition_or, not_modified};
use super::send::{Content, MediaType, Source, send};
use super::target::Target;
use super::{Exchange, conditional};

/// Only the block.
pub(super) async fn serve(
    exchange: &Exchange<'_>,
    target: &Target,
) -> Result<Response, GatewayError> {
    let cid = target.cid();
    let text = cid.to_string();
    let etag = ["\"", &text, ".raw\""].concat();
    let headers = &exchange.request.headers;
    if conditional::is_known(headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let content = Content {
        source: Source::Bytes(exchange.blocks.get(cid).await?),
        media_type: MediaType::Known(Format::Raw.media_type()),
        etag: &etag,
        mtime: None,
        max_ranged: 0,
    };
    let mut response = send(content, target, &exchange.request.method, headers).await?;
    let name = || text + ".bin";
    disposition_or(response.headers_mut(), true, exchange.filename(), name);
    Ok(response)
}
