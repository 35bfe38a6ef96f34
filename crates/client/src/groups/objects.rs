//! dag-pb objects.

use cairn_primitives::Cid;
use cairn_wire::kubo::object::data::ObjectData;
use cairn_wire::kubo::object::diff::{self, ObjectChange as Change, ObjectChanges, ObjectDiff};
use cairn_wire::kubo::object::get::{ObjectGet, ObjectNode as Node};
use cairn_wire::kubo::object::links::{ObjectLinkList, ObjectLinks};
use cairn_wire::kubo::object::new::ObjectNew;
use cairn_wire::kubo::object::patch::add_link::ObjectPatchAddLink;
use cairn_wire::kubo::object::patch::append_data::ObjectPatchAppendData;
use cairn_wire::kubo::object::patch::rm_link::ObjectPatchRmLink;
use cairn_wire::kubo::object::patch::set_data::ObjectPatchSetData;
use cairn_wire::kubo::object::put::ObjectPut;
use cairn_wire::kubo::object::stat::{ObjectSizes, ObjectStat};
use cairn_wire::kubo::object::{ObjectCid, ObjectLink as Link};

use crate::error::{EncoderError, Error};
use crate::kubo::{Call, Callable, IntoPath, binary, cid, one, setters, text};
use crate::upload::{IntoSource, files};

group! {
    /// dag-pb objects. Kubo has removed most of these commands, see [`Kubo::dag`](crate::Kubo::dag) for their replacement.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let objects = kubo.objects();
    /// let empty = objects.new_object().await?;
    /// let linked = objects.patch_add_link(&empty, "self", &empty).await?;
    /// let node = objects.get(&linked).await?;
    /// println!("{:?} {:?}", node.data, node.links);
    /// # Ok(())
    /// # }
    /// ```
    Objects, objects
}

impl Objects<'_> {
    /// Reads the data of an object.
    pub fn data(&self, path: impl IntoPath) -> Call<ObjectData> {
        Call::new(self.0, ObjectData::new(text(path)))
    }

    /// Lists the differences between two DAGs.
    pub fn diff(&self, before: impl IntoPath, after: impl IntoPath) -> Call<ObjectDiff> {
        Call::new(self.0, ObjectDiff::new(text(before), text(after)))
    }

    /// Reads an object.
    pub fn get(&self, path: impl IntoPath) -> Call<ObjectGet> {
        Call::new(self.0, ObjectGet::new(text(path)))
    }

    /// Lists the links of an object.
    pub fn links(&self, path: impl IntoPath) -> Call<ObjectLinks> {
        Call::new(self.0, ObjectLinks::new(text(path)))
    }

    /// Creates an empty object.
    pub fn new_object(&self) -> Call<ObjectNew> {
        Call::new(self.0, ObjectNew::new(None))
    }

    /// Creates an object from a template: `unixfs-dir` for an empty directory.
    pub fn new_from(&self, template: impl IntoPath) -> Call<ObjectNew> {
        Call::new(self.0, ObjectNew::new(Some(text(template))))
    }

    /// Stores an object, given as JSON unless `inputenc` is set.
    pub fn put(&self, object: impl IntoSource) -> Call<ObjectPut> {
        let upload = files(object.into_source(), self.0.chunk_size());
        Call::new(self.0, ObjectPut::new()).sending(upload)
    }

    /// Returns the sizes of an object.
    pub fn stat(&self, path: impl IntoPath) -> Call<ObjectStat> {
        Call::new(self.0, ObjectStat::new(text(path)))
    }

    /// Creates an object with an additional link.
    pub fn patch_add_link(
        &self,
        root: impl IntoPath,
        name: impl IntoPath,
        target: impl IntoPath,
    ) -> Call<ObjectPatchAddLink> {
        Call::new(
            self.0,
            ObjectPatchAddLink::new(text(root), name.into_path(), text(target)),
        )
    }

    /// Creates an object without a link.
    pub fn patch_rm_link(
        &self,
        root: impl IntoPath,
        name: impl IntoPath,
    ) -> Call<ObjectPatchRmLink> {
        Call::new(self.0, ObjectPatchRmLink::new(text(root), name.into_path()))
    }

    /// Creates an object with additional data.
    pub fn patch_append_data(
        &self,
        root: impl IntoPath,
        data: impl IntoSource,
    ) -> Call<ObjectPatchAppendData> {
        let upload = files(data.into_source(), self.0.chunk_size());
        Call::new(self.0, ObjectPatchAppendData::new(text(root))).sending(upload)
    }

    /// Creates an object with other data.
    pub fn patch_set_data(
        &self,
        root: impl IntoPath,
        data: impl IntoSource,
    ) -> Call<ObjectPatchSetData> {
        let upload = files(data.into_source(), self.0.chunk_size());
        Call::new(self.0, ObjectPatchSetData::new(text(root))).sending(upload)
    }
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// Its data. In JSON it is text in which each character is one byte (ISO-8859-1).
    pub data: Vec<u8>,
    /// Its links.
    pub links: Vec<ObjectLink>,
}

/// A link of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectLink {
    /// Its name.
    pub name: String,
    /// The linked object.
    pub cid: Cid,
    /// Total size of the linked DAG in bytes.
    pub size: u64,
}

/// The sizes of an object in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectSize {
    /// The object.
    pub cid: Cid,
    /// Number of links.
    pub links: u64,
    /// Size of the block.
    pub block_size: u64,
    /// Size of the block without the data.
    pub links_size: u64,
    /// Size of the data.
    pub data_size: u64,
    /// Total size of the DAG.
    pub cumulative_size: u64,
}

/// A difference between two DAGs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The path, relative to the roots.
    pub path: String,
    /// The kind of the difference, with the CIDs.
    pub kind: DifferenceKind,
}

/// The kind of a [`Difference`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// A link was added.
    Added(Cid),
    /// A link was removed.
    Removed(Cid),
    /// A link was changed.
    Changed {
        /// The previous target.
        before: Cid,
        /// The new target.
        after: Cid,
    },
}

fn links(links: Vec<Link>) -> Result<Vec<ObjectLink>, Error> {
    let links = links.into_iter().map(|link| {
        Ok(ObjectLink {
            cid: cid(&link.hash)?,
            name: link.name,
            size: link.size,
        })
    });
    links.collect()
}

/// Decodes ISO-8859-1 text.
fn latin1(text: &str) -> Result<Vec<u8>, Error> {
    let bytes = text.chars().map(|letter| u8::try_from(u32::from(letter)));
    bytes
        .collect::<Result<_, _>>()
        .map_err(|error| EncoderError::decoding("ISO-8859-1", error).into())
}

fn difference(change: Change) -> Result<Difference, Error> {
    let link = |link: Option<cairn_wire::kubo::CidLink>| match link {
        Some(link) => cid(&link.cid),
        None => Err(EncoderError::decoding("a difference", "a CID is missing").into()),
    };
    Ok(Difference {
        path: change.path,
        kind: match change.r#type {
            diff::ADDED => DifferenceKind::Added(link(change.after)?),
            diff::REMOVED => DifferenceKind::Removed(link(change.before)?),
            _ => DifferenceKind::Changed {
                before: link(change.before)?,
                after: link(change.after)?,
            },
        },
    })
}

fn root(object: &ObjectCid) -> Result<Cid, Error> {
    cid(&object.hash)
}

binary!(ObjectData);

one! {
    ObjectDiff, ObjectChanges => Vec<Difference>, |found| found.changes.into_iter().map(difference).collect();
    ObjectLinks, ObjectLinkList => Vec<ObjectLink>, |list| links(list.links);
    ObjectNew, ObjectCid => Cid, |object| root(&object);
    ObjectPut, ObjectCid => Cid, |object| root(&object);
    ObjectPatchAddLink, ObjectCid => Cid, |object| root(&object);
    ObjectPatchRmLink, ObjectCid => Cid, |object| root(&object);
    ObjectPatchAppendData, ObjectCid => Cid, |object| root(&object);
    ObjectPatchSetData, ObjectCid => Cid, |object| root(&object);
    ObjectStat, ObjectSizes => ObjectSize, |sizes| Ok(ObjectSize {
        cid: cid(&sizes.hash)?,
        links: sizes.num_links,
        block_size: sizes.block_size,
        links_size: sizes.links_size,
        data_size: sizes.data_size,
        cumulative_size: sizes.cumulative_size,
    });
}

impl Callable for ObjectGet {
    type Output = Object;

    async fn run(call: Call<Self>) -> Result<Object, Error> {
        // The data is converted, so that the encoding is not the caller's choice.
        let call = call.with(|get| get.data_encoding = "text".to_owned());
        let node: Node = call.record().await?;
        Ok(Object {
            data: latin1(&node.data)?,
            links: links(node.links)?,
        })
    }
}

cairn_wire::ObjectPut!(setters);
cairn_wire::ObjectPatchAddLink!(setters);
cairn_wire::ObjectPatchRmLink!(setters);
cairn_wire::ObjectPatchAppendData!(setters);
cairn_wire::ObjectPatchSetData!(setters);
