//! `p2p/forward`.

command! {
    /// Forward local connections to a peer.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-p2p-forward>
    pub struct P2pForward: "p2p/forward" {
        arguments {
            /// Protocol, such as `/x/name`.
            protocol: String = required "protocol",
            /// Multiaddr to listen on.
            listen: String = required "listen-address",
            /// Multiaddr to connect to.
            target: String = required "target-address",
        }
        options {
            /// Allow protocols that do not begin with `/x/`.
            allow_custom_protocol: bool = "allow-custom-protocol", false;
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
