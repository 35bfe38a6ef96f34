//! Mutable names: the seam between path resolution and IPNS and DNSLink.

use std::collections::HashMap;
use std::time::Duration;

use cairn_primitives::path::ContentPath;
use futures_util::future::BoxFuture;

/// Options of name resolution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameOptions {
    /// Whether cached answers are skipped.
    pub nocache: bool,
    /// Maximum number of DHT records to compare; `None` for the implementation's default.
    pub record_count: Option<u32>,
    /// Timeout of a lookup; `None` for the implementation's default.
    pub timeout: Option<Duration>,
    /// Whether only local knowledge may be used: own keys and cached records.
    pub offline: bool,
}

/// The target of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTarget {
    /// The path, which may have another name.
    pub path: ContentPath,
    /// How long the answer may be cached, if known.
    pub ttl: Option<Duration>,
}

/// Why a name cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Name resolution is not available.
    #[error("this node does not resolve names")]
    Unavailable,
    /// The name was not found.
    #[error("name {name:?} was not found")]
    NotFound {
        /// The name.
        name: String,
    },
    /// A domain has no DNSLink record.
    #[error(
        "cannot resolve {domain:?}: there is no TXT record with a DNSLink at _dnslink.{domain}"
    )]
    NoDnsLink {
        /// The domain, without a dot at its end.
        domain: String,
    },
    /// A domain has several DNSLink records.
    #[error(
        "cannot resolve {domain:?}: there are several TXT records with a DNSLink at _dnslink.{domain}, and one is expected"
    )]
    ManyDnsLinks {
        /// The domain, without a dot at its end.
        domain: String,
    },
    /// The DNS records of a domain could not be fetched.
    #[error("cannot resolve {domain:?}: {reason}")]
    Dns {
        /// The domain, without a dot at its end.
        domain: String,
        /// Why.
        reason: String,
    },
    /// The name is the CID of something other than a key.
    #[error("{name:?} is not the CID of a key: use {key:?} if it is meant as one")]
    NotAKey {
        /// The name.
        name: String,
        /// The same as the CID of a key.
        key: String,
    },
    /// The name is neither a key nor a domain.
    #[error("{name:?} is neither the ID of a key nor a domain name")]
    NoName {
        /// The name.
        name: String,
    },
    /// Too many names point to further names.
    #[error("cannot resolve name {name:?}: more than {limit} names in a chain")]
    TooDeep {
        /// The name from which resolution started.
        name: String,
        /// The number of names that were followed.
        limit: usize,
    },
    /// A lookup took too long.
    #[error("cannot resolve name {name:?}: the lookup timed out")]
    TimedOut {
        /// The name.
        name: String,
    },
    /// A lookup failed, or its answer is invalid.
    #[error("cannot resolve name {name:?}: {reason}")]
    Failed {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Resolves the names of `/ipns/NAME`: keys by IPNS, domains by DNSLink.
pub trait Names: Send + Sync + 'static {
    /// Resolves a name by one step: the caller follows names that point to names, and bounds their number. `name` is
    /// the second segment of a path: a key, or a domain.
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        options: &'a NameOptions,
    ) -> BoxFuture<'a, Result<NameTarget, NameError>>;
}

/// Resolves no names: for nodes without keys and peers.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn resolve<'a>(
        &'a self,
        _: &'a str,
        _: &'a NameOptions,
    ) -> BoxFuture<'a, Result<NameTarget, NameError>> {
        Box::pin(std::future::ready(Err(NameError::Unavailable)))
    }
}

/// Names from a fixed table.
#[derive(Clone, Debug, Default)]
pub struct FixedNames {
    names: HashMap<String, NameTarget>,
}

impl FixedNames {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more name.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<String>,
        path: ContentPath,
        ttl: Option<Duration>,
    ) -> Self {
        self.names.insert(name.into(), NameTarget { path, ttl });
        self
    }
}

impl Names for FixedNames {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        _: &'a NameOptions,
    ) -> BoxFuture<'a, Result<NameTarget, NameError>> {
        let found = self
            .names
            .get(name)
            .cloned()
            .ok_or_else(|| NameError::NotFound {
                name: name.to_owned(),
            });
        Box::pin(std::future::ready(found))
    }
}
