//! DAG-PB in the data model.
//!
//! Schema: <https://ipld.io/specs/codecs/dag-pb/spec/#logical-format>

use super::{CODEC, Link, Node};
use crate::bytestring::ByteString;
use crate::codec::CodecError;
use crate::ipld::Ipld;

/// The value of a node: `{Links: [{Hash, Name, Tsize}], Data}`. What is absent is null, as Kubo shows it.
#[must_use]
pub fn to_ipld(node: Node) -> Ipld {
    let entry = |key: &str, value| (ByteString::from(key), value);
    let links = node.links.into_iter().map(|link| {
        Ipld::Map(vec![
            entry("Hash", Ipld::Link(link.cid)),
            entry("Name", link.name.map_or(Ipld::Null, Ipld::String)),
            entry("Tsize", link.size.map_or(Ipld::Null, Ipld::from)),
        ])
    });
    let links = Ipld::List(links.collect());
    Ipld::Map(vec![
        entry("Links", links),
        entry("Data", node.data.map_or(Ipld::Null, Ipld::Bytes)),
    ])
}

/// The node of a value, which must be of the form that [`to_ipld`] gives; null and absent mean the same.
///
/// # Errors
/// [`CodecError::Kind`], [`CodecError::Missing`], [`CodecError::UnknownField`], [`CodecError::RepeatedKey`];
/// [`CodecError::Unsupported`] for a `Tsize` that is not a number of 64 bits.
pub fn from_ipld(value: &Ipld) -> Result<Node, CodecError> {
    let (mut links, mut data) = (None, None);
    for (key, value) in map("the node", value)? {
        match (key.as_str().unwrap_or_default(), value) {
            ("Links", Ipld::List(items)) => set(key, &mut links, items)?,
            ("Links", other) => return Err(kind("Links", other, "list")),
            ("Data", Ipld::Null) => {}
            ("Data", Ipld::Bytes(bytes)) => set(key, &mut data, bytes.clone())?,
            ("Data", other) => return Err(kind("Data", other, "bytes")),
            _ => {
                return Err(CodecError::UnknownField {
                    map: "dagpb.PBNode",
                    key: key.clone(),
                });
            }
        }
    }
    let links = links.ok_or(CodecError::Missing("Links"))?;
    Ok(Node {
        links: links.iter().map(link).collect::<Result<_, _>>()?,
        data,
    })
}

fn link(value: &Ipld) -> Result<Link, CodecError> {
    let (mut cid, mut name, mut size) = (None, None, None);
    for (key, value) in map("an item of Links", value)? {
        match (key.as_str().unwrap_or_default(), value) {
            ("Hash", Ipld::Link(link)) => set(key, &mut cid, link.clone())?,
            ("Hash", other) => return Err(kind("Hash", other, "link")),
            ("Name" | "Tsize", Ipld::Null) => {}
            ("Name", Ipld::String(text)) => set(key, &mut name, text.clone())?,
            ("Name", other) => return Err(kind("Name", other, "string")),
            ("Tsize", Ipld::Integer(number)) => {
                let number = u64::try_from(*number).map_err(|_| CodecError::Unsupported {
                    codec: CODEC,
                    reason: "Tsize is negative or has more than 64 bits",
                })?;
                set(key, &mut size, number)?;
            }
            ("Tsize", other) => return Err(kind("Tsize", other, "int")),
            _ => {
                return Err(CodecError::UnknownField {
                    map: "dagpb.PBLink",
                    key: key.clone(),
                });
            }
        }
    }
    Ok(Link {
        cid: cid.ok_or(CodecError::Missing("Hash"))?,
        name,
        size,
    })
}

fn map<'a>(field: &'static str, value: &'a Ipld) -> Result<&'a [(ByteString, Ipld)], CodecError> {
    match value {
        Ipld::Map(entries) => Ok(entries),
        other => Err(kind(field, other, "map")),
    }
}

fn kind(field: &'static str, found: &Ipld, wanted: &'static str) -> CodecError {
    CodecError::Kind {
        codec: CODEC,
        field,
        found: found.kind(),
        wanted,
    }
}

fn set<T>(key: &ByteString, place: &mut Option<T>, value: T) -> Result<(), CodecError> {
    if place.replace(value).is_some() {
        return Err(CodecError::RepeatedKey(key.clone()));
    }
    Ok(())
}
