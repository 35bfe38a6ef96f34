//! The way to the other peers of the cluster: their faces, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use cairn_client::Retry;
use cairn_client::rest::{CallError, Rest, RestBuilder, RestClient};
use cairn_primitives::Cid;
use cairn_services::backend::import::{Content, SourceError};
use cairn_services::cluster::{LinkError, PeerInfo, PeerLink};
use cairn_wire::cluster::{CidText, Failure};
use cairn_wire::peers::{CollectHere, GetDag, Peers};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;

/// How long another peer may send nothing.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a collection of garbage may take.
const COLLECTION: Duration = Duration::from_secs(3_600);

/// Calls the faces of other peers.
#[derive(Debug)]
pub(crate) struct HttpLink;

/// A client of what peers ask of one another.
struct PeerClient(Rest<Peers>);

impl RestClient for PeerClient {
    type Api = Peers;

    fn from_rest(rest: Rest<Peers>) -> Self {
        Self(rest)
    }
}

/// Clients of the addresses of a peer.
fn clients(
    peer: &PeerInfo,
    token: &str,
    timeout: Duration,
) -> impl Iterator<Item = Result<PeerClient, LinkError>> {
    let id = peer.id.clone();
    peer.api.iter().map(move |address| {
        let builder = RestBuilder::<PeerClient>::new(address.as_str())
            .token(token)
            .timeout(timeout)
            .retry(Retry::NEVER);
        builder.build().map_err(|error| LinkError::Unreachable {
            peer: id.clone(),
            source: Arc::new(error),
        })
    })
}

fn failed(peer: &PeerInfo, error: CallError<Failure>) -> LinkError {
    match error {
        CallError::Refused { status, .. } => LinkError::Refused {
            peer: peer.id.clone(),
            status: status.as_u16(),
        },
        error => LinkError::Unreachable {
            peer: peer.id.clone(),
            source: Arc::new(error),
        },
    }
}

impl PeerLink for HttpLink {
    fn dag<'a>(
        &'a self,
        peer: &'a PeerInfo,
        root: &'a Cid,
        depth: Option<u32>,
        token: String,
    ) -> BoxFuture<'a, Result<Content<'static>, LinkError>> {
        Box::pin(async move {
            let asked = GetDag {
                cid: CidText(root.clone()),
                depth,
            };
            let mut last = LinkError::NoAddress(peer.id.clone());
            for client in clients(peer, &token, TIMEOUT) {
                let called = match client {
                    Ok(PeerClient(rest)) => rest.call(&asked).await,
                    Err(error) => {
                        last = error;
                        continue;
                    }
                };
                match called {
                    Ok(download) => {
                        let pieces =
                            futures_util::stream::try_unfold(download, |mut download| async move {
                                let piece = download.chunk().await;
                                let piece =
                                    piece.map_err(|error| Arc::new(error) as SourceError)?;
                                Ok(piece.map(|piece| (piece, download)))
                            });
                        return Ok(pieces.boxed());
                    }
                    Err(error) => last = failed(peer, error),
                }
            }
            Err(last)
        })
    }

    fn collect<'a>(
        &'a self,
        peer: &'a PeerInfo,
        token: String,
    ) -> BoxFuture<'a, Result<Vec<Cid>, LinkError>> {
        Box::pin(async move {
            let mut last = LinkError::NoAddress(peer.id.clone());
            for client in clients(peer, &token, COLLECTION) {
                match client {
                    Ok(PeerClient(rest)) => match rest.call(&CollectHere {}).await {
                        Ok(removed) => {
                            return Ok(removed.keys.into_iter().map(Cid::from).collect());
                        }
                        Err(error) => last = failed(peer, error),
                    },
                    Err(error) => last = error,
                }
            }
            Err(last)
        })
    }
}
