//! Ranges of addresses to which nothing connects: those of the running network, and those of the configuration.

use cairn_primitives::Multiaddr;
use cairn_store::Network;

use crate::config::{ConfigError, ConfigFile};

/// Most ranges that the configuration may have.
pub const MAX_FILTERS: usize = 10_000;

/// Why the filters were not changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A text is no range of IP addresses.
    #[error("{0:?} is not an address range like /ip4/192.168.0.0/ipcidr/16")]
    Form(String),
    /// There would be more than [`MAX_FILTERS`].
    #[error("there would be more than {MAX_FILTERS} address filters")]
    TooMany,
    /// The configuration cannot be changed.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Adds ranges to the running network and, durably, to the configuration. Answers with those that were given, each once.
/// Blocks its thread.
///
/// # Errors
/// See [`FilterError`]; nothing is changed then.
pub fn add(
    file: &ConfigFile,
    network: &dyn Network,
    ranges: Vec<String>,
) -> Result<Vec<String>, FilterError> {
    let parsed = parse(&ranges)?;
    let added = file.update(|config| {
        let mut added: Vec<String> = Vec::new();
        for range in ranges {
            if !added.contains(&range) {
                added.push(range);
            }
        }
        let old = config.swarm.addr_filters.take().unwrap_or_default();
        let kept = old.into_iter().filter(|range| !added.contains(range));
        let list: Vec<String> = added.iter().cloned().chain(kept).collect();
        if list.len() > MAX_FILTERS {
            return Err(FilterError::TooMany);
        }
        config.swarm.addr_filters = Some(list);
        Ok(added)
    })?;
    let mut filters = network.swarm().filters();
    for range in parsed {
        if !filters.contains(&range) {
            filters.push(range);
        }
    }
    network.swarm().set_filters(filters);
    Ok(added)
}

/// Removes ranges from the running network and, durably, from the configuration; all where `ranges` is `None`. Answers with
/// those that were in the configuration. Blocks its thread.
///
/// # Errors
/// See [`FilterError`]; nothing is changed then.
pub fn remove(
    file: &ConfigFile,
    network: &dyn Network,
    ranges: Option<&[String]>,
) -> Result<Vec<String>, FilterError> {
    let parsed = ranges.map(parse).transpose()?;
    let removed = file.update(|config| {
        let old = config.swarm.addr_filters.take().unwrap_or_default();
        let is_removed = |range: &String| ranges.is_none_or(|ranges| ranges.contains(range));
        let (removed, kept): (Vec<_>, Vec<_>) = old.into_iter().partition(is_removed);
        config.swarm.addr_filters = Some(kept);
        Ok::<_, FilterError>(removed)
    })?;
    let mut filters = network.swarm().filters();
    filters.retain(|range| parsed.as_ref().is_some_and(|gone| !gone.contains(range)));
    network.swarm().set_filters(filters);
    Ok(removed)
}

fn parse(ranges: &[String]) -> Result<Vec<Multiaddr>, FilterError> {
    let range = |text: &String| {
        let address = text.parse::<Multiaddr>().ok();
        address
            .filter(|address| address.ip_range().is_some())
            .ok_or_else(|| FilterError::Form(text.clone()))
    };
    ranges.iter().map(range).collect()
}
