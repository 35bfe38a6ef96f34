//! `check`.

use std::sync::Arc;

use cairn_node::check::{CheckRequest, Outcome, Step, StepKind, TIMEOUT};
use cairn_primitives::Cid;
use cairn_wire::kubo::check::{Check, CheckStep};
use tokio::sync::mpsc;

use super::super::network::peer_or_address;
use super::super::{Answer, Call, Failure, Handler, Records};

/// Steps that wait for the connection; at the bound the check waits.
const QUEUE: usize = 16;

impl Handler for Check {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let cid = self.cid.strip_prefix("/ipfs/").unwrap_or(&self.cid);
        let cid: Cid = cid
            .parse()
            .map_err(|error| Failure::normal(format!("invalid CID {cid:?}: {error}")))?;
        let mut request = CheckRequest::new(cid);
        request.via = self.via.as_deref().map(peer_or_address).transpose()?;
        request.recursive = self.recursive;
        // Some of the call's time is left for the result.
        request.timeout = call.timeout.map_or(TIMEOUT, |timeout| timeout * 9 / 10);
        let node = Arc::clone(call.node());
        Ok(Records::work(move |out| async move {
            let (sender, mut steps) = mpsc::channel(QUEUE);
            let check = async {
                node.check(&*network, &request, sender).await;
                Ok(())
            };
            let forward = async {
                while let Some(step) = steps.recv().await {
                    out.send(record(step)).await?;
                }
                Ok(())
            };
            tokio::try_join!(check, forward).map(|_| ())
        }))
    }
}

fn record(step: Step) -> CheckStep {
    let kind = match step.kind {
        StepKind::Stored => "stored",
        StepKind::Announced => "announced",
        StepKind::Reachable => "reachable",
        StepKind::Connected => "connected",
        StepKind::Offered => "offered",
        _ => CheckStep::RESULT,
    };
    let status = match step.outcome {
        Outcome::Ok => CheckStep::OK,
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
        _ => "unknown",
    };
    CheckStep {
        step: kind.to_owned(),
        status: status.to_owned(),
        peer: step.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        text: step.text,
        hint: step.hint,
    }
}
