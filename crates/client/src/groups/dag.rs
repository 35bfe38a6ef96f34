//! DAGs of any codec, and CARs of them.

use std::future::{Future, IntoFuture};

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

/// Most bytes of a node that is read as a value.
const NODE_LIMIT: usize = 64 << 20;
/// The encodings of nodes that this client knows: DAG-JSON is JSON, with links and bytes in a form of their own.
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
    /// Reads a node, or a value inside one; as DAG-JSON unless `output_codec` says otherwise.
    pub fn get(&self, path: impl IntoPath) -> Call<DagGet> {
        Call::new(self.0, DagGet::new(path.into_path()))
    }

    /// Stores each of these as a node, and gives their CIDs. They are read as DAG-JSON unless `input_codec` says otherwise.
    pub fn put(&self, nodes: impl IntoSources) -> Call<DagPut> {
        Call::new(self.0, DagPut::new()).sending(files(nodes, self.0.chunk_size()))
    }

    /// Stores a value as a node. A link is `{"/": "CID"}`, bytes are `{"/": {"bytes": "base64"}}`: see
    /// <https://ipld.io/specs/codecs/dag-json/spec/>.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Encoding`] when the value has no form in JSON.
    pub fn put_value(&self, value: &impl Serialize) -> Result<Call<DagPut>, Error> {
        let json = serde_json::to_vec(value).map_err(|error| EncoderError::Encoding {
            encoding: "dag-json",
            source: Box::new(error),
        })?;
        Ok(self.put(Source::bytes(json)))
    }

    /// Reads all below a root as a CAR file.
    pub fn export(&self, root: impl IntoPath) -> Call<DagExport> {
        Call::new(self.0, DagExport::new(root.into_path()))
    }

    /// Stores the blocks of CAR files and pins their roots.
    pub fn import(&self, cars: impl IntoSources) -> Call<DagImport> {
        Call::new(self.0, DagImport::new()).sending(files(cars, self.0.chunk_size()))
    }

    /// The last block that a path leads to, and the path that is left inside it.
    pub fn resolve(&self, path: impl IntoPath) -> Call<DagResolve> {
        Call::new(self.0, DagResolve::new(path.into_path()))
    }

    /// Counts the blocks and bytes below roots. Streamed, it tells how far it has come.
    pub fn stat(&self, roots: impl IntoPaths) -> Call<DagStat> {
        Call::new(self.0, DagStat::new(roots.into_paths()))
    }
}

impl Call<DagGet> {
    /// The node as a value; at most 64 MiB of it.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Missing`] when another codec than DAG-JSON or JSON was asked for, and any other [`Error`].
    pub fn value<T: DeserializeOwned>(self) -> impl Future<Output = Result<T, Error>> + Send {
        async move {
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

/// What happens while CAR files are imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportEvent {
    /// A root was found.
    Root(ImportedRoot),
    /// So much was stored; told at the end where `stats` asks for it.
    Stats {
        /// Blocks.
        blocks: u64,
        /// Their bytes.
        bytes: u64,
    },
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolvedDag {
    /// The last block.
    pub cid: Cid,
    /// The path that is left inside it, as in `a/b`; empty when none is.
    pub rest: String,
}

impl ResolvedDag {
    /// As a path.
    ///
    /// # Errors
    ///
    /// When what is left cannot be a part of one.
    pub fn path(&self) -> Result<ContentPath, cairn_primitives::path::PathError> {
        ContentPath::from_cid(self.cid.clone()).join(self.rest.split('/'))
    }
}

/// What hangs below roots.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DagSize {
    /// Blocks that any root reaches, each counted once.
    pub unique_blocks: u64,
    /// Bytes of those blocks.
    pub total_size: u64,
    /// Bytes that several roots reach, counted once less than they occur.
    pub shared_size: u64,
    /// The bytes of each root by itself, summed up and divided by the total.
    pub ratio: f32,
    /// Each root by itself.
    pub roots: Vec<RootSize>,
}

/// What hangs below one root.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RootSize {
    /// The root.
    pub cid: Cid,
    /// Bytes of its blocks.
    pub size: u64,
    /// Its blocks, each counted once.
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

    /// The last record is about all.
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
