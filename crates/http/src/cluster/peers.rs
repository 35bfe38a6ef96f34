//! What other peers ask for, on paths of their own ([`cairn_wire::peers`]). They authenticate with a token of the secret that
//! the peers share, instead of as users.

use std::sync::Arc;

use axum::Router;
use cairn_services::cluster::{AuthRefusal, Cluster};
use cairn_store::shared::SharedError;
use cairn_wire::cluster::CidText;
use cairn_wire::peers::{CollectHere, GetDag, Peers, Removed};
use cairn_wire::rest::{Access, Denial, Fault, Scheme};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue};

use super::error::of;
use crate::mount_endpoints;
use crate::rest::{self, Answer, Attempt, Download, ErrorResponse, Handler, Input};

/// The prefix of these paths.
pub(super) const PREFIX: &str = "/cairn/";

/// What the handlers share.
#[derive(Clone, Debug)]
struct PeersFace {
    cluster: Arc<Cluster>,
}

/// The router of these endpoints.
pub(super) fn router(cluster: Arc<Cluster>) -> Router {
    cairn_wire::peer_endpoints!(mount_endpoints).into_router(PeersFace { cluster })
}

impl rest::Service for PeersFace {
    type Api = Peers;
    /// The other peer.
    type Caller = String;

    async fn authenticate(&self, attempt: Attempt<'_>, _: &mut HeaderMap) -> Result<String, Fault> {
        if attempt.access == Access::Open {
            return Ok(String::new());
        }
        let credential = attempt.credential.map_err(Fault::from)?;
        if credential.scheme != Scheme::Bearer {
            return Err(Fault::from(Denial::Missing));
        }
        let peer = self.cluster.authenticate_peer(credential.secret).await;
        peer.map_err(|refusal| match refusal {
            AuthRefusal::Rows(error) => {
                tracing::warn!(%error, "cannot authenticate another peer");
                match error {
                    SharedError::Unreachable(_) | SharedError::Closed => Fault::Unavailable,
                    _ => Fault::Internal,
                }
            }
            _ => Fault::from(Denial::Malformed),
        })
    }
}

impl Handler<PeersFace> for GetDag {
    async fn handle(
        self,
        call: Input<PeersFace, Self>,
    ) -> Result<Answer<Self>, ErrorResponse<Peers>> {
        let pieces = call.service.cluster.archive(&self.cid, self.depth);
        let bytes = pieces.map(|piece| {
            piece.map_err(|error| {
                tracing::warn!(%error, "an archive for another peer was cut off");
                ErrorResponse::from(Fault::Internal)
            })
        });
        Ok(Download {
            media_type: HeaderValue::from_static("application/vnd.ipld.car"),
            length: None,
            bytes: bytes.boxed(),
        })
    }
}

impl Handler<PeersFace> for CollectHere {
    async fn handle(
        self,
        call: Input<PeersFace, Self>,
    ) -> Result<Answer<Self>, ErrorResponse<Peers>> {
        let removed = call.service.cluster.collect_here().await;
        let removed = removed.map_err(|error| {
            let refusal = of(&error);
            ErrorResponse {
                status: refusal.status,
                body: refusal.body,
            }
        })?;
        Ok(Removed {
            keys: removed.into_iter().map(CidText).collect(),
        })
    }
}
