//! `pin/add`.

use std::time::Duration;

use cairn_dag::pin::Progress;
use cairn_store::meta::PinMode;
use cairn_wire::kubo::pin::add::{PinAdd, Pinned};

use super::super::super::{Answer, Call, Failure, Handler, OneOrMany, Records};
use super::super::fast_provide::{FastProvide, Kept};

/// Time between two lines of progress.
const TICK: Duration = Duration::from_millis(500);

impl Handler for PinAdd {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let name = self.name.clone().unwrap_or_default();
        cairn_dag::pin::check_name(&name)?;
        let mode = if self.recursive {
            PinMode::Recursive
        } else {
            PinMode::Direct
        };
        let (blocks, pinner) = (call.blocks(), call.node().pins().clone());
        let fast = FastProvide::new(
            self.fast_provide_root,
            self.fast_provide_dag,
            self.fast_provide_wait,
        );
        let progress = self.progress;
        let pin_all = async move |seen: Option<&Progress>| {
            let mut roots = Vec::with_capacity(self.paths.len());
            for path in &self.paths {
                let cid = call.resolve(path).await?;
                pinner.add(&blocks, &cid, mode, &name, seen).await?;
                roots.push(cid);
            }
            fast.announce(&call, &roots, Kept::PINNED).await?;
            Ok::<_, Failure>(Pinned {
                pins: Some(roots.iter().map(|root| form.show(root)).collect()),
                ..Pinned::default()
            })
        };
        if !progress {
            return Ok(OneOrMany::One(pin_all(None).await?));
        }
        Ok(OneOrMany::Many(Records::work(move |out| async move {
            let seen = Progress::default();
            let shown = || Pinned {
                pins: None,
                progress: Some(seen.nodes()),
                bytes: Some(seen.bytes()),
            };
            let mut pinning = std::pin::pin!(pin_all(Some(&seen)));
            let pinned = loop {
                match tokio::time::timeout(TICK, pinning.as_mut()).await {
                    Ok(done) => break done?,
                    Err(_) => out.send(shown()).await?,
                }
            };
            out.send(shown()).await?;
            out.send(pinned).await
        })))
    }
}
