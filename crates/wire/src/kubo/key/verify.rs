//! `key/verify`.

use serde::{Deserialize, Serialize};

use super::Key;

/// Whether a signature is valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyVerification {
    /// The key.
    pub key: Key,
    /// Whether the key made the signature, of this data.
    pub signature_valid: bool,
}

command! {
    /// Verify a signature made by `key sign`.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-key-verify>
    pub struct KeyVerify: "key/verify" {
        arguments {}
        options {
            /// Name of the key, or an IPNS name or peer ID [default: this node's own key].
            key: Option<String> = "key" | "k", None;
            /// Signature to verify, as multibase text.
            signature: Option<String> = "signature" | "s", None;
            /// Encoding of key IDs: `b58mh`, or a multibase for CIDv1.
            ipns_base: String = "ipns-base", "base36".to_owned(), values ["base36", "b58mh", "base32"];
        }
        body: Files { name: "data", many: false, recursive: false },
        reply: Many<KeyVerification>,
        never_empty: true,
        safe: true,
        needs: Repository,
        text: |_, verification, out| super::super::write_json(verification, out),
    }
}
