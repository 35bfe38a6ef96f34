//! `swarm/filters`.

use crate::kubo::StringList;

command! {
    /// List address filters.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-filters>
    pub struct SwarmFilters: "swarm/filters" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<StringList>,
        safe: true,
        needs: Repository,
        text: |_, list, out| list.lines(out),
    }
}
