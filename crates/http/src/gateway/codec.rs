//! Blocks of JSON, CBOR, DAG-JSON and DAG-CBOR.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/path-gateway/#response-payload>, <https://specs.ipfs.tech/ipips/ipip-0524/>

use axum::response::Response;
use cairn_primitives::{Codec, codec};
use http::{HeaderValue, Method, StatusCode, header};

use super::error::GatewayError;
use super::format::Format;
use super::page::{self, dag};
use super::response::{cache_page, describe, disposition, not_modified, put, redirect};
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
    let suffix = match format {
        Format::Json => "json",
        Format::Cbor => "cbor",
        Format::DagJson => "dag-json",
        _ => "dag-cbor",
    };
    let etag = format!("\"{cid}.{suffix}\"");
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
    match exchange.filename() {
        Some(name) => disposition(response.headers_mut(), attachment, name),
        None => {
            let name = format!("{cid}.{extension}");
            disposition(response.headers_mut(), attachment, &name);
        }
    }
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
        let query = uri.query().map(|query| format!("?{query}"));
        let to = format!("{}/{}", uri.path(), query.unwrap_or_default());
        return Ok(redirect(StatusCode::MOVED_PERMANENTLY, &to));
    }
    let etag = format!("\"DagIndex-{}_CID-{}\"", page::VERSION, target.cid());
    if conditional::is_known(&exchange.request.headers, &etag) {
        let mut response = not_modified(target, &etag);
        cache_page(response.headers_mut(), target.validity);
        return Ok(response);
    }
    let data = exchange.blocks.get(target.cid()).await?;
    let text = dag::page(target, &exchange.origin, &data, gateway.settings.converts);
    let length = text.len() as u64;
    let body = if exchange.request.method == Method::HEAD {
        axum::body::Body::empty()
    } else {
        text.into()
    };
    let mut response = Response::new(body);
    let out = response.headers_mut();
    describe(out, target, &etag);
    cache_page(out, target.validity);
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    out.insert(header::CONTENT_LENGTH, length.into());
    put(out, header::CONTENT_SECURITY_POLICY, page::policy());
    Ok(response)
}
