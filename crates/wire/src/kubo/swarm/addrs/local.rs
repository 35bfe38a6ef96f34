//! `swarm/addrs/local`.

use crate::kubo::StringList;

command! {
    /// List the addresses that this node announces.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-addrs-local>
    pub struct SwarmAddrsLocal: "swarm/addrs/local" {
        arguments {}
        options {
            /// Append the peer ID to each address.
            id: bool = "id", false;
        }
        body: NoBody,
        reply: One<StringList>,
        safe: true,
        needs: Repository,
        text: |_, list, out| list.lines(out),
    }
}
