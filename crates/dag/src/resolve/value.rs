//! Values inside blocks.

use bytes::Bytes;
use cairn_primitives::ipld::Ipld;
use cairn_primitives::{Cid, Codec, codec};

use super::{ResolveError, Resolved, Step};
use crate::error::NodeError;
use crate::fetch::Blocks;

/// The value at a path, decoded by its block's codec. A whole dag-pb block is the map that its codec defines.
pub async fn value(blocks: &Blocks, resolved: &Resolved) -> Result<Ipld, ResolveError> {
    let data = blocks.get(&resolved.cid).await.map_err(NodeError::from)?;
    let mut value = decode(&resolved.cid, &data)?;
    for name in &resolved.remainder {
        value = look_up(&value, name)?.clone();
    }
    Ok(value)
}

/// Reads a block by its codec.
pub(super) fn decode(cid: &Cid, data: &Bytes) -> Result<Ipld, NodeError> {
    codec::decode(cid.codec(), data).map_err(|error| NodeError::Codec {
        cid: cid.clone(),
        error,
    })
}

/// Follows names inside a block until they lead out of it or end.
pub(super) fn follow(cid: &Cid, value: &Ipld, names: &[&[u8]]) -> Result<Step, ResolveError> {
    let mut value = value;
    for (at, name) in names.iter().enumerate() {
        let last = at + 1 == names.len();
        let missing = || ResolveError::NoLink {
            name: (*name).into(),
            cid: cid.clone(),
        };
        value = match look_up(value, name) {
            Ok(found) => found,
            // As Kubo: what is wrong is told in full only of the last name, and not where a schema fixes the fields.
            Err(error) if last && !has_fixed_fields(cid.codec(), value, at) => return Err(error),
            Err(_) => return Err(missing()),
        };
        if let Ipld::Link(cid) = value {
            return Ok(Step::Link {
                cid: cid.clone(),
                used: at + 1,
            });
        }
    }
    Ok(Step::Inside)
}

/// Whether a value so many names deep in a block has the fields of a schema: all of dag-pb, and the maps of git-raw but for
/// trees, which hold nothing but maps.
fn has_fixed_fields(codec: Codec, value: &Ipld, depth: usize) -> bool {
    match (codec, value) {
        (Codec::DAG_PB, _) => true,
        (Codec::GIT_RAW, Ipld::Map(entries)) => {
            depth > 0
                || entries
                    .iter()
                    .any(|(_, value)| !matches!(value, Ipld::Map(_)))
        }
        _ => false,
    }
}

/// One name in a map, or one index in a list. Indexes may have leading zeros.
fn look_up<'a>(value: &'a Ipld, name: &[u8]) -> Result<&'a Ipld, ResolveError> {
    let no_key = || ResolveError::NoKey(name.into());
    match value {
        Ipld::Map(_) => value.get(name).ok_or_else(no_key),
        Ipld::List(items) => {
            let index: i64 = std::str::from_utf8(name)
                .ok()
                .and_then(|name| name.parse().ok())
                .ok_or_else(|| ResolveError::NotAnIndex(name.into()))?;
            usize::try_from(index)
                .ok()
                .and_then(|index| items.get(index))
                .ok_or_else(no_key)
        }
        other => Err(ResolveError::WrongKind {
            kind: other.kind(),
            file: false,
        }),
    }
}
