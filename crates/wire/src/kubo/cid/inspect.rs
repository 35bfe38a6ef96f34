//! `cid/inspect`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// The parts of a CID, or an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CidParts {
    /// The CID as given.
    pub cid: String,
    /// Its version.
    pub version: u8,
    /// Its multibase.
    pub multibase: BasePart,
    /// Its codec.
    pub multicodec: CodecPart,
    /// The hash of the block.
    pub multihash: HashPart,
    /// The same block as CIDv0, if possible.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cid_v0: String,
    /// The same block as CIDv1.
    pub cid_v1: String,
    /// The error; empty if it is a CID.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error_msg: String,
}

/// The base of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasePart {
    /// Its prefix.
    pub prefix: String,
    /// Its name.
    pub name: String,
}

/// A codec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodecPart {
    /// Its code.
    pub code: u64,
    /// Its name, or `unknown`.
    pub name: String,
}

/// A multihash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashPart {
    /// Its function's code.
    pub code: u64,
    /// Its function's name, or `unknown`.
    pub name: String,
    /// Bytes of the digest.
    pub length: usize,
    /// The digest in base 16.
    pub digest: String,
}

command! {
    /// Show the parts of a CID.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-inspect>
    pub struct CidInspect: "cid/inspect" {
        arguments {
            /// CID to inspect.
            cid: String = required "cid",
        }
        options {}
        body: NoBody,
        reply: One<CidParts>,
        safe: true,
        needs: Nothing,
        cli: Custom,
        text: |_, parts, out| parts.text(out),
    }
}

impl CidParts {
    /// Writes the parts; nothing for an error record.
    fn text(&self, out: &mut String) {
        if !self.error_msg.is_empty() {
            return;
        }
        let Self {
            multibase,
            multicodec: codec,
            multihash: hash,
            ..
        } = self;
        let (base, implicit) = match self.version {
            0 => ("implicit", ", implicit"),
            _ => (multibase.prefix.as_str(), ""),
        };
        let v0 = if !self.cid_v0.is_empty() {
            self.cid_v0.clone()
        } else if codec.code != 0x70 {
            format!(
                "not possible, requires dag-pb (0x70), got {} (0x{:x})",
                codec.name, codec.code
            )
        } else if hash.code != 0x12 {
            format!(
                "not possible, requires sha2-256 (0x12), got {} (0x{:x})",
                hash.name, hash.code
            )
        } else {
            format!("not possible, requires 32-byte digest, got {}", hash.length)
        };
        // A formatted write into text cannot fail.
        let _ = write!(
            out,
            "CID:        {}\nVersion:    {}\nMultibase:  {} ({base})\nMulticodec: {} (0x{:x}{implicit})\nMultihash:  {} (0x{:x}{implicit})\n  Length:   {} bytes\n  Digest:   {}\nCIDv0:      {v0}\nCIDv1:      {}\n",
            self.cid,
            self.version,
            multibase.name,
            codec.name,
            codec.code,
            hash.name,
            hash.code,
            hash.length,
            hash.digest,
            self.cid_v1,
        );
    }
}
