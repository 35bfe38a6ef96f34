//! `repo`.

use cairn_dag::gc::CollectionTask;
use cairn_node::config::parse_size;
use cairn_primitives::Cid;
use cairn_store::BlockError;
use cairn_wire::kubo::repo::gc::{Collected, RepoGc};
use cairn_wire::kubo::repo::stat::{RepoSizes, RepoStat};
use cairn_wire::kubo::repo::verify::{RepoVerify, Verified};
use cairn_wire::kubo::repo::version::{RepoNumber, RepoVersion};

use super::super::error::text;
use super::super::{Answer, Call, Failure, Handler, REPO_VERSION, Records};

impl Handler for RepoGc {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let compat = call.rpc.is_compat();
        let mut running: CollectionTask = call.node().collect();
        Ok(Records::work(move |out| async move {
            if !self.silent {
                while let Some(cid) = running.next().await {
                    // The block is gone, so its codec cannot be told any more: most were dag-pb in Kubo 0.7.
                    let cid = compat.then(|| dag_pb(&cid)).flatten().unwrap_or(cid);
                    out.send(Collected {
                        key: Some(form.show(&cid).into()),
                        error: String::new(),
                    })
                    .await?;
                }
            }
            match running.finish().await {
                Ok(_) => Ok(()),
                Err(error) if self.stream_errors => {
                    out.send(Collected {
                        key: None,
                        error: text(&error),
                    })
                    .await?;
                    Err(Failure::trailer(
                        "encountered errors during gc run".to_owned(),
                    ))
                }
                Err(error) => Err(error.into()),
            }
        }))
    }
}

/// The CIDv0 of a block's key, where it can have one.
pub(super) fn dag_pb(key: &Cid) -> Option<Cid> {
    Cid::v0(key.hash().clone()).ok()
}

impl Handler for RepoStat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let node = call.node().clone();
        let sizes = tokio::task::spawn_blocking(move || {
            let stat = node.store().stat()?;
            Ok::<_, Failure>(RepoSizes {
                num_objects: if self.size_only { 0 } else { stat.blocks },
                repo_size: stat.disk_bytes,
                storage_max: parse_size(&node.config().datastore.storage_max).unwrap_or(0),
                repo_path: if self.size_only {
                    String::new()
                } else {
                    node.repo().path().display().to_string()
                },
                version: if self.size_only {
                    String::new()
                } else {
                    format!("fs-repo@{REPO_VERSION}")
                },
            })
        });
        sizes
            .await
            .map_err(|_| Failure::normal("the count was interrupted"))?
    }
}

impl Handler for RepoVerify {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        if self.heal {
            return Err(Failure::normal(
                "--heal needs a node that is online: damaged blocks would be fetched from peers",
            ));
        }
        let node = call.node().clone();
        Ok(Records::work(move |out| async move {
            let progress = out.clone();
            let store = node.store().clone();
            let checked = tokio::task::spawn_blocking(move || {
                let mut damaged = Vec::new();
                cairn_dag::stat::verify(&*store, &mut |seen| {
                    let message = verdict(&seen);
                    if message.is_some() {
                        damaged.push(seen.cid.hash().clone());
                    }
                    message.is_none_or(|msg| progress.blocking_send(Verified { msg, progress: 0 }))
                        && progress.blocking_send(Verified {
                            msg: String::new(),
                            progress: seen.checked,
                        })
                })
                .map(|_| damaged)
            });
            let damaged = checked
                .await
                .map_err(|_| Failure::normal("the check was interrupted"))??;
            if self.drop && !damaged.is_empty() {
                node.store().remove(&damaged).await?;
                out.send(Verified {
                    msg: format!("removed {} damaged blocks", damaged.len()),
                    progress: 0,
                })
                .await?;
            } else if !damaged.is_empty() {
                return Err(Failure::trailer(format!(
                    "verify complete, {} blocks are damaged",
                    damaged.len()
                )));
            }
            out.send(Verified {
                msg: "verify complete, all blocks validated.".to_owned(),
                progress: 0,
            })
            .await
        }))
    }
}

impl Handler for RepoVersion {
    async fn handle(self, _: Call) -> Result<Answer<Self>, Failure> {
        Ok(RepoNumber {
            version: REPO_VERSION.to_owned(),
        })
    }
}

/// What is wrong with a block, if anything is.
fn verdict(seen: &cairn_dag::stat::Verified) -> Option<String> {
    let damage = seen.damage.as_ref()?;
    let state = if matches!(damage, BlockError::Lost { .. }) {
        "is missing"
    } else {
        "was corrupt"
    };
    Some(format!("block {} {state} ({damage})", seen.cid))
}
