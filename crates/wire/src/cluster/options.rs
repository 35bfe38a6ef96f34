//! The options of a pin, which several endpoints take in their query.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use cairn_primitives::{Cid, duration};

use super::{CidText, PinMode, Time};

/// The options of a pin.
///
/// The defaults are those of the API: the cluster's own replication factors, recursive, without a name and an expiry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinOptions {
    /// A name.
    pub name: String,
    /// Recursive or direct.
    pub mode: PinMode,
    /// Fewest peers that pin the content: 0 is the cluster's setting, -1 all peers.
    pub replication_min: i64,
    /// Most peers that pin the content: 0 is the cluster's setting, -1 all peers.
    pub replication_max: i64,
    /// Size of shards, in bytes; 0 is the default.
    pub shard_size: u64,
    /// Peers that should pin the content, as peer IDs.
    pub user_allocations: Vec<String>,
    /// When the pin expires.
    pub expire_at: Option<Time>,
    /// When the pin expires, from now on, as a Go duration (`1h30m`) of at least a second. It is ignored if `expire_at` is
    /// there.
    pub expire_in: Option<String>,
    /// The caller's own metadata.
    pub metadata: BTreeMap<String, String>,
    /// The pin whose options and allocations are copied.
    pub pin_update: Option<CidText>,
    /// Multiaddrs of peers that have the content, with their peer IDs.
    pub origins: Vec<String>,
}

impl PinOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Only the block, not what it links to.
    #[must_use]
    pub fn direct(mut self) -> Self {
        self.mode = PinMode::Direct;
        self
    }

    /// On so many peers at least and at most: 0 is the cluster's setting, -1 all peers.
    #[must_use]
    pub fn replicated(mut self, min: i64, max: i64) -> Self {
        self.replication_min = min;
        self.replication_max = max;
        self
    }

    /// Preferably on these peers, as peer IDs.
    #[must_use]
    pub fn on_peers(mut self, peers: impl IntoIterator<Item = impl ToString>) -> Self {
        self.user_allocations
            .extend(peers.into_iter().map(|peer| peer.to_string()));
        self
    }

    /// Until this time.
    #[must_use]
    pub fn expiring_at(mut self, time: SystemTime) -> Self {
        self.expire_at = Some(time.into());
        self
    }

    /// For this time from now on; at least a second, at most 292 years.
    #[must_use]
    pub fn expiring_in(mut self, time: Duration) -> Self {
        let nanos = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        self.expire_in = Some(duration::format(nanos.unsigned_abs()));
        self
    }

    /// With metadata of the caller's own.
    #[must_use]
    pub fn tagged(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// With the options and allocations of this pin, where no others are given.
    #[must_use]
    pub fn updating(mut self, cid: Cid) -> Self {
        self.pin_update = Some(CidText(cid));
        self
    }

    /// With peers that have the content, as multiaddrs with their peer IDs.
    #[must_use]
    pub fn from_origins(mut self, origins: impl IntoIterator<Item = impl ToString>) -> Self {
        self.origins
            .extend(origins.into_iter().map(|origin| origin.to_string()));
        self
    }
}

/// Makes an endpoint that [`endpoint_with_pin_options!`] declares of its own parameters, and the API's defaults of all others.
macro_rules! with_default_pin_options {
    ($($parameter:ident: $value:expr),* $(,)?) => {{
        let $crate::cluster::PinOptions {
            name,
            mode,
            replication_min,
            replication_max,
            shard_size,
            user_allocations,
            expire_at,
            expire_in,
            metadata,
            pin_update,
            origins,
        } = $crate::cluster::PinOptions::default();
        Self {
            $($parameter: $value,)*
            name,
            mode,
            replication: None,
            replication_min,
            replication_max,
            shard_size,
            user_allocations,
            expire_at,
            expire_in,
            metadata,
            pin_update,
            origins,
        }
    }};
}

/// Declares an endpoint as [`endpoint!`](crate::endpoint) does, with the options of a pin in its query behind its own, and a
/// `pin_options` and a `with_pin_options`.
macro_rules! endpoint_with_pin_options {
    (
        $(#[doc = $docs:literal])+
        pub struct $name:ident: $method:ident $path:literal as $id:literal of $api:ty {
            path { $($parts:tt)* }
            query { $($query:tt)* }
            $($rest:tt)*
        }
    ) => {
        endpoint! {
            $(#[doc = $docs])+
            pub struct $name: $method $path as $id of $api {
                path { $($parts)* }
                query {
                    $($query)*
                    /// A name.
                    name: String = Value "name", default String::new();
                    /// How deep the content is pinned.
                    mode: $crate::cluster::PinMode = Value "mode", default $crate::cluster::PinMode::default();
                    /// Sets both replication factors.
                    replication: Option<i64> = Value "replication";
                    /// Fewest peers that pin the content: 0 is the cluster's setting, -1 all peers.
                    replication_min: i64 = Value "replication-min", default 0;
                    /// Most peers that pin the content: 0 is the cluster's setting, -1 all peers.
                    replication_max: i64 = Value "replication-max", default 0;
                    /// Size of shards, in bytes; 0 is the default.
                    shard_size: u64 = Value "shard-size", default 0;
                    /// Peers that should pin the content, as peer IDs.
                    user_allocations: Vec<String> = List "user-allocations";
                    /// When the pin expires, as RFC 3339.
                    expire_at: Option<$crate::cluster::Time> = Value "expire-at";
                    /// When the pin expires, from now on, such as `1h30m`; at least a second. Ignored next to `expire-at`.
                    expire_in: Option<String> = Value "expire-in";
                    /// Metadata.
                    metadata: std::collections::BTreeMap<String, String> = Prefix "meta-";
                    /// The pin whose options and allocations are copied.
                    pin_update: Option<$crate::cluster::CidText> = Value "pin-update";
                    /// Multiaddrs of peers that have the content, with their peer IDs.
                    origins: Vec<String> = List "origins";
                }
                $($rest)*
            }
        }

        impl $name {
            /// The options of the pin. `replication` is in both replication factors, and metadata without a key left out.
            #[must_use]
            pub fn pin_options(&self) -> $crate::cluster::PinOptions {
                let mut metadata = self.metadata.clone();
                metadata.remove("");
                $crate::cluster::PinOptions {
                    name: self.name.clone(),
                    mode: self.mode,
                    replication_min: self.replication.unwrap_or(self.replication_min),
                    replication_max: self.replication.unwrap_or(self.replication_max),
                    shard_size: self.shard_size,
                    user_allocations: self.user_allocations.clone(),
                    expire_at: self.expire_at,
                    expire_in: self.expire_in.clone(),
                    metadata,
                    pin_update: self.pin_update.clone(),
                    origins: self.origins.clone(),
                }
            }

            /// With these options of the pin.
            #[must_use]
            pub fn with_pin_options(mut self, options: $crate::cluster::PinOptions) -> Self {
                self.name = options.name;
                self.mode = options.mode;
                self.replication = None;
                self.replication_min = options.replication_min;
                self.replication_max = options.replication_max;
                self.shard_size = options.shard_size;
                self.user_allocations = options.user_allocations;
                self.expire_at = options.expire_at;
                self.expire_in = options.expire_in;
                self.metadata = options.metadata;
                self.pin_update = options.pin_update;
                self.origins = options.origins;
                self
            }
        }
    };
}
