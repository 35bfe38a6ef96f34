//! Links of blocks, and walks over them.

use std::collections::HashSet;

use bytes::Bytes;
use cairn_primitives::codec::{self, CodecError};
use cairn_primitives::{Cid, CidList, Codec, Multihash};

use super::traits::{BlockError, BlockReader, Root};

/// The links in a block's bytes; none if the codec is unknown.
pub(super) fn of(cid: &Cid, data: &[u8]) -> Result<CidList, BlockError> {
    if cid.codec() == Codec::RAW {
        return Ok(CidList::new());
    }
    match codec::links(cid.codec(), data) {
        Ok(links) => Ok(links),
        Err(CodecError::Unknown(_)) => Ok(CidList::new()),
        Err(source) => Err(BlockError::Undecodable {
            cid: cid.clone(),
            source,
        }),
    }
}

/// The links in a block's bytes, if any.
pub(super) fn of_found(cid: &Cid, data: Option<Bytes>) -> Result<Option<CidList>, BlockError> {
    data.map(|data| of(cid, &data)).transpose()
}

/// Whether blocks of a codec can have links at all.
pub(super) fn may_link(codec: Codec) -> bool {
    !matches!(
        codec,
        Codec::RAW | Codec::LIBP2P_KEY | Codec::CBOR | Codec::JSON
    )
}

/// Whether a node certainly has no links when none are stored: not for codecs that earlier versions could not decode,
/// which stored none.
pub(super) fn no_links_is_final(codec: Codec) -> bool {
    matches!(codec, Codec::DAG_PB | Codec::DAG_CBOR | Codec::DAG_JSON)
        || matches!(codec::links(codec, &[]), Err(CodecError::Unknown(_)))
}

/// Walks the blocks of a store; see [`super::BlockCollector::walk`].
pub(super) fn walk_store(
    store: &(impl BlockReader + ?Sized),
    roots: &[Root],
    visit: &mut dyn FnMut(&Cid, bool) -> bool,
) -> Result<(), BlockError> {
    walk(
        roots,
        |key| store.has_blocking(key),
        |cid| store.links_blocking(cid),
        visit,
    )
}

/// Walks what is reachable from the roots, each (codec, multihash) once, parents before children, without recursion.
///
/// `links` returns `None` for an absent block.
pub(super) fn walk(
    roots: &[Root],
    mut has: impl FnMut(&Multihash) -> Result<bool, BlockError>,
    mut links: impl FnMut(&Cid) -> Result<Option<CidList>, BlockError>,
    visit: &mut dyn FnMut(&Cid, bool) -> bool,
) -> Result<(), BlockError> {
    let mut seen: HashSet<Cid> = HashSet::new();
    // Recursive roots go first: a block that is a direct root as well must not be seen without what is reachable from
    // it.
    let (deep, flat): (Vec<&Root>, Vec<&Root>) = roots.iter().partition(|root| root.recursive);
    for root in deep {
        let mut stack = vec![root.cid.clone()];
        while let Some(cid) = stack.pop() {
            if !seen.insert(cid.to_v1()) {
                continue;
            }
            if !may_link(cid.codec()) {
                let present = cid.hash().identity_data().is_some() || has(cid.hash())?;
                visit(&cid, present);
                continue;
            }
            let below = links(&cid)?;
            if visit(&cid, below.is_some())
                && let Some(below) = below
            {
                // The first link is to be the next.
                let from = stack.len();
                let unseen = below.iter().filter(|child| !seen.contains(&child.to_v1()));
                stack.extend(unseen);
                if let Some(added) = stack.get_mut(from..) {
                    added.reverse();
                }
            }
        }
    }
    for root in flat {
        if seen.insert(root.cid.to_v1()) {
            let present = root.cid.hash().identity_data().is_some() || has(root.cid.hash())?;
            visit(&root.cid, present);
        }
    }
    Ok(())
}
