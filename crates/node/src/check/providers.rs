//! The steps about providers.

use std::time::Duration;

use cairn_primitives::with_causes;
use cairn_store::network::{NetworkError, PeerAddresses, QueryStep};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::{Check, Outcome, Step, StepKind};

/// Other providers that are checked; further ones are not.
const MAX_PROVIDERS: usize = 8;

/// Found providers that are looked at, of which others than this node are checked.
const MAX_FOUND: usize = 64;

/// The share of the timeout for the lookup of providers.
const LOOKUP_SHARE: u32 = 2;

/// Most time for connecting to one provider.
const CONNECT: Duration = Duration::from_secs(12);

/// Most time for its answer.
const ANSWER: Duration = Duration::from_secs(8);

/// The providers that others find.
pub(super) struct FoundProviders {
    /// Whether this node is among them; of content that is not here, whether there are any.
    pub(super) announced: Outcome,
    /// Others than this node.
    pub(super) others: Vec<PeerAddresses>,
}

impl Check<'_> {
    /// Looks providers up as others would.
    pub(super) async fn find_providers(&self, is_here: bool) -> FoundProviders {
        let own_id = self.node.identity().peer_id();
        let routing = self.network.routing();
        let mut events = routing
            .find_announced_providers(&self.request.cid)
            .take(MAX_FOUND);
        let (mut own, mut own_record) = (false, false);
        let (mut others, mut failed) = (Vec::<PeerAddresses>::new(), None);
        let lookup = async {
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => {
                        own_record |= event.step == QueryStep::OwnRecord;
                        for provider in event.responses {
                            if provider.peer == own_id {
                                own = true;
                            } else if others.len() < MAX_PROVIDERS
                                && others.iter().all(|known| known.peer != provider.peer)
                            {
                                others.push(provider);
                            }
                        }
                    }
                    Err(error) => failed = Some(error),
                }
                if (own || !is_here) && others.len() >= MAX_PROVIDERS {
                    break;
                }
            }
        };
        let limit = self.within(self.request.timeout / LOOKUP_SHARE);
        let ended = tokio::time::timeout_at(limit, lookup).await.is_ok();
        let step = match (is_here, own, others.len()) {
            (true, true, others) => Step::new(
                StepKind::Announced,
                Outcome::Ok,
                format!("others find this node as a provider{}", besides(others)),
            ),
            (false, _, 1..) => Step::new(
                StepKind::Announced,
                Outcome::Ok,
                format!("{} found", providers(others.len())),
            ),
            (false, true, 0) => Step::new(
                StepKind::Announced,
                Outcome::Failed,
                "only this node is found as a provider, which does not have the block",
            ),
            (true, false, count) if own_record && ended && failed.is_none() => Step::new(
                StepKind::Announced,
                Outcome::Unknown,
                format!(
                    "this node has announced it, but no other node confirms it{}",
                    besides(count)
                ),
            )
            .with_hint(format!(
                "check it from another node, or announce it again: `routing provide {}`",
                self.request.cid
            )),
            (_, false, count) => self.not_announced(is_here, count, ended, failed.as_ref()),
        };
        let announced = step.outcome;
        self.report(step).await;
        FoundProviders { announced, others }
    }

    /// The step of content for which this node was not found, or nobody.
    fn not_announced(
        &self,
        is_here: bool,
        others: usize,
        ended: bool,
        failed: Option<&NetworkError>,
    ) -> Step {
        let step = |outcome, text: String| Step::new(StepKind::Announced, outcome, text);
        let is_alone = self.network.swarm().connections().is_empty();
        match failed {
            None if is_alone => return without_peers(),
            Some(NetworkError::NoPeers) => return without_peers(),
            Some(NetworkError::Unavailable(_)) => {
                return step(
                    Outcome::Unknown,
                    "providers cannot be looked up: routing is turned off".to_owned(),
                )
                .with_hint("set `Routing.Type`, or name the provider: `check --via ADDRESS`");
            }
            Some(error) => {
                return step(
                    Outcome::Unknown,
                    format!("the lookup of providers failed: {error}"),
                );
            }
            None if !ended => {
                return step(
                    Outcome::Unknown,
                    format!(
                        "no provider record of this content was found in time{}",
                        besides(others)
                    ),
                )
                .with_hint("allow more time with `--timeout`");
            }
            None => {}
        }
        if !is_here {
            return step(Outcome::Failed, "nobody is found as a provider".to_owned())
                .with_hint("add the content to a node that announces it, or name a node that has it: `check --via ADDRESS`");
        }
        let cid = &self.request.cid;
        let hint = if self.node.config().provide.enabled == Some(false) {
            "announcements are turned off: set `Provide.Enabled` to true".to_owned()
        } else {
            format!("announce it: `routing provide {cid}`")
        };
        step(
            Outcome::Failed,
            format!(
                "others do not find this node as a provider{}",
                besides(others)
            ),
        )
        .with_hint(hint)
    }

    /// Whether one of these providers can be connected to, and offers the block. All are asked at the same time.
    pub(super) async fn check_providers(&self, providers: Vec<PeerAddresses>) -> Outcome {
        let checks = providers.into_iter().map(|peer| self.check_provider(peer));
        let mut checks: FuturesUnordered<_> = checks.collect();
        let (mut offered, mut unknown) = (false, false);
        while let Some(outcome) = checks.next().await {
            offered |= outcome == Outcome::Ok;
            unknown |= outcome == Outcome::Unknown;
        }
        match (offered, unknown) {
            (true, _) => Outcome::Ok,
            (false, true) => Outcome::Unknown,
            (false, false) => Outcome::Failed,
        }
    }

    async fn check_provider(&self, provider: PeerAddresses) -> Outcome {
        let peer = provider.peer.clone();
        let connected = self.connect(provider).await;
        let outcome = connected.outcome;
        self.report(connected.of_peer(&peer)).await;
        if outcome != Outcome::Ok {
            return outcome;
        }
        let answer = self.network.exchange().has(&peer, &self.request.cid);
        let answer = tokio::time::timeout_at(self.within(ANSWER), answer).await;
        let step = |outcome, text: String| Step::new(StepKind::Offered, outcome, text);
        let offered = match answer {
            Ok(Ok(true)) => step(Outcome::Ok, "it has the block".to_owned()),
            Ok(Ok(false)) => step(Outcome::Failed, "it does not have the block".to_owned()),
            Ok(Err(NetworkError::NotConnected)) => step(
                Outcome::Failed,
                "it does not exchange blocks, or closed the connection".to_owned(),
            ),
            Ok(Err(error)) => step(Outcome::Unknown, format!("it cannot be asked: {error}")),
            Err(_) => step(
                Outcome::Unknown,
                "it did not answer in time whether it has the block".to_owned(),
            )
            .with_hint("allow more time with `--timeout`"),
        };
        let outcome = offered.outcome;
        self.report(offered.of_peer(&peer)).await;
        outcome
    }

    async fn connect(&self, provider: PeerAddresses) -> Step {
        let step = |outcome, text: String| Step::new(StepKind::Connected, outcome, text);
        let swarm = self.network.swarm();
        let of_peer =
            |connection: &cairn_store::network::Connection| connection.peer == provider.peer;
        let number = provider.addresses.len();
        let connect = swarm.connect(provider.clone());
        match tokio::time::timeout_at(self.within(CONNECT), connect).await {
            Ok(Ok(())) => {
                let connection = swarm.connections().into_iter().find(of_peer);
                let at = connection.map(|connection| format!(" at {}", connection.address));
                step(Outcome::Ok, format!("connected{}", at.unwrap_or_default()))
            }
            Ok(Err(_)) if number == 0 => step(
                Outcome::Failed,
                "no address at which the provider can be reached is known".to_owned(),
            )
            .with_hint("it must be online and announce its addresses"),
            Ok(Err(error)) => step(
                Outcome::Failed,
                format!(
                    "none of its {number} addresses can be reached: {}",
                    with_causes(&error)
                ),
            )
            .with_hint("the provider must be online, and its port be open"),
            Err(_) => step(
                Outcome::Failed,
                format!("none of its {number} addresses answered in time"),
            )
            .with_hint("the provider must be online, and its port be open"),
        }
    }
}

/// The step of a lookup without anybody to ask.
fn without_peers() -> Step {
    let text = "providers cannot be looked up: no peer of the DHT is connected";
    Step::new(StepKind::Announced, Outcome::Unknown, text).with_hint(
        "connect to some: `swarm connect ADDRESS`, or add bootstrap peers: `bootstrap add default`",
    )
}

fn providers(count: usize) -> String {
    if count == 1 {
        "one provider".to_owned()
    } else {
        format!("{count} providers")
    }
}

/// Other providers beside this node.
fn besides(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ", besides one other provider".to_owned(),
        _ => format!(", besides {others} other providers"),
    }
}
