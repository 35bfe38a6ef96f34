//! CIDs.

use cairn_primitives::Cid;
use cairn_wire::kubo::cid::base32::CidBase32;
use cairn_wire::kubo::cid::bases::{CidBases, Named};
use cairn_wire::kubo::cid::codecs::CidCodecs;
use cairn_wire::kubo::cid::format::{CidFormat, Formatted};
use cairn_wire::kubo::cid::hashes::CidHashes;
use cairn_wire::kubo::cid::inspect::{CidInspect, CidParts as Parts};

use crate::error::{EncoderError, Error};
use crate::kubo::{Call, IntoPath, IntoPaths, cid, list, one, setters, some, text, texts};

group! {
    /// Formatting and inspection of CIDs by the server. Most of it is also available locally, see [`Cid`].
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let cids = kubo.cids();
    /// let parts = cids.inspect("QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN").await?;
    /// let same = cids.format(&parts.v1).version("0").await?;
    /// println!("{} {:?}", parts.codec, same[0].formatted);
    /// # Ok(())
    /// # }
    /// ```
    Cids, cids
}

impl Cids<'_> {
    /// Converts CIDs to CIDv1 in base32.
    pub fn base32(&self, cids: impl IntoPaths) -> Call<CidBase32> {
        Call::new(self.0, CidBase32::new(texts(cids)))
    }

    /// Lists the multibase encodings.
    pub fn bases(&self) -> Call<CidBases> {
        Call::new(self.0, CidBases::new())
    }

    /// Lists the codecs.
    pub fn codecs(&self) -> Call<CidCodecs> {
        Call::new(self.0, CidCodecs::new())
    }

    /// Lists the hash functions.
    pub fn hashes(&self) -> Call<CidHashes> {
        Call::new(self.0, CidHashes::new())
    }

    /// Converts CIDs to another version, codec, base or format.
    pub fn format(&self, cids: impl IntoPaths) -> Call<CidFormat> {
        Call::new(self.0, CidFormat::new(texts(cids)))
    }

    /// Returns the parts of a CID.
    pub fn inspect(&self, cid: impl IntoPath) -> Call<CidInspect> {
        Call::new(self.0, CidInspect::new(text(cid)))
    }
}

/// A formatted CID.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormattedCid {
    /// The given CID.
    pub given: String,
    /// The formatted CID, or an error.
    pub formatted: Result<String, String>,
}

fn formatted(found: Formatted) -> FormattedCid {
    FormattedCid {
        given: found.cid_str,
        formatted: match some(found.error_msg) {
            Some(error) => Err(error),
            None => Ok(found.formatted),
        },
    }
}

/// Code and name of a codec, hash function or base.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Code {
    /// The code; for a base, its prefix as a Unicode scalar value.
    pub code: u64,
    /// The name.
    pub name: String,
}

pub(super) fn codes(named: Vec<Named>) -> Result<Vec<Code>, Error> {
    let codes = named.into_iter().map(|named| Code {
        code: named.code,
        name: named.name,
    });
    Ok(codes.collect())
}

/// The parts of a CID.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CidParts {
    /// The CID.
    pub cid: Cid,
    /// Its version.
    pub version: u8,
    /// The name of its base.
    pub base: String,
    /// The name of its codec.
    pub codec: String,
    /// The name of its hash function.
    pub hash: String,
    /// The digest in hexadecimal.
    pub digest: String,
    /// The CIDv0 of the same block, if there is one.
    pub v0: Option<Cid>,
    /// The CIDv1 of the same block.
    pub v1: Cid,
}

fn parts(parts: Parts) -> Result<CidParts, Error> {
    if !parts.error_msg.is_empty() {
        return Err(EncoderError::decoding("a CID", parts.error_msg).into());
    }
    Ok(CidParts {
        cid: cid(&parts.cid)?,
        version: parts.version,
        base: parts.multibase.name,
        codec: parts.multicodec.name,
        hash: parts.multihash.name,
        digest: parts.multihash.digest,
        v0: some(parts.cid_v0).as_deref().map(cid).transpose()?,
        v1: cid(&parts.cid_v1)?,
    })
}

one! {
    CidBases, Vec<Named> => Vec<Code>, codes;
    CidCodecs, Vec<Named> => Vec<Code>, codes;
    CidHashes, Vec<Named> => Vec<Code>, codes;
    CidInspect, Parts => CidParts, parts;
}

list! {
    CidBase32, Formatted => FormattedCid, |found, items| {
        items.push_back(formatted(found));
        Ok(())
    };
    CidFormat, Formatted => FormattedCid, |found, items| {
        items.push_back(formatted(found));
        Ok(())
    };
}

cairn_wire::CidCodecs!(setters);
cairn_wire::CidHashes!(setters);
cairn_wire::CidFormat!(setters);
