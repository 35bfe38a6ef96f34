//! Settings of routing.

use std::time::Duration;

use cairn_primitives::keys::PeerId;

use super::custom::Custom;

/// How this node takes part in the DHTs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DhtMode {
    /// It serves the DHT of the local network, and that of the internet while others can reach it from there.
    #[default]
    Auto,
    /// It only sends queries.
    Client,
    /// It serves both.
    Server,
    /// It uses none.
    Off,
}

/// Settings of routing. The defaults are Kubo's, except for its public HTTP routers: without AutoConf there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How this node takes part in the DHTs.
    pub mode: DhtMode,
    /// Whether loopback addresses are announced and stored in the DHT of the local network.
    pub loopback: bool,
    /// Peers that are ignored as providers.
    pub ignored_providers: Vec<PeerId>,
    /// Maximum size of all stored values (IPNS records, public keys), in bytes. At the bound, those whose keys are farthest from
    /// this node's are dropped.
    pub value_bytes: usize,
    /// Maximum size of all stored provider records, in bytes. At the bound, those whose keys are farthest from this node's are
    /// dropped.
    pub provider_bytes: usize,
    /// Time after which a provider record that was not renewed is dropped.
    pub provider_ttl: Duration,
    /// Timeout of a lookup in one DHT.
    pub query_timeout: Duration,
    /// Announcements of own content.
    pub announce: AnnounceSettings,
    /// Base URLs of HTTP routers, without `/routing/v1`.
    pub routers: Vec<String>,
    /// Base URLs of HTTP routers to which IPNS records are also published.
    pub publishers: Vec<String>,
    /// The router of each method, in place of the mode, the routers and the publishers.
    pub custom: Option<Custom>,
}

impl Settings {
    /// The modes of the DHTs of the internet and of the local network.
    pub(super) fn modes(&self) -> (DhtMode, DhtMode) {
        let Some(custom) = &self.custom else {
            return (self.mode, self.mode);
        };
        let (wan, lan) = custom.modes();
        (wan.unwrap_or(DhtMode::Off), lan.unwrap_or(DhtMode::Off))
    }

    /// The HTTP routers that find providers, by their URLs.
    #[must_use]
    pub fn provider_urls(&self) -> Vec<String> {
        match &self.custom {
            Some(custom) => custom.provider_urls(),
            None => self.routers.clone(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: DhtMode::Auto,
            loopback: false,
            ignored_providers: Vec::new(),
            value_bytes: 16 << 20,
            provider_bytes: 64 << 20,
            provider_ttl: Duration::from_secs(48 * 3600),
            query_timeout: Duration::from_secs(60),
            announce: AnnounceSettings::default(),
            routers: Vec::new(),
            publishers: Vec::new(),
            custom: None,
        }
    }
}

/// Settings of the announcements of own content.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnnounceSettings {
    /// Whether content is announced at all.
    pub enabled: bool,
    /// Time between two announcements of all content; zero to announce only new content.
    pub interval: Duration,
    /// Maximum number of CIDs that are announced at the same time.
    pub workers: usize,
    /// Maximum number of CIDs in the queue of new content. Those that do not fit are announced by the next run over all content,
    /// which then starts as soon as the one before has ended.
    pub queue: usize,
    /// Maximum number of keys that a run over all content holds in memory. A run reads all content once for so many keys.
    pub sweep_keys: usize,
}

impl Default for AnnounceSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Duration::from_secs(22 * 3600),
            workers: 16,
            queue: 1 << 16,
            sweep_keys: 1 << 17,
        }
    }
}
