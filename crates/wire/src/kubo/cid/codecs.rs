//! `cid/codecs`.

use std::fmt::Write as _;

use super::bases::Named;

command! {
    /// List multicodecs of CIDs.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-codecs>
    pub struct CidCodecs: "cid/codecs" {
        arguments {}
        options {
            /// Include the numeric codes.
            numeric: bool = "numeric" | "n", false;
            /// List only codecs that can be decoded.
            supported: bool = "supported" | "s", false;
        }
        body: NoBody,
        reply: One<Vec<Named>>,
        safe: true,
        needs: Nothing,
        text: |request, codecs, out| table(codecs, request.numeric, out),
    }
}

/// Writes names sorted by code.
pub(super) fn table(named: &[Named], numeric: bool, out: &mut String) {
    let mut named: Vec<&Named> = named.iter().collect();
    named.sort_by_key(|named| named.code);
    for Named { code, name } in named {
        // A formatted write into text cannot fail.
        let _ = if numeric {
            writeln!(out, "{code:>5}  {name}")
        } else {
            writeln!(out, "{name}")
        };
    }
}
