//! Shared code of walks over DAGs.

mod open;
mod seen;

use cairn_primitives::Codec;

pub(crate) use open::{AHEAD_OF_LAST, CompactStack, PackedLinks, WalkStack, WalkStep};
pub(crate) use seen::{SeenByVersion, SeenMap, Visited};

/// Whether blocks of a codec can have links at all.
pub(crate) fn may_link(codec: Codec) -> bool {
    !matches!(
        codec,
        Codec::RAW | Codec::LIBP2P_KEY | Codec::CBOR | Codec::JSON
    )
}
