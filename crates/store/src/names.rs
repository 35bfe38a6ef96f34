//! Mutable names: the seam between path resolution and IPNS and DNSLink.

use std::collections::HashMap;
use std::time::Duration;

use cairn_primitives::path::ContentPath;
use futures_util::future::BoxFuture;

/// How names are resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameOptions {
    /// Whether cached answers are passed over.
    pub nocache: bool,
    /// How many records of the DHT are compared at most; `None` for the implementation's default.
    pub record_count: Option<u32>,
    /// How long a lookup may take; `None` for the implementation's default.
    pub timeout: Option<Duration>,
    /// Whether only what is known here may be used: own keys and cached records.
    pub offline: bool,
}

/// What a name points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTarget {
    /// The path. It may be one of another name.
    pub path: ContentPath,
    /// For how long the answer may be cached, where that is known.
    pub ttl: Option<Duration>,
}

/// Why a name cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// This node resolves no names.
    #[error("this node does not resolve names")]
    Unavailable,
    /// Nothing was found under the name.
    #[error("could not resolve name {name:?}")]
    NotFound {
        /// The name.
        name: String,
    },
    /// A domain has no DNSLink record.
    #[error(
        "could not resolve {domain:?}: there is no TXT record with a DNSLink at _dnslink.{domain}"
    )]
    NoDnsLink {
        /// The domain, without a dot at its end.
        domain: String,
    },
    /// A domain has several DNSLink records.
    #[error(
        "could not resolve {domain:?}: there are several TXT records with a DNSLink at _dnslink.{domain}, and one is expected"
    )]
    ManyDnsLinks {
        /// The domain, without a dot at its end.
        domain: String,
    },
    /// The DNS records of a domain could not be had.
    #[error("could not resolve {domain:?}: {reason}")]
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
    /// Names point to names, and on.
    #[error("could not resolve name {name:?}: more than {limit} names point to each other")]
    TooDeep {
        /// The name from which resolution started.
        name: String,
        /// How many were followed.
        limit: usize,
    },
    /// A lookup took too long.
    #[error("could not resolve name {name:?}: timeout")]
    TimedOut {
        /// The name.
        name: String,
    },
    /// A lookup failed, or its answer is not valid.
    #[error("could not resolve name {name:?}: {reason}")]
    Failed {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Resolves the names of `/ipns/NAME`: keys by IPNS, domains by DNSLink.
pub trait Names: Send + Sync + 'static {
    /// What a name points to, one step: names that point to names are followed by the caller, who bounds their number.
    /// `name` is the second segment of a path: the text of a key, or a domain.
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        options: &'a NameOptions,
    ) -> BoxFuture<'a, Result<NameTarget, NameError>>;
}

/// Resolves no names: what a node does that has neither keys nor peers.
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
