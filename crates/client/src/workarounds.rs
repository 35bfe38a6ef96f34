//! What older servers need.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::Kubo;
use crate::error::Error;
use crate::groups::node::VersionInfo;
use crate::version::Version;

/// The first version that reads what is left of an upload after it has refused it; those before it break the connection.
const READS_UPLOADS: Version = Version::new(0, 5, 0);
/// The first version that has the commands of `routing`; those before it have them under `dht`.
const HAS_ROUTING: Version = Version::new(0, 18, 0);

/// What is done for the server's version. Nothing is before [`Kubo::apply_workarounds`].
#[derive(Debug, Default)]
pub(crate) struct Workarounds {
    closes_after_upload: AtomicBool,
    has_no_routing: AtomicBool,
}

impl Workarounds {
    fn apply(&self, version: Version) {
        self.closes_after_upload
            .store(version < READS_UPLOADS, Ordering::Relaxed);
        self.has_no_routing
            .store(version < HAS_ROUTING, Ordering::Relaxed);
    }

    /// Whether the connection is closed after an upload.
    pub(crate) fn closes_after_upload(&self) -> bool {
        self.closes_after_upload.load(Ordering::Relaxed)
    }

    /// Where the command of this path is at the server.
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
    /// Asks the server for its version, and from then on does what that version needs:
    ///
    /// - before 0.5.0 each upload has a connection of its own, since those servers break the connection when they refuse one;
    /// - before 0.18.0 the commands of `routing` are called under `dht`, where they were.
    ///
    /// [`Kubo::connect`] does it as well. Clones of the client share what it finds.
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
