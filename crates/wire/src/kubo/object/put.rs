//! `object/put`.

use super::ObjectCid;

command! {
    /// Store a dag-pb node that is given as JSON or protobuf.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7.
    /// <https://github.com/ipfs/kubo/blob/v0.7.0/core/commands/object/object.go>
    pub struct ObjectPut: "object/put" {
        examples: [
            "echo '{ \"Data\": \"abc\" }' | {program} object put",
        ],
        arguments {}
        options {
            /// Format of the input: `json` or `protobuf`.
            inputenc: String = "inputenc", "json".to_owned(), values ["json", "protobuf"];
            /// Encoding of the data in JSON: `text` or `base64`.
            datafieldenc: String = "datafieldenc", "text".to_owned(), values ["text", "base64"];
            /// Pin the node recursively.
            pin: bool = "pin", false;
            /// Print only the CID.
            quiet: bool = "quiet" | "q", false;
        }
        body: Files { name: "data", many: false, recursive: false },
        reply: One<ObjectCid>,
        safe: false,
        needs: Repository,
        text: |request, object, out| {
            if !request.quiet {
                out.push_str("added ");
            }
            super::line(object, out);
        },
    }
}
