//! `log/tail`.

command! {
    /// Print log messages as they are written.
    ///
    /// Messages are printed as JSON, one a line, as far as the level of the log lets them through.
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-log-tail>
    pub struct LogTail: "log/tail" {
        arguments {}
        options {
            /// Least level of the messages.
            log_level: String = "log-level", String::new();
        }
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        text: |_, (), _| (),
    }
}
