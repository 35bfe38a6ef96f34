//! Trustless formats, which a client can verify: raw blocks and CARs.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/trustless-gateway/>

use axum::body::Body;
use axum::response::Response;
use cairn_dag::Blocks;
use cairn_dag::export::Car;
use cairn_wire::Values;
use http::{HeaderMap, HeaderValue, header};

use super::error::GatewayError;
use super::{Target, conditional, describe, not_modified};

/// The requested format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrustlessFormat {
    Content,
    Raw,
    Car,
}

/// The format in `?format=` or `Accept`; `?format=` has precedence.
pub(super) fn requested_format(
    query: &Values,
    headers: &HeaderMap,
) -> Result<TrustlessFormat, GatewayError> {
    match query.loose(&["format"]) {
        Some("raw") => return Ok(TrustlessFormat::Raw),
        Some("car") => return Ok(TrustlessFormat::Car),
        Some(other) => {
            return Err(GatewayError::Bad(format!(
                "unsupported format {other:?}: expected raw or car"
            )));
        }
        None => {}
    }
    let accepts = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for media_type in accepts {
        match media_type.split(';').next().unwrap_or_default().trim() {
            "application/vnd.ipld.raw" => return Ok(TrustlessFormat::Raw),
            "application/vnd.ipld.car" => return Ok(TrustlessFormat::Car),
            _ => {}
        }
    }
    Ok(TrustlessFormat::Content)
}

/// Only the block.
pub(super) async fn raw(
    blocks: &Blocks,
    target: &Target,
    headers: &HeaderMap,
) -> Result<Response, GatewayError> {
    let etag = format!("\"{}.raw\"", target.cid);
    if conditional::is_known(headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let data = blocks.get(&target.cid).await?;
    let length = data.len() as u64;
    let mut response = Response::new(Body::from(data));
    let out = response.headers_mut();
    describe(out, target, &etag);
    out.insert(header::CONTENT_LENGTH, length.into());
    name(
        out,
        "application/vnd.ipld.raw",
        &format!("{}.bin", target.cid),
    );
    Ok(response)
}

/// The block and everything below it.
pub(super) async fn car(
    blocks: &Blocks,
    target: &Target,
    headers: &HeaderMap,
) -> Result<Response, GatewayError> {
    let etag = format!("W/\"{}.car\"", target.cid);
    if conditional::is_known(headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let car = Car::open(blocks, &target.cid, false).await?;
    let mut response = Response::new(super::streamed(car.into_stream()));
    let out = response.headers_mut();
    describe(out, target, &etag);
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    name(
        out,
        "application/vnd.ipld.car; version=1; order=dfs; dups=n",
        &format!("{}.car", target.cid),
    );
    Ok(response)
}

fn name(headers: &mut HeaderMap, media_type: &'static str, file: &str) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
}
