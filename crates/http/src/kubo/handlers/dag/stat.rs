//! `dag/stat`.

use std::time::{Duration, Instant};

use cairn_dag::Blocks;
use cairn_dag::stat::{self, DagStats};
use cairn_primitives::{ByteString, Cid};
use cairn_wire::kubo::dag::stat::{DagCount, DagCounts, DagStat};

use super::super::super::call::CidForm;
use super::super::super::error::text;
use super::super::super::{Answer, Call, Failure, Handler, Records};

/// Time between two records of progress.
const TICK: Duration = Duration::from_millis(100);

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
