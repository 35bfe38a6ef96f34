//! `dag/resolve`.

use cairn_primitives::ByteString;
use cairn_primitives::multibase::Base;
use cairn_primitives::{Cid, Version};
use serde::{Deserialize, Serialize};

use crate::kubo::CidLink;
use crate::text::escaped;

/// The target of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResolvedNode {
    /// The last block.
    pub cid: CidLink,
    /// The rest of the path inside it, as in `/a/b`; may be empty.
    pub rem_path: String,
}

command! {
    /// Resolve an IPLD path to a CID.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-resolve>
    pub struct DagResolve: "dag/resolve" {
        arguments {
            /// Path to resolve.
            path: ByteString = required "ref",
        }
        options {}
        body: NoBody,
        reply: One<ResolvedNode>,
        safe: true,
        needs: Repository,
        xml: "ResolveOutput",
        // No line end, as in Kubo's output.
        text: |request, resolved, out| {
            match in_base_of(&request.path.to_text(), &resolved.cid.cid) {
                Some(cid) => out.push_str(&cid),
                None => out.push_str(&resolved.cid.cid),
            }
            escaped(&resolved.rem_path, out);
        },
    }
}

/// The CID in the base of the path's CIDv1, unless another base was requested.
fn in_base_of(path: &str, cid: &str) -> Option<String> {
    let root = match path.strip_prefix('/') {
        Some(path) => path.split('/').nth(1)?,
        None => path.split('/').next()?,
    };
    let (root, base) = Cid::parse(root).ok()?;
    let (cid, own) = Cid::parse(cid).ok()?;
    let usual = cid.version() == Version::V0 || own == Base::Base32Lower;
    (root.version() == Version::V1 && usual).then(|| cid.to_v1().encode(base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubo::Command as _;

    #[test]
    fn the_base_is_that_of_the_path() {
        let v1 = "bafyreie5zatt5gcuptz2zhvogou4s27youfjssgwuflovppeztwogfyvzq";
        let k = "k2jvsl9bmtvlf62was5a9p5ptls4vcl2cpfnxijpnso768dhmj6ke0gc";
        let v0 = "QmQPeNsJPyVWPFDVHb77w8G42Fvo15z4bG2X8D2GhfbSXc";
        for (path, cid, shown) in [
            (v1.to_owned(), v1, format!("{v1}/n")),
            (format!("/ipfs/{k}/n"), v1, format!("{k}/n")),
            (format!("{k}/n"), v1, format!("{k}/n")),
            (format!("{v1}/n"), k, format!("{k}/n")),
            (format!("{v0}/n"), v0, format!("{v0}/n")),
            (format!("{v0}/n"), v1, format!("{v1}/n")),
            ("/ipns/a.b/n".to_owned(), v1, format!("{v1}/n")),
        ] {
            let resolved = ResolvedNode {
                cid: cid.to_owned().into(),
                rem_path: "/n".to_owned(),
            };
            let mut out = String::new();
            DagResolve::new(path.into()).text(&resolved, &mut out);
            assert_eq!(out, shown);
        }
    }
}
