//! `key/import`.

use super::Key;

command! {
    /// Import a private key.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-key-import>
    pub struct KeyImport: "key/import" {
        examples: [
            "{program} key import mykey mykey.key",
            "openssl genpkey -algorithm ED25519 | {program} key import mykey --format=pem-pkcs8-cleartext",
        ],
        arguments {
            /// Name to store the key under.
            name: String = required "name",
        }
        options {
            /// Encoding of key IDs: `b58mh`, or a multibase for CIDv1.
            ipns_base: String = "ipns-base", "base36".to_owned(), values ["base36", "b58mh", "base32"];
            /// Format of the key: `libp2p-protobuf-cleartext` or `pem-pkcs8-cleartext`.
            format: String = "format" | "f", "libp2p-protobuf-cleartext".to_owned(), values ["libp2p-protobuf-cleartext", "pem-pkcs8-cleartext"];
            /// Also import types of keys that `key gen` does not create: secp256k1 and ECDSA.
            allow_any_key_type: bool = "allow-any-key-type", false;
        }
        body: Files { name: "key", many: false, recursive: false },
        reply: One<Key>,
        safe: false,
        needs: Repository,
        text: |_, key, out| {
            out.push_str(&key.id);
            out.push('\n');
        },
    }
}
