//! Parsing of texts in responses.

use cairn_primitives::{Cid, ContentPath};

use crate::error::{EncoderError, Error};

/// Parses a CID, or a path like `/ipfs/CID`.
pub(crate) fn cid(text: &str) -> Result<Cid, Error> {
    let root = if text.starts_with('/') {
        ContentPath::new(text)
            .ok()
            .and_then(|path| path.cid().cloned())
            .ok_or_else(|| format!("{text:?} is no path of a CID").into())
    } else {
        text.parse::<Cid>()
            .map_err(|error| format!("{text:?}: {error}").into())
    };
    root.map_err(|error: crate::BoxError| EncoderError::decoding("a CID", error).into())
}

/// Parses CIDs.
pub(crate) fn cids(texts: &[String]) -> Result<Vec<Cid>, Error> {
    texts.iter().map(|text| cid(text)).collect()
}

/// `None` for an empty text.
pub(crate) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Parses an octal mode.
pub(crate) fn mode(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 8).ok()
}
