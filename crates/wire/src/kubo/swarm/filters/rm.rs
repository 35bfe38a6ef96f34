//! `swarm/filters/rm`.

use crate::kubo::StringList;

command! {
    /// Remove address filters.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-filters-rm>
    pub struct SwarmFiltersRm: "swarm/filters/rm" {
        arguments {
            /// Address ranges; `all` for every filter.
            addresses: Vec<String> = required "address",
        }
        options {}
        body: NoBody,
        reply: One<StringList>,
        safe: false,
        needs: Repository,
        text: |_, list, out| list.lines(out),
    }
}
