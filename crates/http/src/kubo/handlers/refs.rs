//! `refs`, and `repo/ls`, which is an alias of `refs/local`.

use cairn_dag::refs::{self, RefsOptions};
use cairn_wire::kubo::refs::links::{Ref, Refs, TARGET};
use cairn_wire::kubo::refs::local::RefsLocal;
use cairn_wire::kubo::repo::ls::RepoLs;

use super::super::error::text;
use super::super::{Answer, Call, Failure, Handler, Records};

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
    Ok(Records::stream(futures_util::stream::try_unfold(
        list,
        move |mut list| async move {
            let next = list.next().await.transpose()?;
            Ok(next.map(|cid| (Ref::new(form.show(&cid)), list)))
        },
    )))
}
