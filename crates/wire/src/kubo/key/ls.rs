//! `key/ls`.

use super::{KeyList, write_keys};

command! {
    /// List all key pairs.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-key-ls>
    pub struct KeyLs: "key/ls" {
        arguments {}
        options {
            /// Print key IDs with the names.
            long: bool = "l", false;
            /// Encoding of key IDs: `b58mh`, or a multibase for CIDv1.
            ipns_base: String = "ipns-base", "base36".to_owned(), values ["base36", "b58mh", "base32"];
        }
        body: NoBody,
        reply: One<KeyList>,
        safe: true,
        needs: Repository,
        aliases: ["key/list"],
        text: |request, list, out| write_keys(list, request.long, out),
    }
}
