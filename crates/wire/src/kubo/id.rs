//! `id`.

use serde::{Deserialize, Serialize};

/// A peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerInfo {
    /// Its peer id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its public key as protobuf in base64.
    #[serde(rename = "PublicKey")]
    pub public_key: String,
    /// Its listen addresses; absent while offline.
    #[serde(rename = "Addresses")]
    pub addresses: Option<Vec<String>>,
    /// Its agent version.
    #[serde(rename = "AgentVersion")]
    pub agent_version: String,
    /// The protocols that it speaks; absent while offline.
    #[serde(rename = "Protocols")]
    pub protocols: Option<Vec<String>>,
    /// The version of its protocols; with `API.Compat = "0.7"` only.
    #[serde(
        rename = "ProtocolVersion",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub protocol_version: Option<String>,
}

command! {
    /// Show the identity of this node.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-id>
    pub struct Id: "id" {
        arguments {
            /// Peer ID to look up [default: this node].
            peer: Option<String> = optional "peerid",
        }
        options {
            /// Output format; `<id>`, `<aver>`, `<pubkey>`, `<addrs>`, `<protocols>`, `\n` and `\t` are replaced.
            format: Option<String> = "format" | "f", None;
            /// Encoding of peer IDs: `b58mh`, or a multibase for CIDv1.
            peerid_base: String = "peerid-base", "b58mh".to_owned();
        }
        body: NoBody,
        reply: One<PeerInfo>,
        safe: true,
        needs: Repository,
        text: |request, peer, out| match &request.format {
            Some(format) => {
                let list = |items: &Option<Vec<String>>| items.as_deref().unwrap_or_default().join("\n");
                let shown = format
                    .replace("<id>", &peer.id)
                    .replace("<aver>", &peer.agent_version)
                    .replace("<pubkey>", &peer.public_key)
                    .replace("<addrs>", &list(&peer.addresses))
                    .replace("<protocols>", &list(&peer.protocols))
                    .replace("\\n", "\n")
                    .replace("\\t", "\t");
                out.push_str(&shown);
            }
            None => {
                out.push_str(&crate::text::pretty(peer, b"\t"));
                out.push('\n');
            }
        },
    }
}
