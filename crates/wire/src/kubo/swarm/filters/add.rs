//! `swarm/filters/add`.

use crate::kubo::StringList;

command! {
    /// Add address filters.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-filters-add>
    pub struct SwarmFiltersAdd: "swarm/filters/add" {
        arguments {
            /// Address ranges, such as `/ip4/192.168.0.0/ipcidr/16`.
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
