//! Texts of answers as what they mean.

use cairn_primitives::{Cid, ContentPath};

use crate::error::{EncoderError, Error};

/// A CID; of a path like `/ipfs/CID`, its root.
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

/// CIDs.
pub(crate) fn cids(texts: &[String]) -> Result<Vec<Cid>, Error> {
    texts.iter().map(|text| cid(text)).collect()
}

/// A text that stands for nothing where it is empty.
pub(crate) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The number of a mode in octal.
pub(crate) fn mode(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 8).ok()
}
