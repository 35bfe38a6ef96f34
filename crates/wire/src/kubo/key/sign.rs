//! `key/sign`.

use serde::{Deserialize, Serialize};

use super::Key;

/// A signature, and the key that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeySignature {
    /// The key.
    pub key: Key,
    /// The signature as multibase text.
    pub signature: String,
}

command! {
    /// Sign data with a key.
    ///
    /// The text `libp2p-key signed message:` is put before the data, so that a signature can be used for nothing else.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-key-sign>
    pub struct KeySign: "key/sign" {
        arguments {}
        options {
            /// Name of the key [default: this node's own key].
            key: Option<String> = "key" | "k", None;
            /// Encoding of key IDs: `b58mh`, or a multibase for CIDv1.
            ipns_base: String = "ipns-base", "base36".to_owned(), values ["base36", "b58mh", "base32"];
        }
        body: Files { name: "data", many: false, recursive: false },
        reply: Many<KeySignature>,
        never_empty: true,
        safe: true,
        needs: Repository,
        text: |_, signature, out| super::super::write_json(signature, out),
    }
}
