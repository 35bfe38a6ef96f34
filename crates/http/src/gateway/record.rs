//! IPNS records, which a client can verify.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/trustless-gateway/#ipns-record-responses-application-vnd-ipfs-ipns-record>

use std::time::SystemTime;

use axum::body::Body;
use axum::response::Response;
use cairn_primitives::PeerId;
use cairn_primitives::path::ContentPath;
use http::{HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

use super::error::GatewayError;
use super::format::Format;
use super::response::{disposition_or, path_header, put, short_hex};
use super::{Exchange, Gateway, conditional};

/// The best record that is known of a name.
pub(super) async fn serve(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    path: &ContentPath,
) -> Result<Response, GatewayError> {
    let bad = |text: &str| GatewayError::Bad(text.to_owned());
    if !path.is_mutable() {
        return Err(bad("only names below /ipns have records"));
    }
    if path.names().next().is_some() {
        return Err(bad(
            "cannot find ipns key for subpath: ask for the name alone",
        ));
    }
    let name = path.root();
    let key: PeerId = name
        .parse()
        .map_err(|_| bad("only keys have records: a domain has a DNSLink instead"))?;
    let options = gateway.name_options(exchange);
    let record = gateway.node.name_system().record(&key, &options).await;
    let record = record.map_err(GatewayError::from)?;
    let etag = format!("\"{}\"", short_hex(&Sha256::digest(record.as_bytes())));
    let is_known = conditional::is_known(&exchange.request.headers, &etag);
    let body = if is_known {
        Body::empty()
    } else {
        Body::from(record.as_bytes().clone())
    };
    let mut response = Response::new(body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    put(out, header::ETAG, &etag);
    put(
        out,
        HeaderName::from_static("x-ipfs-path"),
        &path_header(path.as_bytes()),
    );
    if let Some(ttl) = record.cache_for(SystemTime::now()) {
        let value = format!("public, max-age={}", ttl.as_secs());
        put(out, header::CACHE_CONTROL, &value);
    }
    put(out, header::CONTENT_TYPE, Format::IpnsRecord.media_type());
    out.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if !is_known {
        out.insert(header::CONTENT_LENGTH, record.as_bytes().len().into());
    }
    let own = || format!("{name}.ipns-record");
    disposition_or(out, true, exchange.filename(), own);
    Ok(response)
}
