//! `refs`, and `repo/ls`, which is an alias of `refs/local`.

use cairn_dag::Blocks;
use cairn_dag::refs::{self, RefsOptions};
use cairn_primitives::{Cid, codec};
use cairn_wire::kubo::refs::links::{Ref, Refs, TARGET};
use cairn_wire::kubo::refs::local::RefsLocal;
use cairn_wire::kubo::repo::ls::RepoLs;

use super::super::error::text;
use super::super::{Answer, Call, Failure, Handler, Records};
use super::repo::dag_pb;

impl Handler for Refs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let format = match (self.edges, self.format) {
            (false, format) if format.is_empty() => TARGET.to_owned(),
            (false, format) => format,
            (true, format) if format == TARGET => "<src> -> <dst>".to_owned(),
            (true, _) => {
                return Err(Failure::normal(
                    "using format argument with edges is not allowed",
                ));
            }
        };
        let max_depth = if self.recursive {
            u64::try_from(self.max_depth).ok()
        } else {
            Some(1)
        };
        let mut roots = Vec::with_capacity(self.paths.len());
        for path in &self.paths {
            roots.push(call.resolve(path).await?);
        }
        let options = RefsOptions {
            unique: self.unique,
            max_depth,
        };
        let mut links = refs::Refs::new(call.blocks(), options);
        Ok(Records::large(move |out| async move {
            for root in roots {
                links.start(root);
                while let Some(link) = links.next().await {
                    let record = match link {
                        Ok(link) => match link.format(&format, |cid| form.show(cid)) {
                            Ok(text) => Ref::new(text),
                            Err(error) => Ref {
                                r#ref: String::new(),
                                err: text(&error),
                            },
                        },
                        // The other roots are listed anyway.
                        Err(error) => Ref {
                            r#ref: String::new(),
                            err: text(&error),
                        },
                    };
                    out.send(record).await?;
                }
            }
            Ok(())
        }))
    }
}

impl Handler for RefsLocal {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        local(&call)
    }
}

impl Handler for RepoLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        local(&call)
    }
}

fn local(call: &Call) -> Result<Records<Ref>, Failure> {
    let form = call.cids()?;
    let list = refs::local_listing(call.node().store().clone());
    let blocks = call.rpc.is_compat().then(|| call.node().offline_blocks());
    Ok(Records::stream(futures_util::stream::try_unfold(
        (list, blocks),
        move |(mut list, blocks)| async move {
            let Some(cid) = list.next().await.transpose()? else {
                return Ok(None);
            };
            let cid = match &blocks {
                Some(blocks) => older(blocks, cid).await,
                None => cid,
            };
            Ok(Some((Ref::new(form.show(&cid)), (list, blocks))))
        },
    )))
}

/// The CIDv0 by which Kubo 0.7 listed a block, if it can be read as a dag-pb node.
async fn older(blocks: &Blocks, key: Cid) -> Cid {
    let Some(cid) = dag_pb(&key) else {
        return key;
    };
    match blocks.get_local(&cid).await {
        Ok(Some(data)) if codec::dag_pb::links(&data).is_ok() => cid,
        _ => key,
    }
}
