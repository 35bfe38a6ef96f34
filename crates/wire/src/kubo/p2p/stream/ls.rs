//! `p2p/stream/ls`.

use serde::{Deserialize, Serialize};

/// Open tunnels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct P2pStreams {
    /// The tunnels.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub streams: Vec<P2pStream>,
}

/// An open tunnel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct P2pStream {
    /// Its number.
    #[serde(rename = "HandlerID")]
    pub handler_id: String,
    /// Its protocol.
    pub protocol: String,
    /// The multiaddr that it comes from.
    pub origin_address: String,
    /// The multiaddr that it leads to.
    pub target_address: String,
}

command! {
    /// List open tunnels.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-p2p-stream-ls>
    pub struct P2pStreamLs: "p2p/stream/ls" {
        arguments {}
        options {
            /// Print table headers.
            headers: bool = "headers" | "v", false;
        }
        body: NoBody,
        reply: One<P2pStreams>,
        safe: true,
        needs: Repository,
        text: |request, list, out| {
            let head = request.headers.then(|| ["ID", "Protocol", "Origin", "Target"].map(str::to_owned));
            let row = |stream: &P2pStream| {
                [
                    stream.handler_id.clone(),
                    stream.protocol.clone(),
                    stream.origin_address.clone(),
                    stream.target_address.clone(),
                ]
            };
            let rows: Vec<_> = head.into_iter().chain(list.streams.iter().map(row)).collect();
            crate::text::columns(&rows, out);
        },
    }
}
