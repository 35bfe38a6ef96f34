//! Serves directories: their `index.html`, or a list of their entries.

use axum::body::Body;
use axum::response::Response;
use cairn_dag::export::{Content, Node as Opened};
use cairn_dag::list::Lister;
use cairn_dag::resolve::{self, ResolveError};
use cairn_primitives::path::Namespace;
use futures_util::StreamExt as _;
use http::Method;

use super::error::GatewayError;
use super::page::{self, listing::Page};
use super::response::{self, not_modified, page_not_modified, with_slash};
use super::send::{self, MediaType, Source};
use super::target::Target;
use super::{Exchange, Gateway, conditional, refuse_cids};

/// Serves a directory, whose blocks are `tree_size` bytes.
pub(super) async fn serve(
    gateway: &Gateway,
    exchange: &Exchange<'_>,
    target: &Target,
    tree_size: u64,
) -> Result<Response, GatewayError> {
    let uri = &exchange.request.uri;
    // Links on pages are relative to the directory. `go get` follows no redirects here.
    if !uri.path().ends_with('/') && exchange.query.loose(&["go-get"]) != Some("1") {
        return Ok(with_slash(uri));
    }
    let names = [&b"index.html"[..]];
    match resolve::below(&exchange.blocks, Namespace::Ipfs, target.cid(), &names).await {
        Ok(index) => {
            refuse_cids(gateway, std::slice::from_ref(&index.cid))?;
            let etag = format!("\"{}\"", target.cid());
            let headers = &exchange.request.headers;
            if conditional::is_known(headers, &etag) {
                return Ok(not_modified(target, &etag));
            }
            let opened = Opened::open(&exchange.blocks, &index.cid).await?;
            let mtime = opened.mtime;
            let Content::File(reader) = opened.content else {
                return Err(GatewayError::NotAcceptable(
                    "index.html could not be read: not a file".to_owned(),
                ));
            };
            let content = send::Content {
                source: Source::File(Box::new(reader)),
                media_type: MediaType::Known("text/html"),
                etag: &etag,
                mtime,
                max_ranged: gateway.settings.max_ranged,
            };
            send::send(content, target, &exchange.request.method, headers).await
        }
        Err(ResolveError::NoLink { .. }) => list(exchange, target, tree_size).await,
        Err(error) => Err(error.into()),
    }
}

async fn list(
    exchange: &Exchange<'_>,
    target: &Target,
    tree_size: u64,
) -> Result<Response, GatewayError> {
    let etag = format!("\"DirIndex-{}_CID-{}\"", page::VERSION, target.cid());
    if conditional::is_known(&exchange.request.headers, &etag) {
        return Ok(page_not_modified(target, &etag));
    }
    let body = if exchange.request.method == Method::HEAD {
        Body::empty()
    } else {
        let entries = Lister::open_known(&exchange.blocks, target.cid()).await?;
        let url_path = exchange.request.uri.path();
        let page = Page::new(entries, target, &exchange.origin, url_path, tree_size);
        // An error before the first piece has a status of its own.
        match page.piece().await? {
            None => Body::empty(),
            Some((first, page)) => {
                let first = futures_util::stream::iter([Ok(first)]);
                let rest = futures_util::stream::try_unfold(page, Page::piece);
                response::streamed(first.chain(rest))
            }
        }
    };
    Ok(response::page(body, target, &etag))
}
