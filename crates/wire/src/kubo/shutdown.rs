//! `shutdown`.

command! {
    /// Stop the daemon.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-shutdown>
    pub struct Shutdown: "shutdown" {
        arguments {}
        options {}
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |_, (), _| (),
    }
}
