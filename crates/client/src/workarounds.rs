//! Workarounds for older servers.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::Kubo;
use crate::error::Error;
use crate::groups::node::VersionInfo;
use crate::version::Version;

/// The first version that reads the rest of a refused upload; older ones reset the connection.
const READS_UPLOADS: Version = Version::new(0, 5, 0);
/// The first version with the commands of `routing`; older ones have them as `dht`.
const HAS_ROUTING: Version = Version::new(0, 18, 0);

/// The first version that sends topics and data of pubsub as multibase; older ones use plain text.
const ENCODES_PUBSUB: Version = Version::new(0, 11, 0);

/// The enabled workarounds; none before [`Kubo::apply_workarounds`].
#[derive(Debug, Default)]
pub(crate) struct Workarounds {
    closes_after_upload: AtomicBool,
    has_no_routing: AtomicBool,
    has_plain_pubsub: AtomicBool,
}

impl Workarounds {
    fn apply(&self, version: Version) {
        self.closes_after_upload
            .store(version < READS_UPLOADS, Ordering::Relaxed);
        self.has_no_routing
            .store(version < HAS_ROUTING, Ordering::Relaxed);
        self.has_plain_pubsub
            .store(version < ENCODES_PUBSUB, Ordering::Relaxed);
    }

    /// Whether to close the connection after an upload.
    pub(crate) fn closes_after_upload(&self) -> bool {
        self.closes_after_upload.load(Ordering::Relaxed)
    }

    /// Whether topics and data of pubsub are plain text.
    pub(crate) fn has_plain_pubsub(&self) -> bool {
        self.has_plain_pubsub.load(Ordering::Relaxed)
    }

    /// The path of a command on the server.
    pub(crate) fn path<'a>(&self, path: &'a str) -> std::borrow::Cow<'a, str> {
        match path.strip_prefix("routing/") {
            Some(command) if self.has_no_routing.load(Ordering::Relaxed) => {
                format!("dht/{command}").into()
            }
            _ => path.into(),
        }
    }
}

impl Kubo {
    /// Queries the version of the server and enables the workarounds for it:
    ///
    /// - before 0.5.0, uploads use a separate connection, because these servers reset the connection if they refuse an upload;
    /// - before 0.18.0, the commands of `routing` are sent as commands of `dht`;
    /// - before 0.11.0, topics and data of `pubsub` are sent as plain text.
    ///
    /// [`Kubo::connect`] does this as well. Clones of the client share the result.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn apply_workarounds(&self) -> Result<VersionInfo, Error> {
        let info = self.version().await?;
        self.workarounds().apply(Version::read(&info.version));
        Ok(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_get_what_they_need() {
        let workarounds = Workarounds::default();
        assert_eq!(workarounds.path("routing/get"), "routing/get");
        workarounds.apply(Version::read("0.4.23"));
        assert!(workarounds.closes_after_upload());
        assert_eq!(workarounds.path("routing/get"), "dht/get");
        assert_eq!(workarounds.path("dag/get"), "dag/get");
        workarounds.apply(Version::read("0.7.0"));
        assert!(!workarounds.closes_after_upload());
        assert_eq!(workarounds.path("routing/findprovs"), "dht/findprovs");
        workarounds.apply(Version::read("0.42.0"));
        assert_eq!(workarounds.path("routing/get"), "routing/get");
    }
}
