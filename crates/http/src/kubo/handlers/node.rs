//! `dag/get`, `dag/put`, `dag/resolve` and `dag/stat`: nodes of any codec.

use std::time::{Duration, Instant};

use cairn_dag::import::{ImportDefaults, ImportError, NodePutRequest};
use cairn_dag::pin::PinError;
use cairn_dag::resolve;
use cairn_dag::stat::{self, DagStats};
use cairn_dag::{Blocks, NodeError};
use cairn_node::Node;
use cairn_primitives::ByteString;
use cairn_primitives::{Cid, Codec, codec};
use cairn_store::Hold;
use cairn_store::block::MAX_BLOCK;
use cairn_store::meta::{Pin, PinMode};
use cairn_wire::kubo::dag::get::DagGet;
use cairn_wire::kubo::dag::put::{DagPut, StoredNode};
use cairn_wire::kubo::dag::resolve::{DagResolve, ResolvedNode};
use cairn_wire::kubo::dag::stat::{DagCount, DagCounts, DagStat};
use futures_util::StreamExt as _;

use super::super::call::CidForm;
use super::super::error::text;
use super::super::files::Files;
use super::super::{Answer, ByteStream, Call, Failure, Handler, Records};

/// Time between two records of progress.
const TICK: Duration = Duration::from_millis(100);

impl Handler for DagGet {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let output = Codec::from_name(&self.output_codec)?;
        let resolved = call.follow(&self.path).await?;
        let value = resolve::value(&call.blocks(), &resolved).await?;
        let piece = match codec::encode(output, &value) {
            Ok(bytes) => (!bytes.is_empty()).then(|| Ok(bytes.into())),
            Err(error @ codec::CodecError::UnknownEncoder(_)) => {
                return Err(Failure::normal(format!(
                    "invalid encoding: {output} - {}",
                    text(&error)
                )));
            }
            // Kubo has started its response by then.
            Err(error) => Some(Err(Failure::Trailer(text(&error)))),
        };
        Ok(ByteStream {
            media_type: "text/plain",
            length: None,
            stream: futures_util::stream::iter(piece).boxed(),
        })
    }
}

impl Handler for DagPut {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let format = NodePutRequest {
            input_codec: self.input_codec,
            store_codec: self.store_codec,
            hash: self.hash,
            allow_big_block: self.allow_big_block,
        }
        .resolve(
            ImportDefaults::from(&call.node().config().import)
                .hash
                .as_deref(),
        )?;
        let node = call.node().clone();
        Ok(Records::work(move |out| async move {
            while files.next().await?.is_some() {
                let data = files
                    .whole(MAX_BLOCK, || ImportError::BigBlock.into())
                    .await?;
                let format = format.clone();
                let block = tokio::task::spawn_blocking(move || format.block(&data))
                    .await
                    .map_err(|_| Failure::normal("the encoding was interrupted"))??;
                let cid = block.cid.clone();
                let hold = node.store().hold();
                node.store().put(&hold, vec![block]).await?;
                if self.pin {
                    pin(&node, &hold, &cid).await?;
                }
                out.send(StoredNode {
                    cid: form.show(&cid).into(),
                })
                .await?;
            }
            Ok(())
        }))
    }
}

/// Pins a node that was just stored. As in Kubo, blocks that it links to may be missing; those that are present are
/// kept.
async fn pin(node: &Node, hold: &Hold, cid: &Cid) -> Result<(), PinError> {
    let local = node.blocks().local();
    let whole = node
        .pins()
        .add(&local, cid, PinMode::Recursive, "", None)
        .await;
    match whole {
        Err(PinError::Incomplete(NodeError::Fetch(absent))) if absent.is_not_found() => {
            let pin = Pin {
                cid: cid.clone(),
                mode: PinMode::Recursive,
                name: String::new(),
            };
            node.pins().add_held(hold, vec![pin]).await
        }
        done => done,
    }
}

impl Handler for DagResolve {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let resolved = call.follow(&self.path).await?;
        Ok(ResolvedNode {
            cid: form.show(&resolved.cid).into(),
            rem_path: resolved.remainder_path().into_text(),
        })
    }
}

impl Handler for DagStat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let progress = self.progress.unwrap_or(true);
        let blocks = call.blocks();
        Ok(Records::work(move |out| async move {
            let roots = roots(&call, &blocks, &self.roots).await?;
            let mut last: Option<Instant> = None;
            let stats = stat::dags(&blocks, &roots, |stats| {
                if progress && last.is_none_or(|last| last.elapsed() >= TICK) {
                    last = Some(Instant::now());
                    out.offer(|| counts(stats, form));
                }
            })
            .await
            .map_err(|error| Failure::normal(format!("error traversing DAG: {}", text(&error))))?;
            out.send(summary(&stats, form)).await
        }))
    }
}

/// Resolves paths to blocks; each path must resolve completely.
async fn roots(call: &Call, blocks: &Blocks, paths: &[ByteString]) -> Result<Vec<Cid>, Failure> {
    let mut roots = Vec::with_capacity(paths.len());
    for path in paths {
        let resolved = call.follow(path).await?;
        if !resolved.remainder.is_empty() {
            return Err(Failure::normal(
                "cannot return size for anything other than a DAG with a root CID",
            ));
        }
        blocks.get(&resolved.cid).await?;
        roots.push(resolved.cid);
    }
    Ok(roots)
}

fn counts(stats: &DagStats, form: CidForm) -> DagCounts {
    DagCounts {
        total_size: stats.unique_bytes,
        dag_stats: stats
            .roots
            .iter()
            .map(|root| DagCount {
                cid: form.show(&root.cid),
                size: root.bytes,
                num_blocks: root.blocks,
            })
            .collect(),
        ..DagCounts::default()
    }
}

fn summary(stats: &DagStats, form: CidForm) -> DagCounts {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a ratio for people, in Kubo's precision"
    )]
    let ratio = match stats.unique_bytes {
        0 => 0.0,
        unique => stats.total_bytes() as f32 / unique as f32,
    };
    DagCounts {
        unique_blocks: stats.unique_blocks,
        shared_size: stats.shared_bytes(),
        ratio,
        ..counts(stats, form)
    }
}
