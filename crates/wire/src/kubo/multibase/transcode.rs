//! `multibase/transcode`.

command! {
    /// Convert multibase text to another encoding.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-transcode>
    pub struct MultibaseTranscode: "multibase/transcode" {
        arguments {}
        options {
            /// Name or prefix of the new encoding.
            base: String = "b", "base64url".to_owned();
        }
        body: Files { name: "encoded_file", many: false, recursive: false },
        reply: Bytes,
        safe: true,
        needs: Nothing,
        text: |_, (), _| (),
    }
}
