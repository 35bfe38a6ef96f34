//! `--fast-provide-*`: announces new roots before all other content.

use cairn_node::announce::{Parts, Strategy};
use cairn_primitives::Cid;

use super::super::{Call, Failure};
use super::provide::announce;

/// What a command does with new roots, which decides whether `Provide.Strategy` has them announced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) is_pinned: bool,
    pub(super) is_in_mfs: bool,
}

impl Kept {
    pub(super) const PINNED: Self = Self {
        is_pinned: true,
        is_in_mfs: false,
    };

    fn has_root(self, parts: Parts) -> bool {
        self.is_pinned && (parts.pinned || parts.roots) || self.is_in_mfs && parts.mfs
    }

    fn has_all(self, parts: Parts) -> bool {
        !parts.entities && (self.is_pinned && parts.pinned || self.is_in_mfs && parts.mfs)
    }
}

/// The options of a command: whether roots are announced before other content, with what is below them, and whether the
/// command waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct FastProvide {
    root: Option<bool>,
    dag: Option<bool>,
    wait: Option<bool>,
}

impl FastProvide {
    pub(super) fn new(root: Option<bool>, dag: Option<bool>, wait: Option<bool>) -> Self {
        Self { root, dag, wait }
    }

    /// Announces new roots. Nothing happens on a node that announces nothing, or not this content.
    pub(super) async fn announce(
        self,
        call: &Call,
        roots: &[Cid],
        kept: Kept,
    ) -> Result<(), Failure> {
        let Some(network) = call.node().network().filter(|_| !call.is_offline()) else {
            return Ok(());
        };
        let config = call.node().config();
        let import = &config.import;
        let root = self.root.or(import.fast_provide_root).unwrap_or(true);
        if !root || config.provide.enabled == Some(false) {
            return Ok(());
        }
        // One that cannot be read was refused at the start.
        let strategy = Strategy::from_config(&config).unwrap_or(Strategy::All);
        let (has_root, has_all) = match strategy {
            Strategy::All => (true, true),
            Strategy::Parts(parts) => (kept.has_root(parts), kept.has_all(parts)),
        };
        if !has_root {
            return Ok(());
        }
        if !self.wait.or(import.fast_provide_wait).unwrap_or(false) {
            // What is below them is queued by the strategy.
            network.routing().provide_soon(roots);
            return Ok(());
        }
        let dag = self.dag.or(import.fast_provide_dag).unwrap_or(false);
        let has_dht = ["wan", "lan"]
            .iter()
            .any(|name| network.routing().table(name).is_some());
        if !has_dht {
            return Ok(());
        }
        let announced = announce(call, &network, roots, dag && has_all).await;
        announced.map_err(|failure| Failure::normal(format!("not announced: {failure}")))
    }
}
