//! `diag/cmds/set-time`.

command! {
    /// Set for how long ended commands are listed.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-diag-cmds-set-time>
    pub struct DiagCmdsSetTime: "diag/cmds/set-time" {
        arguments {
            /// Duration, such as `1h30m`.
            time: String = required "time",
        }
        options {}
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
