//! IPLD DAGs and CAR files.

use std::future::IntoFuture;

use cairn_primitives::{Cid, ContentPath};
use cairn_wire::kubo::dag::export::DagExport;
use cairn_wire::kubo::dag::get::DagGet;
use cairn_wire::kubo::dag::import::{DagImport, Imported};
use cairn_wire::kubo::dag::put::{DagPut, StoredNode};
use cairn_wire::kubo::dag::resolve::{DagResolve, ResolvedNode};
use cairn_wire::kubo::dag::stat::{DagCounts, DagStat};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{EncoderError, Error};
use crate::kubo::{
    Call, Callable, IntoPath, IntoPaths, binary, cid, decode, list, many, one, setters, some,
};
use crate::upload::{IntoSources, Source, files};

/// Maximum size in bytes of a node that is deserialized.
const NODE_LIMIT: usize = 64 << 20;
/// The supported encodings of nodes. DAG-JSON is JSON with conventions for links and bytes.
const JSON: &[&str] = &["dag-json", "json"];

group! {
    /// IPLD nodes of any codec, and CAR files.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), Box<dyn std::error::Error>> {
    /// let cid = kubo.dag().put_value(&serde_json::json!({ "stones": [1, 2, 3] }))?.await?.remove(0);
    /// let stone: u32 = kubo.dag().get(format!("{cid}/stones/1")).value().await?;
    /// kubo.dag().export(&cid).to_file("stones.car").await?;
    /// let roots = kubo.dag().import("stones.car").await?;
    /// # let _ = (stone, roots); Ok(())
    /// # }
    /// ```
    Dag, dag
}

impl Dag<'_> {
    /// Reads a node, or a value inside one, as DAG-JSON unless `output_codec` is set.
    pub fn get(&self, path: impl IntoPath) -> Call<DagGet> {
        Call::new(self.0, DagGet::new(path.into_path()))
    }

    /// Stores each source as a node and returns the CIDs. They are parsed as DAG-JSON unless `input_codec` is set.
    pub fn put(&self, nodes: impl IntoSources) -> Call<DagPut> {
        Call::new(self.0, DagPut::new()).sending(files(nodes, self.0.chunk_size()))
    }

    /// Stores a value as a node. Links are `{"/": "CID"}`, bytes are `{"/": {"bytes": "base64"}}`, see
    /// <https://ipld.io/specs/codecs/dag-json/spec/>.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Encoding`] if the value cannot be represented in JSON.
    pub fn put_value(&self, value: &impl Serialize) -> Result<Call<DagPut>, Error> {
        let json = serde_json::to_vec(value).map_err(|error| EncoderError::Encoding {
            encoding: "dag-json",
            source: Box::new(error),
        })?;
        Ok(self.put(Source::bytes(json)))
    }

    /// Exports a DAG as a CAR file.
    pub fn export(&self, root: impl IntoPath) -> Call<DagExport> {
        Call::new(self.0, DagExport::new(root.into_path()))
    }

    /// Imports CAR files and pins their roots.
    pub fn import(&self, cars: impl IntoSources) -> Call<DagImport> {
        Call::new(self.0, DagImport::new()).sending(files(cars, self.0.chunk_size()))
    }

    /// Resolves a path to a CID and the remaining path in its block.
    pub fn resolve(&self, path: impl IntoPath) -> Call<DagResolve> {
        Call::new(self.0, DagResolve::new(path.into_path()))
    }

    /// Returns the size and number of blocks of DAGs. If streamed, it reports progress.
    pub fn stat(&self, roots: impl IntoPaths) -> Call<DagStat> {
        Call::new(self.0, DagStat::new(roots.into_paths()))
    }
}

impl Call<DagGet> {
    /// Deserializes the node, up to 64 MiB.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Missing`] if `output_codec` is not DAG-JSON or JSON, and any other [`Error`].
    pub async fn value<T: DeserializeOwned>(self) -> Result<T, Error> {
        let codec = &self.command().output_codec;
        if !JSON.contains(&codec.as_str()) {
            return Err(EncoderError::Missing {
                encoding: codec.clone(),
            }
            .into());
        }
        decode(&self.into_future().await?.to_vec(NODE_LIMIT).await?)
    }
}

/// A root of a CAR file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedRoot {
    /// The root.
    pub cid: Cid,
    /// Why it is not pinned.
    pub pin_error: Option<String>,
}

/// An event while CAR files are imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportEvent {
    /// A root.
    Root(ImportedRoot),
    /// The total of what was stored; at the end, if `stats` is set.
    Stats {
        /// Number of blocks.
        blocks: u64,
        /// Their size in bytes.
        bytes: u64,
    },
}

/// A resolved path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolvedDag {
    /// The last block.
    pub cid: Cid,
    /// The remaining path inside it, as in `a/b`; may be empty.
    pub rest: String,
}

impl ResolvedDag {
    /// Converts it to a path.
    ///
    /// # Errors
    ///
    /// If the remaining path is invalid.
    pub fn path(&self) -> Result<ContentPath, cairn_primitives::path::PathError> {
        ContentPath::from_cid(self.cid.clone()).join(self.rest.split('/'))
    }
}

/// Size of DAGs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DagSize {
    /// Number of distinct blocks.
    pub unique_blocks: u64,
    /// Their size in bytes.
    pub total_size: u64,
    /// Bytes saved because roots share blocks.
    pub shared_size: u64,
    /// The sum of the sizes of all roots, divided by the total.
    pub ratio: f32,
    /// The roots.
    pub roots: Vec<RootSize>,
}

/// Size of one DAG.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RootSize {
    /// The root.
    pub cid: Cid,
    /// Size of its blocks in bytes.
    pub size: u64,
    /// Number of its distinct blocks.
    pub blocks: u64,
}

fn size(counts: DagCounts) -> Result<DagSize, Error> {
    let roots = counts.dag_stats.into_iter().map(|root| {
        Ok(RootSize {
            cid: cid(&root.cid)?,
            size: root.size,
            blocks: root.num_blocks,
        })
    });
    Ok(DagSize {
        unique_blocks: counts.unique_blocks,
        total_size: counts.total_size,
        shared_size: counts.shared_size,
        ratio: counts.ratio,
        roots: roots.collect::<Result<_, Error>>()?,
    })
}

binary!(DagGet, DagExport);

one! {
    DagResolve, ResolvedNode => ResolvedDag, |resolved| Ok(ResolvedDag {
        cid: cid(&resolved.cid.cid)?,
        rest: resolved.rem_path.trim_start_matches('/').to_owned(),
    });
}

many! {
    DagStat, DagCounts => DagSize, |counts, items| {
        items.push_back(size(counts)?);
        Ok(())
    };
}

impl Callable for DagStat {
    type Output = DagSize;

    /// The last record has the totals.
    async fn run(call: Call<Self>) -> Result<DagSize, Error> {
        call.stream().try_collect().await?.pop().ok_or(Error::Empty)
    }
}

list! {
    DagPut, StoredNode => Cid, |node, items| {
        items.push_back(cid(&node.cid.cid)?);
        Ok(())
    };
    DagImport, Imported => ImportEvent, |imported, items| {
        items.push_back(match imported {
            Imported::Root(root) => ImportEvent::Root(ImportedRoot {
                cid: cid(&root.cid.cid)?,
                pin_error: some(root.pin_error_msg),
            }),
            Imported::Stats(stats) => ImportEvent::Stats {
                blocks: stats.block_count,
                bytes: stats.block_bytes_count,
            },
        });
        Ok(())
    };
}

cairn_wire::DagGet!(setters);
cairn_wire::DagPut!(setters);
cairn_wire::DagExport!(setters);
cairn_wire::DagImport!(setters);
cairn_wire::DagStat!(setters);
