//! `multibase/list`.

use crate::endpoint::{Body, ReplyKind};
use crate::kubo::cid::bases::{Named, table};

endpoint! {
    /// Lists the bases that texts can be in.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-list>
    pub struct MultibaseList: "multibase/list" {
        arguments {}
        options {
            /// Write the prefixes as well.
            prefix: bool = "prefix", false;
            /// Write the codes as well.
            numeric: bool = "numeric", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::One, Vec<Named>,
        text: |request, bases, out| table(bases, request.prefix, request.numeric, out),
    }
}
