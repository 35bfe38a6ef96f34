//! `multibase/list`.

use crate::kubo::cid::bases::{Named, table};

command! {
    /// List multibase encodings.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-list>
    pub struct MultibaseList: "multibase/list" {
        arguments {}
        options {
            /// Include the single-character prefixes.
            prefix: bool = "prefix", false;
            /// Include the numeric codes.
            numeric: bool = "numeric", false;
        }
        body: NoBody,
        reply: One<Vec<Named>>,
        safe: true,
        needs: Nothing,
        text: |request, bases, out| table(bases, request.prefix, request.numeric, out),
    }
}
