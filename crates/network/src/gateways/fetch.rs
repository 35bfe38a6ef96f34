//! Requests to gateways.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_store::exchange::VerifiedBlock;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{StatusCode, header};

use super::BLOCK;
use super::origin::Origin;
use crate::https::{self, BodyError, ClientError};
use crate::reach::is_public_ip;

/// The media type of a block.
const RAW: &str = "application/vnd.ipld.raw";

/// Sends requests.
pub(super) struct Fetcher {
    /// For gateways of the configuration, which may be in the local network.
    listed: reqwest::Client,
    /// For gateways that others named.
    found: reqwest::Client,
}

impl Fetcher {
    pub(super) fn new(timeout: Duration) -> Result<Self, ClientError> {
        let found = https::builder(timeout)?
            .dns_resolver(Arc::new(PublicOnly))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            listed: https::client(timeout)?,
            found,
        })
    }

    /// Fetches a block; `None` if the gateway does not have it, or failed.
    pub(super) async fn fetch(&self, origin: &Origin, cid: &Cid) -> Option<VerifiedBlock> {
        let url = format!("{}/ipfs/{cid}?format=raw", origin.base());
        let client = if origin.is_found() {
            &self.found
        } else {
            &self.listed
        };
        let request = client.get(&url).header(header::ACCEPT, RAW);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                tracing::debug!(url, %error, "a gateway does not answer");
                origin.failed();
                return None;
            }
        };
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND
            | StatusCode::GONE
            | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => {
                origin.succeeded();
                return None;
            }
            status => {
                tracing::debug!(url, %status, "a gateway refused a request");
                origin.failed();
                return None;
            }
        }
        let data = match https::read(response, BLOCK).await {
            Ok(data) => data,
            Err(BodyError::Http(_)) => {
                origin.failed();
                return None;
            }
            Err(BodyError::TooLarge) => {
                origin.lied();
                return None;
            }
        };
        // Hashing a large block takes milliseconds.
        let cid = cid.clone();
        let verified = tokio::task::spawn_blocking(move || VerifiedBlock::new(cid, data)).await;
        match verified {
            Ok(Ok(block)) => {
                origin.succeeded();
                Some(block)
            }
            Ok(Err(_)) => {
                origin.lied();
                None
            }
            Err(_) => None,
        }
    }
}

/// Resolves names to public addresses only, so that nobody makes this node send requests to its local network.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public_ip(found.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::other("the host has no public address").into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
