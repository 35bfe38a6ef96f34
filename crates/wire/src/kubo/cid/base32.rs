//! `cid/base32`.

use super::format::Formatted;

command! {
    /// Convert CIDs to CIDv1 in base32.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-base32>
    pub struct CidBase32: "cid/base32" {
        arguments {
            /// CIDs to convert.
            cids: Vec<String> = required "cid",
        }
        options {}
        body: NoBody,
        reply: Many<Formatted>,
        safe: true,
        needs: Nothing,
        cli: Custom,
        xml: "CidFormatRes",
        text: |_, formatted, out| formatted.text(out),
    }
}
