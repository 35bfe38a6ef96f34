//! `diag/healthy`.

command! {
    /// Check whether the node can answer requests.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-diag-healthy>
    pub struct DiagHealthy: "diag/healthy" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<String>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, verdict, out| {
            out.push_str(verdict);
            out.push('\n');
        },
    }
}
