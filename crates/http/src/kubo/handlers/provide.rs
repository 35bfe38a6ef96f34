//! `provide`.

use std::sync::Arc;

use cairn_dag::refs::{Refs, RefsOptions};
use cairn_primitives::Cid;
use cairn_store::Network;
use cairn_wire::kubo::provide::clear::ProvideClear;
use cairn_wire::kubo::provide::once::{ProvideOnce, ProvideQueued};
use cairn_wire::kubo::provide::stat::{ProvideCounts, ProvideStat};

use super::super::{Answer, Call, Failure, Handler, Records};

/// CIDs that are announced together.
const TOGETHER: usize = 256;

impl Handler for ProvideStat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let stat = call.network()?.routing().announcements(self.lan);
        Ok(ProvideCounts {
            sweep: stat.sweep.unwrap_or_default(),
            legacy: stat.legacy.unwrap_or_default(),
            full_rt: false,
        })
    }
}

impl Handler for ProvideClear {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        // Nothing waits to be announced on a node without peers.
        let cleared = match call.node().network() {
            Some(network) => network.routing().clear_queue().await?,
            None => 0,
        };
        let record = (!self.quiet).then_some(Ok(cleared));
        Ok(Records::stream(futures_util::stream::iter(record)))
    }
}

impl Handler for ProvideOnce {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        if call.node().config().provide.enabled == Some(false) {
            return Err(Failure::normal("cannot provide: Provide.Enabled is false"));
        }
        if network.swarm().connections().is_empty() {
            return Err(Failure::normal("cannot provide: no connected peers"));
        }
        Ok(Records::work(move |out| async move {
            let mut blocks = Announced::new(&call, self.recursive);
            for key in &self.keys {
                blocks.begin(stored(&call, key).await?);
                loop {
                    let batch = blocks.batch().await?;
                    if batch.is_empty() {
                        break;
                    }
                    network.routing().provide(batch.clone(), false).await?;
                    for cid in batch {
                        let queued = cid.to_string();
                        out.send(ProvideQueued { queued }).await?;
                    }
                }
            }
            Ok(())
        }))
    }
}

/// Announces blocks, or also all below them, and waits until peers have taken the announcements.
pub(super) async fn announce(
    call: &Call,
    network: &Arc<dyn Network>,
    roots: &[Cid],
    recursive: bool,
) -> Result<(), Failure> {
    let mut blocks = Announced::new(call, recursive);
    for root in roots {
        blocks.begin(root.clone());
        loop {
            let batch = blocks.batch().await?;
            if batch.is_empty() {
                break;
            }
            network.routing().provide(batch, true).await?;
        }
    }
    Ok(())
}

/// A CID whose block is here.
pub(super) async fn stored(call: &Call, key: &str) -> Result<Cid, Failure> {
    let cid: Cid = key
        .parse()
        .map_err(|error| Failure::normal(format!("invalid CID {key:?}: {error}")))?;
    if !call.blocks().has_local(&cid).await? {
        return Err(Failure::normal(format!(
            "block {cid} not found locally, cannot provide"
        )));
    }
    Ok(cid)
}

/// The blocks that are to be announced, each once: given ones, or also all below them that are here.
pub(super) struct Announced {
    root: Option<Cid>,
    below: Option<Refs>,
}

impl Announced {
    pub(super) fn new(call: &Call, recursive: bool) -> Self {
        let options = RefsOptions {
            unique: true,
            max_depth: None,
        };
        Self {
            root: None,
            below: recursive.then(|| Refs::new(call.node().offline_blocks(), options)),
        }
    }

    /// Begins with another root.
    pub(super) fn begin(&mut self, root: Cid) {
        if let Some(below) = &mut self.below {
            below.start(root.clone());
        }
        self.root = Some(root);
    }

    /// The next few; none at the end.
    pub(super) async fn batch(&mut self) -> Result<Vec<Cid>, Failure> {
        let mut batch: Vec<Cid> = self.root.take().into_iter().collect();
        while let Some(below) = &mut self.below
            && batch.len() < TOGETHER
        {
            match below.next().await {
                Some(link) => batch.push(link?.target),
                None => break,
            }
        }
        Ok(batch)
    }
}
