//! `routing/reprovide`.

command! {
    /// Announce again all content that this node provides.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-routing-reprovide>
    pub struct RoutingReprovide: "routing/reprovide" {
        arguments {}
        options {}
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        aliases: ["bitswap/reprovide"],
        text: |_, (), _| (),
    }
}
