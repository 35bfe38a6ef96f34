//! `key/gen`.

use super::Key;

command! {
    /// Create a key pair.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-key-gen>
    pub struct KeyGen: "key/gen" {
        examples: [
            "{program} key gen mykey",
            "{program} key gen --type=rsa --size=4096 mykey",
        ],
        arguments {
            /// Name of the key.
            name: String = required "name",
        }
        options {
            /// Type of the key: `ed25519` or `rsa`.
            kind: String = "type" | "t", "ed25519".to_owned(), values ["ed25519", "rsa"];
            /// Size of an RSA key, in bits, 2048 to 8192 [default: 2048].
            size: Option<i32> = "size" | "s", None;
            /// Encoding of key IDs: `b58mh`, or a multibase for CIDv1.
            ipns_base: String = "ipns-base", "base36".to_owned(), values ["base36", "b58mh", "base32"];
        }
        body: NoBody,
        reply: One<Key>,
        safe: false,
        needs: Repository,
        text: |_, key, out| {
            out.push_str(&key.id);
            out.push('\n');
        },
    }
}
