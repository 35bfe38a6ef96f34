//! What walks over DAGs share.

mod open;
mod seen;

use cairn_primitives::Codec;

pub(crate) use open::{AHEAD_OF_LAST, Aside, Open, Packed, Step};
pub(crate) use seen::{Seen, SeenAsWritten, Visited};

/// Whether blocks of a codec can have links at all.
pub(crate) fn may_link(codec: Codec) -> bool {
    !matches!(
        codec,
        Codec::RAW | Codec::LIBP2P_KEY | Codec::CBOR | Codec::JSON
    )
}
