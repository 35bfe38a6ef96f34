//! Changing the links and the data of a node, and of the nodes above it.

use bytes::{Bytes, BytesMut};
use cairn_primitives::codec::dag_pb::{self, Link};
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::unixfs::{CidMaker, NodeKind, UnixFs};
use cairn_primitives::{ByteString, Cid, Version};
use cairn_store::Hold;

use super::{LinkChange, ObjectError, load, make, tree_size, write};
use crate::fetch::Blocks;

/// How links are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// Whether directories that are missing on the way are created.
    pub create: bool,
    /// Whether links of nodes that are not plain UnixFS directories may be changed.
    pub any_node: bool,
    /// Largest size of a new node in bytes.
    pub max_size: usize,
}

/// A node on the way to a link: as it is now, how a new one is named, and the name that leads on.
struct Level {
    node: dag_pb::Node,
    maker: CidMaker,
    name: ByteString,
}

/// Adds a link to the node that a path of names leads to, in place of one of that name, and answers with the new root. The new
/// nodes are durable.
pub async fn add_link(
    blocks: &Blocks,
    hold: &Hold,
    root: &Cid,
    path: &ByteString,
    child: &Cid,
    options: LinkOptions,
) -> Result<Cid, ObjectError> {
    let size = tree_size(blocks, child).await?;
    let way = way_to(blocks, root, path, options, LinkChange::Add).await?;
    let new = Link {
        cid: child.clone(),
        name: None,
        size: Some(size),
    };
    rebuild(blocks, hold, way, Some(new), options.max_size).await
}

/// Removes a link from the node that a path of names leads to, and answers with the new root. The new nodes are durable.
pub async fn remove_link(
    blocks: &Blocks,
    hold: &Hold,
    root: &Cid,
    path: &ByteString,
    options: LinkOptions,
) -> Result<Cid, ObjectError> {
    let options = LinkOptions {
        create: false,
        ..options
    };
    let way = way_to(blocks, root, path, options, LinkChange::Remove).await?;
    if let Some(last) = way.last()
        && !last.node.links.iter().any(|link| named(link, &last.name))
    {
        return Err(ObjectError::NoLink {
            cid: root.clone(),
            name: last.name.clone(),
        });
    }
    rebuild(blocks, hold, way, None, options.max_size).await
}

/// Replaces the data of a node, and answers with the new node, which is durable.
pub async fn set_data(
    blocks: &Blocks,
    hold: &Hold,
    cid: &Cid,
    data: Bytes,
    max_size: usize,
) -> Result<Cid, ObjectError> {
    let (mut node, _) = load(blocks, cid).await?;
    node.data = Some(data);
    super::put(blocks, hold, &CidMaker::like(cid)?, &node, max_size).await
}

/// Appends to the data of a node, and answers with the new node, which is durable.
pub async fn append_data(
    blocks: &Blocks,
    hold: &Hold,
    cid: &Cid,
    data: &[u8],
    max_size: usize,
) -> Result<Cid, ObjectError> {
    let (mut node, _) = load(blocks, cid).await?;
    let old = node.data.take().unwrap_or_default();
    let mut whole = BytesMut::with_capacity(old.len() + data.len());
    whole.extend_from_slice(&old);
    whole.extend_from_slice(data);
    node.data = Some(whole.freeze());
    super::put(blocks, hold, &CidMaker::like(cid)?, &node, max_size).await
}

/// Walks down from the root. The last level has the name of the link that is to be changed.
async fn way_to(
    blocks: &Blocks,
    root: &Cid,
    path: &ByteString,
    options: LinkOptions,
    change: LinkChange,
) -> Result<Vec<Level>, ObjectError> {
    let (node, _) = load(blocks, root).await?;
    if !options.any_node {
        check(root, &node, change)?;
    }
    let mut names = path.as_bytes().split(|&byte| byte == b'/').peekable();
    let mut way: Vec<Level> = Vec::new();
    let mut cid = root.clone();
    let mut next = Some((node, CidMaker::like(root)?));
    while let (Some((node, maker)), Some(name)) = (next.take(), names.next()) {
        if names.peek().is_some() {
            let below = node.links.iter().find(|link| named(link, name));
            next = Some(match below.map(|link| link.cid.clone()) {
                Some(below) => {
                    let (node, _) = load(blocks, &below).await?;
                    cid = below.clone();
                    (node, CidMaker::like(&below)?)
                }
                None if options.create => empty_directory()?,
                None => {
                    return Err(ObjectError::NoLink {
                        cid,
                        name: name.into(),
                    });
                }
            });
        }
        way.push(Level {
            node,
            maker,
            name: name.into(),
        });
    }
    if change == LinkChange::Add && way.last().is_some_and(|last| last.name.is_empty()) {
        return Err(ObjectError::EmptyName);
    }
    Ok(way)
}

/// Refuses nodes that a change of their links would damage: those of files have the sizes of their parts, those of HAMTs a
/// bit field.
fn check(cid: &Cid, node: &dag_pb::Node, change: LinkChange) -> Result<(), ObjectError> {
    match UnixFs::of(node) {
        Ok(fs) if fs.kind == NodeKind::Directory => Ok(()),
        Ok(fs) => Err(ObjectError::NotDirectory {
            cid: cid.clone(),
            kind: fs.kind,
            change,
        }),
        Err(_) => Err(ObjectError::NotUnixFs {
            cid: cid.clone(),
            change,
        }),
    }
}

/// A new directory, which is named as Kubo names one: by a CIDv0.
fn empty_directory() -> Result<(dag_pb::Node, CidMaker), ObjectError> {
    let sha2 =
        HashFunction::from_code(SHA2_256).map_err(cairn_primitives::unixfs::BuildError::from)?;
    let node = dag_pb::Node {
        links: Vec::new(),
        data: Some(UnixFs::new(NodeKind::Directory).encode()),
    };
    Ok((node, CidMaker::new(Version::V0, sha2)?))
}

/// Writes the nodes of a way from its end, the last with its link replaced or removed.
async fn rebuild(
    blocks: &Blocks,
    hold: &Hold,
    way: Vec<Level>,
    last: Option<Link>,
    max_size: usize,
) -> Result<Cid, ObjectError> {
    let mut link = last;
    let mut written = Vec::with_capacity(way.len());
    let mut root = None;
    for Level {
        mut node,
        maker,
        name,
    } in way.into_iter().rev()
    {
        node.links.retain(|link| !named(link, &name));
        node.links.extend(link.take().map(|link| Link {
            name: Some(name),
            ..link
        }));
        let (cid, block) = make(&maker, &node, max_size)?;
        link = Some(Link {
            cid: cid.clone(),
            name: None,
            size: Some(node.tree_size(block.data.len())),
        });
        written.push(block);
        root = Some(cid);
    }
    write(blocks, hold, written).await?;
    // A path has at least one name, be it empty.
    root.ok_or(ObjectError::EmptyName)
}

fn named(link: &Link, name: impl AsRef<[u8]>) -> bool {
    link.name.as_deref().unwrap_or_default() == name.as_ref()
}
