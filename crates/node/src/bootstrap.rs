//! The list of bootstrap peers in the configuration.

use cairn_primitives::Multiaddr;
use cairn_primitives::keys::PeerId;
use cairn_primitives::multiaddr::MultiaddrError;

use crate::config::{Config, ConfigError, ConfigFile};

/// Stands for the peers that AutoConf names.
pub const AUTO: &str = "auto";

/// Most addresses that the list may have.
pub const MAX_PEERS: usize = 10_000;

/// Why the list was not changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// No address was given.
    #[error("no bootstrap peers were given")]
    None,
    /// `auto` was to be added while AutoConf is off.
    #[error("\"auto\" has no meaning while AutoConf.Enabled is false: give addresses of peers")]
    NoAutoConf,
    /// A single peer was to be removed while the list holds `auto`.
    #[error(
        "the list holds \"auto\", whose peers cannot be removed one by one: remove all, or set AutoConf.Enabled to false and replace \"auto\" with addresses"
    )]
    Auto,
    /// The list would become longer than [`MAX_PEERS`].
    #[error("the list would have more than {MAX_PEERS} addresses")]
    TooMany,
    /// An address cannot be read.
    #[error(transparent)]
    Address(#[from] MultiaddrError),
    /// An address does not end in a peer ID.
    #[error("{address} does not end in a peer ID")]
    NoPeer {
        /// The address.
        address: String,
    },
    /// An address to be added has nothing but a peer ID.
    #[error("{address} has a peer ID and nothing else")]
    OnlyPeer {
        /// The address.
        address: String,
    },
    /// The configuration cannot be changed.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Adds peers in front of the list, durably, and answers with those that were given, each once. Blocks its thread.
///
/// # Errors
/// See [`BootstrapError`]; nothing is changed then.
pub fn add(file: &ConfigFile, peers: Vec<String>) -> Result<Vec<String>, BootstrapError> {
    if peers.is_empty() {
        return Err(BootstrapError::None);
    }
    file.update(|config| {
        let mut added: Vec<String> = Vec::new();
        for peer in peers {
            let peer = if matches!(&*peer, "default" | AUTO) {
                if !has_auto_conf(config) {
                    return Err(BootstrapError::NoAutoConf);
                }
                AUTO.to_owned()
            } else {
                check(&peer)?;
                peer
            };
            if !added.contains(&peer) {
                added.push(peer);
            }
        }
        let old = config.bootstrap.take().unwrap_or_default();
        let kept = old.into_iter().filter(|peer| !added.contains(peer));
        let list: Vec<String> = added.iter().cloned().chain(kept).collect();
        if list.len() > MAX_PEERS {
            return Err(BootstrapError::TooMany);
        }
        config.bootstrap = Some(list);
        Ok(added)
    })
}

/// Removes peers from the list, durably, and answers with the addresses that were removed. A peer ID without an address means all
/// addresses of the peer. Blocks its thread.
///
/// # Errors
/// See [`BootstrapError`]; nothing is changed then.
pub fn remove(file: &ConfigFile, peers: &[String]) -> Result<Vec<String>, BootstrapError> {
    file.update(|config| {
        let list = config.bootstrap.clone().unwrap_or_default();
        if list.iter().any(|peer| peer == AUTO) && has_auto_conf(config) {
            return Err(BootstrapError::Auto);
        }
        let given = peers
            .iter()
            .map(|peer| split(peer))
            .collect::<Result<Vec<_>, _>>()?;
        let is_given = |text: &String| {
            split(text).is_ok_and(|(peer, address)| {
                given
                    .iter()
                    .any(|(id, at)| *id == peer && (at.is_none() || *at == address))
            })
        };
        let (removed, kept): (Vec<_>, Vec<_>) = list.into_iter().partition(is_given);
        config.bootstrap = Some(kept);
        Ok(removed)
    })
}

/// Empties the list, durably, and answers with what it held. Blocks its thread.
///
/// # Errors
/// When the configuration cannot be changed.
pub fn clear(file: &ConfigFile) -> Result<Vec<String>, BootstrapError> {
    file.update(|config| Ok(config.bootstrap.replace(Vec::new()).unwrap_or_default()))
}

fn has_auto_conf(config: &Config) -> bool {
    config.auto_conf.enabled != Some(false)
}

/// The peer of an address, and the address without it.
fn split(text: &str) -> Result<(PeerId, Option<Multiaddr>), BootstrapError> {
    let address: Multiaddr = text.parse()?;
    address.split_peer().ok_or_else(|| BootstrapError::NoPeer {
        address: text.to_owned(),
    })
}

fn check(text: &str) -> Result<(), BootstrapError> {
    match split(text)? {
        (_, Some(_)) => Ok(()),
        (_, None) => Err(BootstrapError::OnlyPeer {
            address: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

    fn file(folder: &std::path::Path, auto_conf: bool) -> ConfigFile {
        let mut config = Config::default();
        config.auto_conf.enabled = Some(auto_conf);
        let path = folder.join("config");
        ConfigFile::create(&path, &config).unwrap();
        ConfigFile::load(path).unwrap()
    }

    fn at(port: u16) -> String {
        format!("/ip4/192.0.2.1/tcp/{port}/p2p/{PEER}")
    }

    #[test]
    fn changes_are_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path(), false);
        assert_eq!(add(&file, vec![at(1), at(1)]).unwrap(), [at(1)]);
        assert_eq!(add(&file, vec![at(2), at(3)]).unwrap(), [at(2), at(3)]);
        let stored = ConfigFile::load(file.path()).unwrap().config();
        assert_eq!(stored.bootstrap, Some(vec![at(2), at(3), at(1)]));
        assert_eq!(remove(&file, &[at(3), at(9)]).unwrap(), [at(3)]);
        let whole = format!("/p2p/{PEER}");
        assert_eq!(remove(&file, &[whole]).unwrap(), [at(2), at(1)]);
        assert_eq!(clear(&file).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let off = file(folder.path(), false);
        let refused = |peer: &str| add(&off, vec![peer.to_owned()]).unwrap_err();
        assert!(matches!(refused("zz"), BootstrapError::Address(_)));
        assert!(matches!(refused("default"), BootstrapError::NoAutoConf));
        assert!(matches!(
            refused("/ip4/1.2.3.4/tcp/1"),
            BootstrapError::NoPeer { .. }
        ));
        let only = format!("/p2p/{PEER}");
        assert!(matches!(refused(&only), BootstrapError::OnlyPeer { .. }));
        assert!(matches!(add(&off, Vec::new()), Err(BootstrapError::None)));
        let on = file(folder.path(), true);
        assert_eq!(add(&on, vec!["default".to_owned()]).unwrap(), [AUTO]);
        assert!(matches!(remove(&on, &[at(1)]), Err(BootstrapError::Auto)));
        assert_eq!(clear(&on).unwrap(), [AUTO]);
    }
}
