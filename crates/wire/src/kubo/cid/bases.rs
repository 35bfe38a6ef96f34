//! `cid/bases`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A code and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    /// The code; for a base its prefix as a Unicode scalar value.
    pub code: u64,
    /// The name.
    pub name: String,
}

command! {
    /// List multibase encodings.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-bases>
    pub struct CidBases: "cid/bases" {
        arguments {}
        options {
            /// Include the single-character prefixes.
            prefix: bool = "prefix", false;
            /// Include the numeric codes.
            numeric: bool = "numeric", false;
        }
        body: NoBody,
        reply: One<Vec<Named>>,
        safe: true,
        needs: Nothing,
        text: |request, bases, out| table(bases, request.prefix, request.numeric, out),
    }
}

/// Writes bases sorted by prefix, lower case first.
pub(crate) fn table(bases: &[Named], prefix: bool, numeric: bool, out: &mut String) {
    let letter = |base: &Named| {
        u32::try_from(base.code)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or(' ')
    };
    let mut bases: Vec<&Named> = bases.iter().collect();
    bases.sort_by_key(|base| {
        (
            letter(base).to_ascii_lowercase(),
            std::cmp::Reverse(base.code),
        )
    });
    for base in bases {
        let letter = Some(letter(base))
            .filter(|letter| !letter.is_control())
            .unwrap_or(' ');
        let Named { code, name } = base;
        // A formatted write into text cannot fail.
        let _ = match (prefix, numeric) {
            (true, true) => writeln!(out, "{letter} {code:>7}  {name}"),
            (true, false) => writeln!(out, "{letter}  {name}"),
            (false, true) => writeln!(out, "{code:>7}  {name}"),
            (false, false) => writeln!(out, "{name}"),
        };
    }
}
