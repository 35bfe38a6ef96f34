//! `version/check`.

use std::collections::BTreeSet;

use cairn_wire::kubo::version::check::{VersionCheck, VersionComparison};

use super::super::super::{AGENT, Answer, Call, Failure, Handler};

impl Handler for VersionCheck {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        if !(1..=100).contains(&self.min_percent) {
            return Err(Failure::client(format!(
                "min-percent is {}, but must be between 1 and 100",
                self.min_percent
            )));
        }
        let own = release(AGENT).unwrap_or_default();
        let swarm = network.swarm();
        let connections = swarm.connections();
        let peers: BTreeSet<_> = connections
            .into_iter()
            .map(|connection| connection.peer)
            .collect();
        let releases: Vec<[u64; 3]> = peers
            .iter()
            .filter_map(|peer| release(&swarm.identity(peer)?.agent))
            .collect();
        let newer = releases.iter().filter(|release| **release > own).count() as u64;
        // This node is one of the sample.
        let sampled = releases.len() as u64 + 1;
        let greatest = releases.into_iter().max().unwrap_or(own).max(own);
        let [major, minor, patch] = greatest;
        Ok(VersionComparison {
            update_available: newer * 100 >= sampled * u64::from(self.min_percent.unsigned_abs()),
            running_version: env!("CARGO_PKG_VERSION").to_owned(),
            greatest_version: format!("{major}.{minor}.{patch}"),
            peers_sampled: sampled,
            with_greater_version: newer,
        })
    }
}

/// The release of an agent that is this program, as in `cairn/1.2.3-suffix`.
fn release(agent: &str) -> Option<[u64; 3]> {
    let version = agent.strip_prefix("cairn/")?;
    let number = version.split(['-', '+', '/', ' ']).next()?;
    let mut parts = number.split('.').map(|part| part.parse().ok());
    let release = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_agents() {
        for (agent, expected) in [
            ("cairn/1.2.3", Some([1, 2, 3])),
            ("cairn/1.2.3-dev/x", Some([1, 2, 3])),
            ("cairn/1.2", None),
            ("kubo/0.42.0", None),
            ("cairn/1.2.3.4", None),
        ] {
            assert_eq!(release(agent), expected, "{agent}");
        }
        assert!(release(AGENT).is_some());
    }
}
