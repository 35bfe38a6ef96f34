//! Verifies the blocks of an archive, and reads their links.

use cairn_primitives::car::{self, CarError};
use cairn_primitives::codec::{self, CodecError};
use cairn_primitives::multihash::{HashError, HashFunction};
use cairn_primitives::{Block, Cid, CidList, Codec};

use super::super::ImportError;

/// The valid blocks of a job, and the error of the one after them.
#[derive(Debug)]
pub(super) struct CheckedBlocks {
    pub(super) blocks: Vec<Block>,
    /// What those blocks link to.
    pub(super) links: CidList,
    /// Whether one of those blocks is invalid in its codec, so that its links are unknown. It is stored anyway: only
    /// operations that rely on its links fail.
    pub(super) undecodable: bool,
    pub(super) fault: Option<BlockFault>,
}

#[derive(Debug)]
pub(super) enum BlockFault {
    /// The bytes are not those of the CID.
    Content(CarError),
    /// The block is whole, but not accepted.
    Block(Cid, CodecError),
    /// The block is never stored under such a name.
    Name(ImportError),
}

/// Hashes blocks and reads their links, up to the first that is not as it should be.
pub(super) fn check(blocks: Vec<Block>) -> CheckedBlocks {
    let mut checked = CheckedBlocks {
        blocks: Vec::with_capacity(blocks.len()),
        links: CidList::new(),
        undecodable: false,
        fault: None,
    };
    for block in blocks {
        match check_one(&block) {
            Ok(links) => {
                checked.undecodable |= links.is_none();
                checked.links.extend(links.iter().flatten());
                checked.blocks.push(block);
            }
            Err(fault) => {
                checked.fault = Some(fault);
                break;
            }
        }
    }
    checked
}

/// The links of a block; `None` when its bytes are not in the form of its codec.
fn check_one(block: &Block) -> Result<Option<CidList>, BlockFault> {
    match car::verify(block) {
        Ok(()) => {}
        // Kubo knows how to compute these, and refuses them all the same.
        Err(CarError::Hash(HashError::UnknownCode(code)))
            if HashFunction::from_code(code).is_ok() =>
        {
            return Err(BlockFault::Name(HashError::NotAllowed.into()));
        }
        Err(error) => return Err(BlockFault::Content(error)),
    }
    if block.cid.codec() == Codec::LIBP2P_KEY {
        let unknown = CodecError::Unknown(Codec::LIBP2P_KEY);
        return Err(BlockFault::Block(block.cid.clone(), unknown));
    }
    let links = match codec::links(block.cid.codec(), &block.data) {
        Ok(links) => Some(links),
        Err(error @ CodecError::Unknown(_)) => {
            return Err(BlockFault::Block(block.cid.clone(), error));
        }
        Err(_) => None,
    };
    HashFunction::verify_allowed(block.cid.hash())
        .map_err(|error| BlockFault::Name(error.into()))?;
    Ok(links)
}
