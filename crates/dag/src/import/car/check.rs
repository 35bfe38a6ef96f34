//! Whether the blocks of an archive are what they are named, and what they link to.

use cairn_primitives::car::{self, CarError};
use cairn_primitives::codec::{self, CodecError};
use cairn_primitives::multihash::{HashError, HashFunction};
use cairn_primitives::{Block, Cid, CidList, Codec};

use super::super::ImportError;

/// The blocks of a job that are whole, and what is wrong with the one after them.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) blocks: Vec<Block>,
    /// What those blocks link to.
    pub(super) links: CidList,
    /// Whether one of those blocks is not in the form of its codec, so that its links cannot be told. It is kept all the
    /// same: only what relies on its links fails.
    pub(super) undecodable: bool,
    pub(super) fault: Option<Fault>,
}

#[derive(Debug)]
pub(super) enum Fault {
    /// The bytes are not those of the CID.
    Content(CarError),
    /// The block is whole, but not accepted.
    Block(Cid, CodecError),
    /// The block is never stored under such a name.
    Name(ImportError),
}

/// Hashes blocks and reads their links, up to the first that is not as it should be.
pub(super) fn check(blocks: Vec<Block>) -> Checked {
    let mut checked = Checked {
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
fn check_one(block: &Block) -> Result<Option<CidList>, Fault> {
    match car::verify(block) {
        Ok(()) => {}
        // Kubo knows how to compute these, and refuses them all the same.
        Err(CarError::Hash(HashError::UnknownCode(code)))
            if HashFunction::from_code(code).is_ok() =>
        {
            return Err(Fault::Name(HashError::NotAllowed.into()));
        }
        Err(error) => return Err(Fault::Content(error)),
    }
    if block.cid.codec() == Codec::LIBP2P_KEY {
        let unknown = CodecError::Unknown(Codec::LIBP2P_KEY);
        return Err(Fault::Block(block.cid.clone(), unknown));
    }
    let links = match codec::links(block.cid.codec(), &block.data) {
        Ok(links) => Some(links),
        Err(error @ CodecError::Unknown(_)) => return Err(Fault::Block(block.cid.clone(), error)),
        Err(_) => None,
    };
    HashFunction::verify_allowed(block.cid.hash()).map_err(|error| Fault::Name(error.into()))?;
    Ok(links)
}
