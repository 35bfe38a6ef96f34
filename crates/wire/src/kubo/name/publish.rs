//! `name/publish`.

use cairn_primitives::ByteString;

use super::NameEntry;
use crate::text::escaped;

command! {
    /// Publish an IPNS name.
    ///
    /// The record is stored in this repository and sent to peers; its sequence number grows when the path changes.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-name-publish>
    pub struct NamePublish: "name/publish" {
        examples: [
            "{program} name publish /ipfs/CID",
            "{program} name publish --key=mykey --lifetime=168h --ttl=1m /ipfs/CID",
        ],
        arguments {
            /// Path to publish.
            path: ByteString = required "ipfs-path",
        }
        options {
            /// Name of the key, or its ID.
            key: String = "key" | "k", "self".to_owned();
            /// Check first that the path can be resolved.
            resolve: bool = "resolve", true;
            /// How long the record is valid, as in `300s` or `1.5h`.
            lifetime: String = "lifetime" | "t", "48h0m0s".to_owned();
            /// How long the record may be cached.
            ttl: String = "ttl", "5m0s".to_owned();
            /// Print only the name.
            quieter: bool = "quieter" | "Q", false;
            /// Add the fields and the signature that old programs read.
            v1compat: bool = "v1compat", true;
            /// Publish without peers: store the record in this repository.
            allow_offline: bool = "allow-offline", false;
            /// Publish through HTTP publishers only.
            allow_delegated: bool = "allow-delegated", false;
            /// Sequence number of the record; must be greater than the current one [default: the next one].
            sequence: Option<u64> = "sequence", None;
            /// Encoding of key IDs: `b58mh`, or a multibase for CIDv1.
            ipns_base: String = "ipns-base", "base36".to_owned(), values ["base36", "b58mh", "base32"];
        }
        body: NoBody,
        reply: One<NameEntry>,
        safe: false,
        needs: Repository,
        text: |request, entry, out| {
            if request.quieter {
                escaped(&entry.name, out);
            } else {
                out.push_str("Published to ");
                escaped(&entry.name, out);
                out.push_str(": ");
                escaped(&entry.value, out);
            }
            out.push('\n');
        },
    }
}
