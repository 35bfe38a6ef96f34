//! `multibase/decode`.

command! {
    /// Decode multibase text.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-decode>
    pub struct MultibaseDecode: "multibase/decode" {
        arguments {}
        options {}
        body: Files { name: "encoded_file", many: false, recursive: false },
        reply: Bytes,
        safe: true,
        needs: Nothing,
        text: |_, (), _| (),
    }
}
