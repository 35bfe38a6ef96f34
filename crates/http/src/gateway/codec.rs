//! Blocks of JSON, CBOR, DAG-JSON and DAG-CBOR.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/path-gateway/#response-payload>, <https://specs.ipfs.tech/ipips/ipip-0524/>

use axum::response::Response;
use cairn_primitives::{Codec, codec};
use http::{Method, header};

use super::error::GatewayError;
use super::format::Format;
use super::page::{self, dag};
use super::response::{self, disposition_or, not_modified, page_not_modified, with_slash};
use super::send::{Content, MediaType, Source, send};
use super::target::Target;
use super::{Exchange, Gateway, conditional};

/// The format that a codec is served in, if it is one of these.
pub(super) fn format_of(codec: Codec) -> Option<Format> {
    match codec {
        Codec::JSON => Some(Format::Json),
        Codec::CBOR => Some(Format::Cbor),
        Codec::DAG_JSON => Some(Format::DagJson),
        Codec::DAG_CBOR => Some(Format::DagCbor),
        _ => None,
    }
}

/// A path that ends inside a block.
pub(super) fn inside(target: &Target) -> GatewayError {
    let block = target.cid();
    let rest = target
        .traced
        .resolved
        .remainder_path()
        .to_text()
        .into_owned();
    GatewayError::NotImplemented(format!(
        "{rest:?} below {block} is a value inside that block, and only whole blocks are served: try /ipfs/{block} instead"
    ))
}

/// Serves a block in a format: as it is if its codec has that format, otherwise converted, where the configuration allows it.
pub(super) async fn serve(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    target: &Target,
) -> Result<Response, GatewayError> {
    if target.is_inside() {
        return Err(inside(target));
    }
    let cid = target.cid();
    let own = format_of(cid.codec());
    let asked = exchange.format.format;
    let is_dag = matches!(own, Some(Format::DagJson | Format::DagCbor));
    let query = &exchange.query;
    let is_download = query.loose(&["download"]) == Some("true");
    if asked == Format::Content && is_dag && page::is_wanted(exchange) && !is_download {
        return preview(gateway, exchange, target).await;
    }
    let format = match (asked, own) {
        (Format::Content, Some(own)) => own,
        (asked, _) => asked,
    };
    let as_it_is = match format {
        Format::Json => matches!(own, Some(Format::Json | Format::DagJson)),
        Format::Cbor => matches!(own, Some(Format::Cbor | Format::DagCbor)),
        format => own == Some(format),
    };
    let to = match format {
        Format::DagJson => Some(Codec::DAG_JSON),
        Format::DagCbor => Some(Codec::DAG_CBOR),
        _ => None,
    };
    if !as_it_is && (to.is_none() || !gateway.settings.converts) {
        let codec = cid.codec();
        let codec = codec
            .name()
            .map_or_else(|| format!("{:#x}", codec.0), str::to_owned);
        return Err(GatewayError::NotAcceptable(format!(
            "format {:?} requested but block has codec {codec:?}: codec conversion is not supported, fetch raw block with ?format=raw and convert client-side",
            format.media_type()
        )));
    }
    let etag = format!("\"{cid}.{}\"", format.name());
    let headers = &exchange.request.headers;
    if conditional::is_known(headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let mut data = exchange.blocks.get(cid).await?;
    if !as_it_is && let Some(to) = to {
        let converted = codec::convert(cid.codec(), to, &data).map_err(|error| {
            GatewayError::NotAcceptable(format!("{cid} cannot be converted: {error}"))
        })?;
        data = converted.into();
    }
    let content = Content {
        source: Source::Bytes(data),
        media_type: MediaType::Known(format.media_type()),
        etag: &etag,
        mtime: None,
        max_ranged: 0,
    };
    let mut response = send(content, target, &exchange.request.method, headers).await?;
    let is_json = matches!(format, Format::Json | Format::DagJson);
    let extension = if is_json { "json" } else { "cbor" };
    // Browsers show JSON, and have nothing to show CBOR with.
    let attachment = is_download || !is_json;
    let name = || format!("{cid}.{extension}");
    let out = response.headers_mut();
    disposition_or(out, attachment, exchange.filename(), name);
    Ok(response)
}

/// A page that shows a block to a person.
async fn preview(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    target: &Target,
) -> Result<Response, GatewayError> {
    let uri = &exchange.request.uri;
    if !uri.path().ends_with('/') {
        return Ok(with_slash(uri));
    }
    let etag = format!("\"DagIndex-{}_CID-{}\"", page::VERSION, target.cid());
    if conditional::is_known(&exchange.request.headers, &etag) {
        return Ok(page_not_modified(target, &etag));
    }
    let data = exchange.blocks.get(target.cid()).await?;
    let text = dag::page(target, &exchange.origin, &data, gateway.settings.converts);
    let length = text.len() as u64;
    let body = if exchange.request.method == Method::HEAD {
        axum::body::Body::empty()
    } else {
        text.into()
    };
    let mut response = response::page(body, target, &etag);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    Ok(response)
}
