//! `diag/cmds/clear`.

command! {
    /// Forget the commands that have ended.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-diag-cmds-clear>
    pub struct DiagCmdsClear: "diag/cmds/clear" {
        arguments {}
        options {}
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
