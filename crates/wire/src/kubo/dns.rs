//! `dns`.

use super::resolve::ResolvedPath;
use crate::text::escaped;

command! {
    /// Resolve the DNSLink of a domain.
    ///
    /// Kubo has removed this command; it is answered as Kubo 0.7 did. `resolve` and `name resolve` do the same.
    ///
    /// <https://docs.ipfs.tech/concepts/dnslink/>
    pub struct Dns: "dns" {
        examples: [
            "{program} dns docs.ipfs.tech",
        ],
        arguments {
            /// Domain name.
            domain: String = required "domain-name",
        }
        options {
            /// Resolve until the result is not a name.
            recursive: bool = "recursive" | "r", true;
        }
        body: NoBody,
        reply: One<ResolvedPath>,
        safe: true,
        needs: Repository,
        text: |_, resolved, out| {
            escaped(&resolved.path, out);
            out.push('\n');
        },
    }
}
