//! Counts of announcements, in the form of `ipfs provide stat`.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use cairn_primitives::rfc3339;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::queue::Origin;
use crate::routing::settings::AnnounceSettings;

/// Peers that one record is sent to.
const REPLICATION: usize = 20;

/// Counts since the start.
pub(super) struct Stats {
    started: SystemTime,
    announced: AtomicI64,
    failed: AtomicI64,
    running_new: AtomicI64,
    running_sweep: AtomicI64,
    state: Mutex<State>,
}

struct State {
    online: bool,
    since: SystemTime,
    /// The current run over all content, or the last one.
    cycle: Option<SystemTime>,
    cycle_runs: bool,
    /// Keys that it has announced.
    cycle_keys: i64,
    /// Time that the last complete one took.
    cycle_time: Duration,
}

impl Stats {
    pub(super) fn new() -> Self {
        let started = SystemTime::now();
        Self {
            started,
            announced: AtomicI64::new(0),
            failed: AtomicI64::new(0),
            running_new: AtomicI64::new(0),
            running_sweep: AtomicI64::new(0),
            state: Mutex::new(State {
                online: false,
                since: started,
                cycle: None,
                cycle_runs: false,
                cycle_keys: 0,
                cycle_time: Duration::ZERO,
            }),
        }
    }

    pub(super) fn set_online(&self, online: bool) {
        let mut state = self.state.lock();
        if state.online != online {
            (state.online, state.since) = (online, SystemTime::now());
        }
    }

    fn running(&self, origin: Origin) -> &AtomicI64 {
        match origin {
            Origin::New => &self.running_new,
            Origin::Sweep => &self.running_sweep,
        }
    }

    pub(super) fn begin(&self, origin: Origin) {
        self.running(origin).fetch_add(1, Relaxed);
    }

    pub(super) fn end(&self, origin: Origin, announced: bool) {
        self.running(origin).fetch_sub(1, Relaxed);
        if !announced {
            self.failed.fetch_add(1, Relaxed);
            return;
        }
        self.announced.fetch_add(1, Relaxed);
        if origin == Origin::Sweep {
            self.state.lock().cycle_keys += 1;
        }
    }

    pub(super) fn begin_sweep(&self) {
        let mut state = self.state.lock();
        (state.cycle, state.cycle_runs, state.cycle_keys) = (Some(SystemTime::now()), true, 0);
    }

    pub(super) fn end_sweep(&self) {
        let mut state = self.state.lock();
        state.cycle_runs = false;
        state.cycle_time = state.cycle.map(since).unwrap_or_default();
    }

    /// The counts by Kubo's names. What only its way of announcing has (regions of keys, connections per worker) is zero.
    pub(super) fn to_json(
        &self,
        settings: &AnnounceSettings,
        queued: usize,
        peers: usize,
    ) -> Value {
        let state = self.state.lock();
        let (new, sweep) = (
            self.running_new.load(Relaxed),
            self.running_sweep.load(Relaxed),
        );
        let next = state
            .cycle
            .filter(|_| !settings.interval.is_zero())
            .and_then(|cycle| cycle.checked_add(settings.interval));
        let minutes = state.cycle_time.as_secs_f64() / 60.0;
        let rate = if minutes > 0.0 && !state.cycle_runs {
            state.cycle_keys as f64 / minutes
        } else {
            0.0
        };
        json!({
            "closed": false,
            "connectivity": {
                "status": if state.online { "online" } else { "disconnected" },
                "since": text(Some(state.since)),
            },
            "queues": {
                "pending_key_provides": queued,
                "pending_region_provides": 0,
                "pending_region_reprovides": 0,
            },
            "schedule": {
                "keys": state.cycle_keys,
                "regions": 0,
                "avg_prefix_length": 0.0,
                "next_reprovide_at": text(next),
                "next_reprovide_prefix": "",
            },
            "workers": {
                "max": settings.workers,
                "active": new + sweep,
                "active_periodic": sweep,
                "active_burst": new,
                "dedicated_periodic": 0,
                "dedicated_burst": settings.workers / 2,
                "queued_periodic": 0,
                "queued_burst": 0,
                "max_provide_conns_per_worker": 0,
            },
            "timing": {
                "uptime": nanos(since(self.started)),
                "reprovides_interval": nanos(settings.interval),
                "cycle_start": text(state.cycle),
                "current_time_offset": state.cycle.map_or(0, |cycle| nanos(since(cycle))),
                "max_reprovide_delay": 0,
            },
            "operations": {
                "ongoing": {
                    "region_provides": 0,
                    "key_provides": new,
                    "region_reprovides": 0,
                    "key_reprovides": sweep,
                },
                "past": {
                    "records_provided": 0,
                    "keys_provided": self.announced.load(Relaxed),
                    "keys_failed": self.failed.load(Relaxed),
                    "keys_provided_per_minute": 0.0,
                    "keys_reprovided_per_minute": rate,
                    "reprovide_duration": 0,
                    "avg_keys_per_reprovide": 0.0,
                    "regions_reprovided_last_cycle": 0,
                },
            },
            "network": {
                "peers": peers,
                "reachable": peers,
                "complete_keyspace_coverage": false,
                "avg_region_size": 0.0,
                "avg_holders": 0.0,
                "replication_factor": REPLICATION,
            },
        })
    }
}

fn since(time: SystemTime) -> Duration {
    time.elapsed().unwrap_or_default()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A time as Go writes it in JSON.
fn text(time: Option<SystemTime>) -> String {
    let since = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since
        .and_then(|since| {
            let seconds = i64::try_from(since.as_secs()).ok()?;
            rfc3339::format(seconds, since.subsec_nanos())
        })
        .unwrap_or_else(|| "0001-01-01T00:00:00Z".to_owned())
}
