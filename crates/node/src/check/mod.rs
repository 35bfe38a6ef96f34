//! Whether others can fetch content: the steps that a peer would take, one after another.
//!
//! The block is here, a provider record of this node is found by others, this node's addresses can be reached; or another provider
//! is found, can be connected to, and offers the block. [`Node::check`] reports each [`Step`], and what to do where it failed.

mod here;
mod providers;
mod step;

use std::time::Duration;

use cairn_primitives::Cid;
use cairn_store::Network;
use cairn_store::network::PeerAddresses;
use tokio::sync::mpsc;
use tokio::time::Instant;

pub use self::step::{Outcome, Step, StepKind};
use crate::node::Node;

/// The default of [`CheckRequest::timeout`].
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// The parameters of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckRequest {
    /// The root of the content.
    pub cid: Cid,
    /// The provider to be checked, with its addresses if they are known. Without it, providers are looked up.
    pub via: Option<PeerAddresses>,
    /// Whether all blocks of the DAG must be stored here, if its root is.
    pub recursive: bool,
    /// The time for all steps. What has not ended then is unknown.
    pub timeout: Duration,
}

impl CheckRequest {
    /// A check of the root's block at all providers, with the default timeout.
    #[must_use]
    pub fn new(cid: Cid) -> Self {
        Self {
            cid,
            via: None,
            recursive: false,
            timeout: TIMEOUT,
        }
    }
}

/// A running check.
struct Check<'a> {
    node: &'a Node,
    network: &'a dyn Network,
    request: &'a CheckRequest,
    deadline: Instant,
    steps: mpsc::Sender<Step>,
}

impl Check<'_> {
    async fn report(&self, step: Step) {
        // One who no longer reads drops the check, too.
        let _ = self.steps.send(step).await;
    }

    /// The deadline of a part of the check: at most `part` from now.
    fn within(&self, part: Duration) -> Instant {
        self.deadline.min(Instant::now() + part)
    }

    async fn run(&self) -> Step {
        let cid = &self.request.cid;
        if cid.hash().identity_data().is_some() {
            let text = "the CID contains its data: nobody has to fetch it";
            return Step::new(StepKind::Result, Outcome::Ok, text);
        }
        let own = self.node.identity().peer_id();
        let via = self.request.via.as_ref();
        if via.is_some_and(|via| via.peer != own) {
            let offered = self
                .check_providers(via.cloned().into_iter().collect())
                .await;
            return result(Outcome::Skipped, offered);
        }
        let stored = self.check_stored().await;
        let found = self.find_providers(stored != Outcome::Skipped).await;
        let here = match stored {
            Outcome::Skipped if found.announced == Outcome::Unknown => Outcome::Unknown,
            Outcome::Skipped => Outcome::Skipped,
            _ => all([stored, found.announced, self.check_reachable().await]),
        };
        let offered = if here == Outcome::Ok || via.is_some() || found.others.is_empty() {
            Outcome::Skipped
        } else {
            self.check_providers(found.others).await
        };
        result(here, offered)
    }
}

/// The last step: whether others can fetch the content from this node, or from another.
fn result(here: Outcome, offered: Outcome) -> Step {
    let (outcome, text) = match (here, offered) {
        (_, Outcome::Ok) => (Outcome::Ok, "it can be fetched from another provider"),
        (Outcome::Ok, _) => (Outcome::Ok, "others can fetch it from this node"),
        (Outcome::Unknown, _) | (_, Outcome::Unknown) => (
            Outcome::Unknown,
            "it is not known whether others can fetch it",
        ),
        _ => (Outcome::Failed, "others cannot fetch it"),
    };
    Step::new(StepKind::Result, outcome, text)
}

/// Several outcomes of which all are needed.
fn all(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Ok => 0,
        Outcome::Skipped => 1,
        Outcome::Unknown => 2,
        Outcome::Failed => 3,
    };
    outcomes.into_iter().max_by_key(rank).unwrap_or(Outcome::Ok)
}

impl Node {
    /// Checks whether others can fetch content, and sends each step as it ends; the last is [`StepKind::Result`]. There is a step for
    /// each of eight providers at most. Dropping the future ends the check.
    pub async fn check(
        &self,
        network: &dyn Network,
        request: &CheckRequest,
        steps: mpsc::Sender<Step>,
    ) {
        let check = Check {
            node: self,
            network,
            request,
            deadline: Instant::now() + request.timeout,
            steps,
        };
        let result = check.run().await;
        check.report(result).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_suffices() {
        use Outcome::{Failed, Ok, Skipped, Unknown};
        assert_eq!(all([Ok, Ok]), Ok);
        assert_eq!(all([Ok, Unknown]), Unknown);
        assert_eq!(all([Unknown, Failed, Ok]), Failed);
        assert_eq!(all([Skipped, Unknown]), Unknown);
    }
}
