//! Supported versions of servers.

use std::fmt;

/// The oldest supported version, the same as in the Python client.
pub const MINIMUM: &str = "0.4.22";
/// The default upper bound, exclusive: the RPC of Kubo has been compatible in all versions before it.
pub const MAXIMUM: &str = "1.0.0";
/// Versions between the bounds that are not supported.
pub const BLACKLIST: &[&str] = &["0.4.20"];

/// The version of the server is not supported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the version of the server is {current}, supported are versions from {minimum} to below {maximum}{}", trouble(*.blacklisted))]
#[non_exhaustive]
pub struct VersionMismatch {
    /// The server's version.
    pub current: String,
    /// The oldest supported version.
    pub minimum: String,
    /// The upper bound, exclusive.
    pub maximum: String,
    /// Whether the version is blacklisted.
    pub blacklisted: bool,
}

fn trouble(yes: bool) -> &'static str {
    if yes { ", except this one" } else { "" }
}

/// The supported versions of servers: from a minimum, inclusive, to a maximum, exclusive, without those of a blacklist.
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
            blacklist: BLACKLIST
                .iter()
                .map(|version| (*version).to_owned())
                .collect(),
        }
    }
}

impl Supported {
    /// Sets the minimum, inclusive.
    #[must_use]
    pub fn at_least(mut self, minimum: impl Into<String>) -> Self {
        self.minimum = minimum.into();
        self
    }

    /// Sets the maximum, exclusive.
    #[must_use]
    pub fn below(mut self, maximum: impl Into<String>) -> Self {
        self.maximum = maximum.into();
        self
    }

    /// Adds a version to the blacklist.
    #[must_use]
    pub fn without(mut self, version: impl Into<String>) -> Self {
        self.blacklist.push(version.into());
        self
    }

    /// Checks a version. A suffix like `-rc1` is ignored.
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

/// The numbers of a version, for comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version([u32; 3]);

impl Version {
    /// Parses `1.2.3`, `v1.2`, `1.2.3-rc1`; anything else counts as 0.
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
            "the version of the server is 0.4.20, supported are versions from 0.4.18 to below 1.0.0, except this one"
        );
        let error = supported.below("0.8.0").without("0.7.0").check("0.42.0");
        assert!(!error.unwrap_err().blacklisted);
    }
}
