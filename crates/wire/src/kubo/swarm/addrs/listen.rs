//! `swarm/addrs/listen`.

use crate::kubo::StringList;

command! {
    /// List the addresses on which this node listens.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-addrs-listen>
    pub struct SwarmAddrsListen: "swarm/addrs/listen" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<StringList>,
        safe: true,
        needs: Repository,
        text: |_, list, out| list.lines(out),
    }
}
