//! `log/ls`.

use crate::kubo::StringList;

command! {
    /// List the parts of the program that write to the log.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-log-ls>
    pub struct LogLs: "log/ls" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<StringList>,
        safe: true,
        needs: Repository,
        text: |_, list, out| list.lines(out),
    }
}
