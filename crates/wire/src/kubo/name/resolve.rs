//! `name/resolve`.

use super::super::resolve::ResolvedPath;
use crate::shape::Either;
use crate::text::escaped;

command! {
    /// Resolve an IPNS name or a DNSLink domain.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-name-resolve>
    pub struct NameResolve: "name/resolve" {
        examples: [
            "{program} name resolve",
            "{program} name resolve docs.ipfs.tech",
        ],
        arguments {
            /// Name to resolve [default: this node's own name].
            name: Option<String> = optional "name",
        }
        options {
            /// Resolve until the result is not a name.
            recursive: bool = "recursive" | "r", true;
            /// Do not use cached results.
            nocache: bool = "nocache" | "n", false;
            /// Number of DHT records to request.
            dht_record_count: u32 = "dht-record-count" | "dhtrc", 16;
            /// Timeout of DHT lookups, as in `30s`; 0 for none.
            dht_timeout: String = "dht-timeout" | "dhtt", "1m0s".to_owned();
            /// Print results as they are found.
            stream: bool = "stream" | "s", false;
        }
        body: NoBody,
        reply: One<ResolvedPath>,
        if stream: Many<ResolvedPath>,
        safe: true,
        needs: Repository,
        text: |_, found, out| {
            let (Either::One(resolved) | Either::Each(resolved)) = found;
            escaped(&resolved.path, out);
            out.push('\n');
        },
    }
}
