//! `dag/get`.

use cairn_primitives::ByteString;

command! {
    /// Print an IPLD node, or a value inside one.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-get>
    pub struct DagGet: "dag/get" {
        examples: [
            "{program} dag get CID",
            "{program} dag get CID/path/to/value",
        ],
        arguments {
            /// CID or path of the node.
            path: ByteString = required "ref",
        }
        options {
            /// Codec of the output.
            output_codec: String = "output-codec", "dag-json".to_owned(), values ["dag-json", "dag-cbor", "dag-pb", "json", "cbor", "raw"];
        }
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        text: |_, (), _| (),
    }
}
