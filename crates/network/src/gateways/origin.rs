//! One gateway, and whether it can be relied on.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::reach::is_public_ip;

/// Failures in a row after which a gateway is left alone for [`PAUSE`].
const FAILURES: u32 = 3;
/// See [`FAILURES`].
const PAUSE: Duration = Duration::from_secs(60);
/// Time for which a gateway is left alone after wrong bytes.
const WRONG: Duration = Duration::from_secs(3600);

/// A gateway.
#[derive(Debug)]
pub(super) struct Origin {
    /// Its URL without `/ipfs`.
    base: String,
    /// Whether it was found by a router: then it must have a public address.
    is_found: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    paused_until: Option<Instant>,
}

impl Origin {
    /// A gateway of the configuration.
    pub(super) fn listed(url: &str) -> Option<Self> {
        let url = url.trim().trim_end_matches('/');
        let url = url.strip_suffix("/ipfs").unwrap_or(url);
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        is_http.then(|| Self::new(url, false))
    }

    /// A gateway that a router named: only with HTTPS, and not at an address of the local network. What its name leads to is checked
    /// when it is looked up.
    pub(super) fn found(url: &str) -> Option<Self> {
        let parsed = reqwest::Url::parse(url).ok()?;
        let host = parsed.host_str()?.trim_matches(['[', ']']);
        let is_allowed = host.parse().map_or(true, is_public_ip);
        let is_secure = parsed.scheme() == "https";
        (is_allowed && is_secure).then(|| Self::new(url.trim_end_matches('/'), true))
    }

    fn new(base: &str, is_found: bool) -> Self {
        Self {
            base: base.to_owned(),
            is_found,
            state: Mutex::default(),
        }
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn is_found(&self) -> bool {
        self.is_found
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.base == other.base
    }

    /// Whether it may be asked now.
    pub(super) fn is_usable(&self) -> bool {
        let paused = self.state.lock().paused_until;
        paused.is_none_or(|until| until <= Instant::now())
    }

    /// It answered as it should, with a block or without.
    pub(super) fn succeeded(&self) {
        self.state.lock().failures = 0;
    }

    /// It did not answer, or with an error.
    pub(super) fn failed(&self) {
        let mut state = self.state.lock();
        state.failures += 1;
        if state.failures >= FAILURES {
            state.failures = 0;
            state.paused_until = Instant::now().checked_add(PAUSE);
        }
    }

    /// It sent other bytes than those that were asked for.
    pub(super) fn lied(&self) {
        tracing::warn!(gateway = self.base, "a gateway sent wrong bytes");
        self.state.lock().paused_until = Instant::now().checked_add(WRONG);
    }
}
