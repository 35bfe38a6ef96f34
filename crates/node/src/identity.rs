//! The node's key and its peer ID.

use cairn_primitives::PeerId;
use cairn_primitives::keys::{KeyError, KeyType, Keypair};
use data_encoding::BASE64;

use crate::config::Secret;
use crate::config::sections::IdentitySection;
use crate::keystore::NewKey;

/// A node's key pair.
#[derive(Clone, Debug)]
pub struct Identity {
    keys: Keypair,
}

/// Why a configuration's identity cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// There is no private key.
    #[error("Identity.PrivKey is missing")]
    Missing,
    /// The private key is not base64.
    #[error("Identity.PrivKey is not base64")]
    Base64,
    /// The private key cannot be read.
    #[error("Identity.PrivKey is invalid")]
    Key(#[source] KeyError),
    /// The peer ID does not belong to the key.
    #[error("Identity.PeerID is {written:?}, but Identity.PrivKey is the key of {actual}")]
    OtherPeer {
        /// The peer id of the file.
        written: String,
        /// The peer id of the key.
        actual: PeerId,
    },
    /// No key could be generated.
    #[error("cannot generate a key")]
    Generate(#[source] KeyError),
}

impl Identity {
    /// Generates an Ed25519 key.
    ///
    /// # Errors
    /// When the system's random generator fails.
    pub fn generate() -> Result<Self, IdentityError> {
        Self::generate_as(NewKey::Ed25519)
    }

    /// Makes a new key of a kind. One of RSA takes seconds.
    ///
    /// # Errors
    /// When the system has no randomness to give, or RSA keys cannot have that size.
    pub fn generate_as(kind: NewKey) -> Result<Self, IdentityError> {
        match kind {
            NewKey::Ed25519 => Keypair::generate(KeyType::Ed25519),
            NewKey::Rsa(bits) => Keypair::generate_rsa(bits),
        }
        .map(|keys| Self { keys })
        .map_err(IdentityError::Generate)
    }

    /// Reads the identity of a configuration: a private key as base64 of libp2p's protobuf, and its peer ID.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn read(section: &IdentitySection) -> Result<Self, IdentityError> {
        if section.priv_key.is_empty() {
            return Err(IdentityError::Missing);
        }
        let bytes = BASE64
            .decode(section.priv_key.expose().as_bytes())
            .map_err(|_| IdentityError::Base64)?;
        let keys = Keypair::decode(&bytes).map_err(IdentityError::Key)?;
        let actual = keys.peer_id();
        if section.peer_id.parse::<PeerId>().ok().as_ref() != Some(&actual) {
            return Err(IdentityError::OtherPeer {
                written: section.peer_id.clone(),
                actual,
            });
        }
        Ok(Self { keys })
    }

    /// The configuration section with this identity.
    #[must_use]
    pub fn section(&self) -> IdentitySection {
        IdentitySection {
            peer_id: self.peer_id().to_string(),
            priv_key: Secret::new(BASE64.encode(&self.keys.encode())),
        }
    }

    /// Its peer id.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.keys.peer_id()
    }

    /// The key pair.
    #[must_use]
    pub fn keys(&self) -> &Keypair {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubo() -> IdentitySection {
        let text = include_str!("config/fixtures/kubo-0.42.0.default.json");
        crate::config::Document::parse(text)
            .unwrap()
            .interpret()
            .unwrap()
            .0
            .identity
    }

    #[test]
    fn reads_and_writes_what_kubo_writes() {
        let section = kubo();
        let identity = Identity::read(&section).unwrap();
        assert_eq!(identity.peer_id().to_string(), section.peer_id);
        assert_eq!(identity.section(), section);
        let new = Identity::generate().unwrap();
        assert_ne!(new.peer_id(), identity.peer_id());
        assert_eq!(
            Identity::read(&new.section()).unwrap().peer_id(),
            new.peer_id()
        );
        assert!(!format!("{new:?}{:?}", new.section()).contains(new.section().priv_key.expose()));
    }

    #[test]
    fn refuses_what_does_not_fit_together() {
        let other = Identity::generate().unwrap().section();
        let mixed = IdentitySection {
            priv_key: other.priv_key.clone(),
            ..kubo()
        };
        assert!(matches!(
            Identity::read(&mixed),
            Err(IdentityError::OtherPeer { .. })
        ));
        let none = IdentitySection {
            priv_key: Secret::default(),
            ..kubo()
        };
        assert!(matches!(Identity::read(&none), Err(IdentityError::Missing)));
        let text = IdentitySection {
            priv_key: Secret::new("#"),
            ..kubo()
        };
        assert!(matches!(Identity::read(&text), Err(IdentityError::Base64)));
        let cut = IdentitySection {
            priv_key: Secret::new("CAES"),
            ..kubo()
        };
        assert!(matches!(Identity::read(&cut), Err(IdentityError::Key(_))));
    }
}
