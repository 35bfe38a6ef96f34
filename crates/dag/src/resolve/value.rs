//! Values inside blocks.

use bytes::Bytes;
use cairn_primitives::codec::{self, dag_pb};
use cairn_primitives::ipld::Ipld;
use cairn_primitives::{Cid, Codec};

use super::{ResolveError, Resolved, Step};
use crate::error::NodeError;
use crate::fetch::{Blocks, decode_node};

/// The value that a path leads to, read by its block's codec. A dag-pb block as a whole is the map that its codec defines.
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
    let failed = |error| NodeError::Codec { cid: cid.clone(), error };
    match cid.codec() {
        Codec::DAG_PB => Ok(of_node(decode_node(cid, data)?)),
        Codec::RAW => Ok(Ipld::Bytes(data.clone())),
        other => Err(failed(codec::CodecError::Unknown(other))),
    }
}

/// A dag-pb node in the data model.
///
/// Spec: <https://ipld.io/specs/codecs/dag-pb/spec/#logical-format>
fn of_node(node: dag_pb::Node) -> Ipld {
    let links = node.links.into_iter().map(|link| {
        let mut fields = vec![("Hash".to_owned(), Ipld::Link(link.cid))];
        fields.extend(link.name.map(|name| ("Name".to_owned(), Ipld::String(name))));
        fields.extend(link.size.map(|size| ("Tsize".to_owned(), Ipld::Integer(size.into()))));
        Ipld::Map(fields)
    });
    let links = ("Links".to_owned(), Ipld::List(links.collect()));
    let data = node.data.map(|data| ("Data".to_owned(), Ipld::Bytes(data)));
    Ipld::Map(data.into_iter().chain([links]).collect())
}

/// Follows names inside a block until they lead out of it or end.
pub(super) fn follow(cid: &Cid, value: &Ipld, names: &[&str]) -> Result<Step, ResolveError> {
    let mut value = value;
    for (at, name) in names.iter().enumerate() {
        let last = at + 1 == names.len();
        let missing = || ResolveError::NoLink { name: (*name).to_owned(), cid: cid.clone() };
        value = match look_up(value, name) {
            Ok(found) => found,
            // As Kubo: what is wrong is told in full only of the last name, and not for the fixed fields of dag-pb.
            Err(error) if last && cid.codec() != Codec::DAG_PB => return Err(error),
            Err(_) => return Err(missing()),
        };
        if let Ipld::Link(cid) = value {
            return Ok(Step::Link { cid: cid.clone(), used: at + 1 });
        }
    }
    Ok(Step::Inside)
}

/// One name in a map, or one index in a list. Indexes may have leading zeros.
fn look_up<'a>(value: &'a Ipld, name: &str) -> Result<&'a Ipld, ResolveError> {
    let no_key = || ResolveError::NoKey(name.to_owned());
    match value {
        Ipld::Map(_) => value.get(name).ok_or_else(no_key),
        Ipld::List(items) => {
            let index: i64 = name.parse().map_err(|_| ResolveError::NotAnIndex(name.to_owned()))?;
            usize::try_from(index).ok().and_then(|index| items.get(index)).ok_or_else(no_key)
        }
        other => Err(ResolveError::WrongKind { node: other.kind(), kind: other.kind() }),
    }
}
