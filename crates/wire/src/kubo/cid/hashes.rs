//! `cid/hashes`.

use super::bases::Named;
use super::codecs::table;

command! {
    /// List multihash functions.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-hashes>
    pub struct CidHashes: "cid/hashes" {
        arguments {}
        options {
            /// Include the numeric codes.
            numeric: bool = "numeric" | "n", false;
            /// List only supported functions; all listed ones are.
            supported: bool = "supported" | "s", false;
        }
        body: NoBody,
        reply: One<Vec<Named>>,
        safe: true,
        needs: Nothing,
        text: |request, hashes, out| table(hashes, request.numeric, out),
    }
}
