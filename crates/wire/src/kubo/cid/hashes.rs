//! `cid/hashes`.

use super::bases::Named;
use super::codecs::table;
use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Lists the hash functions of CIDs.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-hashes>
    pub struct CidHashes: "cid/hashes" {
        arguments {}
        options {
            /// Write the codes as well.
            numeric: bool = "numeric" | "n", false;
            /// Changes nothing: all that are listed can be computed here.
            supported: bool = "supported" | "s", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::One, Vec<Named>,
        text: |request, hashes, out| table(hashes, request.numeric, out),
    }
}
