//! Waiting for the status of a pin.

use std::time::Duration;

use cairn_primitives::Cid;
use cairn_wire::cluster::{GlobalPinInfo, TrackerStatus};
use tokio::time::Instant;

use super::Cluster;
use super::calls::Peers;
use super::error::ClusterError;

/// The status to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Pinned on the peers that it is allocated to. The root of sharded content counts as pinned.
    Pinned,
    /// On no peer.
    Unpinned,
}

/// What to wait for, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// The status.
    pub target: Target,
    /// On how many peers; `None` for all of those that are concerned.
    pub peers: Option<usize>,
    /// Maximum time.
    pub limit: Duration,
    /// Time between two requests of the status.
    pub interval: Duration,
}

impl Wait {
    /// Waits until all peers are there, at most for this time. The status is requested once a second.
    #[must_use]
    pub fn new(target: Target, limit: Duration) -> Self {
        Self {
            target,
            peers: None,
            limit,
            interval: Duration::from_secs(1),
        }
    }

    /// Waits only until this many peers are there.
    #[must_use]
    pub fn on_peers(mut self, peers: usize) -> Self {
        self.peers = Some(peers);
        self
    }

    /// Requests the status after such intervals.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    fn is_there(&self, status: TrackerStatus) -> bool {
        match self.target {
            Target::Pinned => matches!(status, TrackerStatus::Pinned | TrackerStatus::Sharded),
            Target::Unpinned => status == TrackerStatus::Unpinned,
        }
    }

    /// How far a pin has come.
    fn check(&self, info: &GlobalPinInfo) -> Progress {
        let concerned = info.peer_map.values().map(|on| on.status);
        let concerned: Vec<TrackerStatus> = concerned
            .filter(|status| *status != TrackerStatus::Remote)
            .collect();
        let there = concerned.iter().filter(|on| self.is_there(**on)).count();
        let failed = concerned.iter().filter(|on| on.is_error()).count();
        let needed = self.peers.unwrap_or(concerned.len().max(1));
        if there >= needed {
            Progress::Done
        } else if failed > 0 && concerned.len() - failed < needed {
            Progress::Failed
        } else {
            Progress::Waiting
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Done,
    Waiting,
    Failed,
}

impl Cluster {
    /// Waits until a pin has reached its target, and returns its status.
    ///
    /// # Errors
    ///
    /// [`ClusterError::PinFailed`] if it failed on so many peers that the target is out of reach, [`ClusterError::WaitTimeout`], any
    /// error of [`Self::status`].
    pub async fn wait(&self, cid: &Cid, wait: &Wait) -> Result<GlobalPinInfo, ClusterError> {
        let end = Instant::now().checked_add(wait.limit);
        loop {
            let status = self.status(cid, Peers::All).await?;
            match wait.check(&status) {
                Progress::Done => return Ok(status),
                Progress::Failed => {
                    return Err(ClusterError::PinFailed {
                        cid: cid.clone(),
                        status: Box::new(status),
                    });
                }
                Progress::Waiting => {}
            }
            let next = Instant::now() + wait.interval;
            if end.is_some_and(|end| next > end) {
                return Err(ClusterError::WaitTimeout {
                    cid: cid.clone(),
                    limit: wait.limit,
                    status: Box::new(status),
                });
            }
            tokio::time::sleep_until(next).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cairn_wire::cluster::{PinInfo, Time};

    use super::*;

    fn info(statuses: &[TrackerStatus]) -> GlobalPinInfo {
        let on = |status| PinInfo {
            status,
            ..PinInfo::default()
        };
        let peers = statuses.iter().enumerate();
        let cid = "bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna";
        GlobalPinInfo {
            cid: cid.parse().unwrap(),
            name: String::new(),
            allocations: Vec::new(),
            origins: None,
            created: Time::NONE,
            metadata: None,
            peer_map: peers
                .map(|(place, status)| (place.to_string(), on(*status)))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn peers_that_are_not_concerned_do_not_count() {
        use TrackerStatus::{PinError, Pinned, Pinning, Remote, Unpinned};
        let all = Wait::new(Target::Pinned, Duration::ZERO);
        let two = all.on_peers(2);
        for (statuses, of_all, of_two) in [
            (vec![Pinned, Remote], Progress::Done, Progress::Waiting),
            (
                vec![Pinned, Pinned, Pinning],
                Progress::Waiting,
                Progress::Done,
            ),
            (
                vec![Pinned, Pinned, PinError],
                Progress::Failed,
                Progress::Done,
            ),
            (
                vec![Pinned, Pinning, PinError],
                Progress::Failed,
                Progress::Waiting,
            ),
            (vec![Pinned, PinError], Progress::Failed, Progress::Failed),
            (vec![], Progress::Waiting, Progress::Waiting),
        ] {
            let info = info(&statuses);
            assert_eq!(all.check(&info), of_all, "{statuses:?}");
            assert_eq!(two.check(&info), of_two, "{statuses:?}");
        }
        let gone = Wait::new(Target::Unpinned, Duration::ZERO);
        assert_eq!(gone.check(&info(&[Unpinned, Remote])), Progress::Done);
        assert_eq!(gone.check(&info(&[Unpinned, Pinned])), Progress::Waiting);
    }
}
