//! The configuration as settings of the modules beside the swarm.

use cairn_network::routing::DhtMode;
use cairn_network::{bitswap, pubsub, routing};

use super::custom_routing;
use super::error::OnlineError;
use crate::bootstrap::AUTO;
use crate::config::Config;

/// Settings of routing; `None` if it is off.
pub(super) fn routing(
    config: &Config,
    kind: Option<&str>,
) -> Result<Option<routing::Settings>, OnlineError> {
    let set = &config.routing;
    let mut settings = routing::Settings::default();
    let (mode, with_http) = match kind.unwrap_or_default() {
        "" | "auto" => (DhtMode::Auto, true),
        "dht" => (DhtMode::Auto, false),
        "autoclient" => (DhtMode::Client, true),
        "dhtclient" => (DhtMode::Client, false),
        "dhtserver" => (DhtMode::Server, false),
        "delegated" => (DhtMode::Off, true),
        "none" => return Ok(None),
        "custom" => {
            settings.custom = Some(custom_routing::custom(set)?);
            (DhtMode::Off, false)
        }
        other => {
            return Err(OnlineError::Value {
                key: "Routing.Type",
                value: other.to_owned(),
                problem: "\"auto\", \"autoclient\", \"dht\", \"dhtclient\", \"dhtserver\", \"delegated\", \"custom\" or \"none\" is expected",
            });
        }
    };
    settings.mode = mode;
    settings.loopback = set.loopback_addresses_on_lan_dht.unwrap_or(false);
    for peer in set.ignore_providers.iter().flatten() {
        let peer = peer.parse().map_err(|_| OnlineError::Peer {
            key: "Routing.IgnoreProviders",
            value: peer.clone(),
        })?;
        settings.ignored_providers.push(peer);
    }
    // `auto` stands for routers that AutoConf names; without its file there are none.
    let urls = |list: &Option<Vec<String>>| -> Vec<String> {
        let urls = list.iter().flatten().filter(|url| *url != AUTO);
        urls.cloned().collect()
    };
    if with_http {
        settings.routers = urls(&set.delegated_routers);
        settings.publishers = urls(&config.ipns.delegated_publishers);
    }
    let provide = &config.provide;
    settings.announce.enabled = provide.enabled.unwrap_or(true);
    if let Some(interval) = provide.dht.interval.0 {
        settings.announce.interval = interval.to_std();
    }
    if let Some(workers) = provide
        .dht
        .max_workers
        .and_then(|workers| usize::try_from(workers).ok())
    {
        settings.announce.workers = workers.max(1);
    }
    Ok(Some(settings))
}

/// Settings of bitswap.
pub(super) fn bitswap(config: &Config) -> bitswap::Settings {
    let mut settings = bitswap::Settings::default();
    settings.serve = config.bitswap.server_enabled.unwrap_or(true);
    let Some(set) = &config.internal.bitswap else {
        return settings;
    };
    let number = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
    if let Some(delay) = set.provider_search_delay.0 {
        settings.search_delay = delay.to_std();
    }
    if let Some(most) = number(set.provider_search_max_results) {
        settings.search_providers = most;
    }
    if let Some(size) = number(set.want_have_replace_size) {
        settings.replace_have = size;
    }
    settings
}

/// Settings of messages by topic.
pub(super) fn pubsub(config: &Config) -> Result<pubsub::Settings, OnlineError> {
    let set = &config.pubsub;
    if !matches!(set.router.as_str(), "" | "gossipsub") {
        return Err(OnlineError::Value {
            key: "Pubsub.Router",
            value: set.router.clone(),
            problem: "\"gossipsub\" is the only router",
        });
    }
    let mut settings = pubsub::Settings::default();
    if let Some(ttl) = set.seen_messages_ttl.0 {
        settings.seen_ttl = ttl.to_std();
    }
    Ok(settings)
}
