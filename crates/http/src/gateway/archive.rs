//! Tar archives of files and directories.
//!
//! Spec: <https://specs.ipfs.tech/ipips/ipip-0288/>

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::response::Response;
use cairn_dag::NodeError;
use cairn_dag::export::{ExportError, Node, Tar, TarOptions};
use cairn_primitives::unixfs::Mtime;
use http::{HeaderValue, Method, header};

use super::error::GatewayError;
use super::response::{describe, disposition_or, modified, not_modified, streamed};
use super::target::Target;
use super::{Exchange, conditional};

/// The content as an archive with one member on top, named by its CID.
pub(super) async fn serve(
    exchange: &Exchange<'_>,
    target: &Target,
) -> Result<Response, GatewayError> {
    let cid = target.cid();
    // Members without a time have that of the export.
    let etag = format!("W/\"{cid}.x-tar\"");
    if conditional::is_known(&exchange.request.headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let node = match Node::open(&exchange.blocks, cid).await {
        Err(ExportError::Node(NodeError::UnknownType { .. } | NodeError::NotUnixFs { .. })) => {
            return Err(GatewayError::NotAcceptable(format!(
                "only files and directories can be archived, and {cid} is neither: try ?format=car"
            )));
        }
        node => node?,
    };
    let mtime = node.mtime;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    let options = TarOptions {
        now: Mtime::from_seconds(now),
        nanos: false,
        relative: true,
    };
    let mut tar = Tar::new(node, cid.to_string().as_bytes(), options)?;
    let body = if exchange.request.method == Method::HEAD {
        Body::empty()
    } else {
        // What is wrong with the first members has a status of its own.
        let mut first = Vec::new();
        let mut read = 0;
        while read < 64 << 10
            && let Some(bytes) = tar.next().await?
        {
            read += bytes.len();
            first.push(Ok(bytes));
        }
        let rest = futures_util::stream::try_unfold(tar, |mut tar| async move {
            let next = tar.next().await?;
            Ok::<_, ExportError>(next.map(|bytes| (bytes, tar)))
        });
        use futures_util::StreamExt as _;
        streamed(futures_util::stream::iter(first).chain(rest))
    };
    let mut response = Response::new(body);
    let out = response.headers_mut();
    describe(out, target, &etag);
    modified(out, mtime);
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-tar"),
    );
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    disposition_or(out, true, exchange.filename(), || format!("{cid}.tar"));
    Ok(response)
}
