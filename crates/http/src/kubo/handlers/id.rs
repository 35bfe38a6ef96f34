//! `id`.

use base64::Engine as _;
use cairn_primitives::keys::PeerId;
use cairn_primitives::multibase;
use cairn_wire::kubo::id::{Id, PeerInfo};

use super::super::{AGENT, Answer, Call, Failure, Handler};

impl Handler for Id {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let show = |peer: &PeerId| -> Result<String, Failure> {
            if self.peerid_base == "b58mh" || self.peerid_base.is_empty() {
                return Ok(peer.to_string());
            }
            let base = multibase::by_name(&self.peerid_base).map_err(|_| {
                Failure::normal(format!(
                    "unsupported multibase encoding: {}",
                    self.peerid_base
                ))
            })?;
            Ok(peer.to_cid().encode(base))
        };
        let own = call.node().identity();
        if let Some(text) = &self.peer {
            let peer: PeerId = text
                .parse()
                .map_err(|_| Failure::normal("invalid peer id"))?;
            if peer != own.peer_id() && call.is_offline() {
                // What is known without contacting peers.
                return Ok(PeerInfo {
                    id: show(&peer)?,
                    // A short key is contained in the peer ID.
                    public_key: peer.hash().identity_data().map(encoded).unwrap_or_default(),
                    addresses: Some(vec![format!("/p2p/{peer}")]),
                    agent_version: String::new(),
                    protocols: None,
                });
            }
            if peer != own.peer_id() {
                return Err(Failure::normal(
                    "'ipfs id' cannot query information on remote peers without a running daemon; if you only want to convert --peerid-base, pass --offline option",
                ));
            }
        }
        Ok(PeerInfo {
            id: show(&own.peer_id())?,
            public_key: encoded(&own.keys().public().encode()),
            addresses: None,
            agent_version: AGENT.to_owned(),
            protocols: None,
        })
    }
}

/// A key as text.
fn encoded(key: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(key)
}
