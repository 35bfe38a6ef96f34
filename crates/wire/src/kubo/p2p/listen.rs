//! `p2p/listen`.

command! {
    /// Forward connections from peers to a local service.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-p2p-listen>
    pub struct P2pListen: "p2p/listen" {
        arguments {
            /// Protocol, such as `/x/name`.
            protocol: String = required "protocol",
            /// Multiaddr to connect to.
            target: String = required "target-address",
        }
        options {
            /// Allow protocols that do not begin with `/x/`.
            allow_custom_protocol: bool = "allow-custom-protocol", false;
            /// Send the peer ID to the service first.
            report_peer_id: bool = "report-peer-id" | "r", false;
            /// Stop when the command is interrupted.
            foreground: bool = "foreground" | "f", false;
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |_, (), _| (),
    }
}
