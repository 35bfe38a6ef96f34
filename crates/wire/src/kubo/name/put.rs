//! `name/put`.

use super::NameEntry;
use crate::text::escaped;

command! {
    /// Store a signed record of an IPNS name.
    ///
    /// The record must be valid, and newer than the one that is stored.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-name-put>
    pub struct NamePut: "name/put" {
        examples: [
            "{program} name put NAME record",
        ],
        arguments {
            /// IPNS name of the record.
            name: String = required "name",
        }
        options {
            /// Leave out this command's own checks; a record that is not valid is still refused.
            force: bool = "force" | "f", false;
            /// Store the record in this repository without peers.
            allow_offline: bool = "allow-offline", false;
            /// Publish through HTTP publishers only.
            allow_delegated: bool = "allow-delegated", false;
            /// Print nothing.
            quiet: bool = "quiet" | "q", false;
        }
        body: Files { name: "record", many: false, recursive: false },
        reply: One<NameEntry>,
        safe: false,
        needs: Repository,
        text: |request, entry, out| {
            if !request.quiet {
                escaped(&entry.name, out);
                out.push('\n');
            }
        },
    }
}
