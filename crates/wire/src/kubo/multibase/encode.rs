//! `multibase/encode`.

command! {
    /// Encode data as multibase text.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-encode>
    pub struct MultibaseEncode: "multibase/encode" {
        examples: [
            "echo hello | {program} multibase encode -b base58btc",
        ],
        arguments {}
        options {
            /// Name or prefix of the encoding.
            base: String = "b", "base64url".to_owned();
        }
        body: Files { name: "file", many: false, recursive: false },
        reply: Bytes,
        safe: true,
        needs: Nothing,
        text: |_, (), _| (),
    }
}
