//! `p2p/ls`.

use serde::{Deserialize, Serialize};

/// Active listeners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct P2pListeners {
    /// The listeners.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub listeners: Vec<P2pListener>,
}

/// A listener.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct P2pListener {
    /// Its protocol.
    pub protocol: String,
    /// The multiaddr that it listens on.
    pub listen_address: String,
    /// The multiaddr that it forwards to.
    pub target_address: String,
}

command! {
    /// List active listeners.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-p2p-ls>
    pub struct P2pLs: "p2p/ls" {
        arguments {}
        options {
            /// Print table headers.
            headers: bool = "headers" | "v", false;
        }
        body: NoBody,
        reply: One<P2pListeners>,
        safe: true,
        needs: Repository,
        text: |request, list, out| {
            let head = request.headers.then(|| ["Protocol", "Listen Address", "Target Address"].map(str::to_owned));
            let row = |listener: &P2pListener| {
                [listener.protocol.clone(), listener.listen_address.clone(), listener.target_address.clone()]
            };
            let rows: Vec<_> = head.into_iter().chain(list.listeners.iter().map(row)).collect();
            crate::text::columns(&rows, out);
        },
    }
}
