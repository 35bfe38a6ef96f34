//! Which servers a client is meant for.

use std::fmt;

/// The oldest version that is supported: the Python client's.
pub const MINIMUM: &str = "0.4.22";
/// The first version that is not supported any more, unless another one is set: the RPC of Kubo has kept its form through all
/// versions before it.
pub const MAXIMUM: &str = "1.0.0";
/// Versions that are not supported though they lie between the two.
pub const BLACKLIST: &[&str] = &["0.4.20"];

/// The server's version is not one that this client is meant for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server has the version {current}; versions from {minimum} to below {maximum} are supported{}", trouble(*.blacklisted))]
#[non_exhaustive]
pub struct VersionMismatch {
    /// The server's version.
    pub current: String,
    /// The oldest supported one.
    pub minimum: String,
    /// The first that is not supported any more.
    pub maximum: String,
    /// Whether it is within the bounds and known to cause trouble.
    pub blacklisted: bool,
}

fn trouble(yes: bool) -> &'static str {
    if yes {
        ", and this one is known to cause trouble"
    } else {
        ""
    }
}

/// The versions of servers that are supported: from a minimum, included, to a maximum, excluded.
///
/// ```
/// use cairn_client::version::Supported;
/// let supported = Supported::default();
/// assert!(supported.check("0.42.0").is_ok());
/// assert!(supported.check("0.4.22").is_ok());
/// let error = supported.check("0.4.21").unwrap_err();
/// assert_eq!((error.current.as_str(), error.minimum.as_str()), ("0.4.21", "0.4.22"));
/// assert!(supported.below("0.8.0").check("0.42.0").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supported {
    minimum: String,
    maximum: String,
    blacklist: Vec<String>,
}

impl Default for Supported {
    fn default() -> Self {
        Self {
            minimum: MINIMUM.to_owned(),
            maximum: MAXIMUM.to_owned(),
            blacklist: BLACKLIST.iter().map(|version| (*version).to_owned()).collect(),
        }
    }
}

impl Supported {
    /// With another minimum, which is itself supported.
    #[must_use]
    pub fn at_least(mut self, minimum: impl Into<String>) -> Self {
        self.minimum = minimum.into();
        self
    }

    /// With another maximum, which is not itself supported.
    #[must_use]
    pub fn below(mut self, maximum: impl Into<String>) -> Self {
        self.maximum = maximum.into();
        self
    }

    /// Without this version.
    #[must_use]
    pub fn without(mut self, version: impl Into<String>) -> Self {
        self.blacklist.push(version.into());
        self
    }

    /// Whether a version is supported. What stands behind a `-`, as in `0.42.0-rc1`, does not matter.
    ///
    /// # Errors
    ///
    /// [`VersionMismatch`].
    pub fn check(&self, current: &str) -> Result<(), VersionMismatch> {
        let version = Version::read(current);
        let blacklisted = self
            .blacklist
            .iter()
            .any(|other| Version::read(other) == version);
        if !blacklisted
            && Version::read(&self.minimum) <= version
            && version < Version::read(&self.maximum)
        {
            return Ok(());
        }
        Err(VersionMismatch {
            current: current.to_owned(),
            minimum: self.minimum.clone(),
            maximum: self.maximum.clone(),
            blacklisted,
        })
    }
}

impl fmt::Display for Supported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to below {}", self.minimum, self.maximum)
    }
}

/// The numbers of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version([u32; 3]);

impl Version {
    /// Reads `1.2.3`, `v1.2`, `1.2.3-rc1`; what is no number counts as 0.
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim().trim_start_matches('v');
        let numbers = text.split(['-', '+']).next().unwrap_or_default();
        let mut parts = numbers.split('.').map(|part| part.parse().unwrap_or(0));
        Self(std::array::from_fn(|_| parts.next().unwrap_or(0)))
    }

    pub(crate) const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self([major, minor, patch])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_as_in_python() {
        let supported = Supported::default();
        for (version, fits) in [
            ("0.4.22", true),
            ("0.4.22-rc2", true),
            ("0.4.23-dev+a1", true),
            ("0.42.0", true),
            ("0.4.21", false),
            ("0.4.3", false),
            ("1.0.0", false),
            ("", false),
            ("nonsense", false),
        ] {
            assert_eq!(supported.check(version).is_ok(), fits, "{version}");
        }
        let error = supported
            .clone()
            .at_least("0.4.18")
            .check("0.4.20")
            .unwrap_err();
        assert!(error.blacklisted);
        assert_eq!(
            error.to_string(),
            "the server has the version 0.4.20; versions from 0.4.18 to below 1.0.0 are supported, and this one is known to cause trouble"
        );
        let error = supported.below("0.8.0").without("0.7.0").check("0.42.0");
        assert!(!error.unwrap_err().blacklisted);
    }
}
