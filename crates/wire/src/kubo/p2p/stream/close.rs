//! `p2p/stream/close`.

command! {
    /// Close tunnels.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-p2p-stream-close>
    pub struct P2pStreamClose: "p2p/stream/close" {
        arguments {
            /// Number of the tunnel.
            id: Option<String> = optional "id",
        }
        options {
            /// Close all tunnels.
            all: bool = "all" | "a", false;
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
