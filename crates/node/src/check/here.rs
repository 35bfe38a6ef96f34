//! The steps about this node.

use cairn_store::network::Reachability;

use super::{Check, Outcome, Step, StepKind};

/// The share of the timeout for looking for missing blocks.
const COUNT_SHARE: u32 = 3;

impl Check<'_> {
    /// Whether the block is here, or the whole DAG. [`Outcome::Skipped`] if its root is not.
    pub(super) async fn check_stored(&self) -> Outcome {
        let cid = &self.request.cid;
        let step = |outcome, text: &str| Step::new(StepKind::Stored, outcome, text);
        let step = match self.node.offline_blocks().has_local(cid).await {
            Err(error) => step(
                Outcome::Failed,
                &format!("the block cannot be read: {error}"),
            )
            .with_hint("check the repository: `repo verify`"),
            Ok(false) => step(
                Outcome::Skipped,
                "the block is not stored here; other providers are checked",
            ),
            Ok(true) if self.request.recursive => self.count().await,
            Ok(true) => step(Outcome::Ok, "the block is stored here"),
        };
        let outcome = step.outcome;
        self.report(step).await;
        outcome
    }

    /// Looks for blocks of the DAG that are not here.
    async fn count(&self) -> Step {
        let step = |outcome, text: String| Step::new(StepKind::Stored, outcome, text);
        let cid = &self.request.cid;
        let mut listing = self.node.pins().verify_dag(cid.clone());
        let deadline = self.within(self.request.timeout / COUNT_SHARE);
        match tokio::time::timeout_at(deadline, listing.next()).await {
            Ok(Some(Ok(status))) if status.ok() => step(
                Outcome::Ok,
                "all blocks of the DAG are stored here".to_owned(),
            ),
            Ok(Some(Ok(status))) => step(
                Outcome::Failed,
                format!("{} blocks of the DAG are missing here", status.bad.len()),
            )
            .with_hint(format!("fetch them: `pin add {cid}`")),
            Ok(Some(Err(error))) => step(
                Outcome::Unknown,
                format!("the blocks of the DAG cannot be counted: {error}"),
            ),
            Ok(None) | Err(_) => step(
                Outcome::Unknown,
                "there was no time to look for all blocks of the DAG".to_owned(),
            )
            .with_hint("allow more time with `--timeout`"),
        }
    }

    /// Whether others can connect to this node.
    pub(super) async fn check_reachable(&self) -> Outcome {
        let swarm = self.network.swarm();
        let step = |outcome, text: String| Step::new(StepKind::Reachable, outcome, text);
        let (found, announced) = (swarm.reachability(), swarm.announced());
        let is_relayed = announced
            .iter()
            .any(|address| address.has_protocol("p2p-circuit"));
        let step = if announced.is_empty() {
            step(
                Outcome::Failed,
                "this node announces no addresses".to_owned(),
            )
            .with_hint("set `Addresses.Swarm` to addresses on which it can listen")
        } else {
            match found.status {
                Reachability::Public => {
                    let at = found.reachable.first().or(announced.first());
                    let at = at.map(|address| format!(" at {address}")).unwrap_or_default();
                    step(Outcome::Ok, format!("this node is reachable from the internet{at}"))
                }
                Reachability::Private if is_relayed => step(
                    Outcome::Unknown,
                    "this node is only reachable through relays, by peers that can punch holes"
                        .to_owned(),
                )
                .with_hint("forward the port of `Addresses.Swarm` in your router"),
                Reachability::Private => step(
                    Outcome::Failed,
                    "no public address: connections from the internet do not arrive".to_owned(),
                )
                .with_hint("forward the port of `Addresses.Swarm` in your router, and name the address in `Addresses.AppendAnnounce` if it is not found"),
                Reachability::Unknown => step(
                    Outcome::Unknown,
                    "no peer has tested yet whether this node is reachable from the internet".to_owned(),
                )
                .with_hint("wait until `swarm addrs autonat` tells; it needs connected peers"),
            }
        };
        let outcome = step.outcome;
        self.report(step).await;
        outcome
    }
}
