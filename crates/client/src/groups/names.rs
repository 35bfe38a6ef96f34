//! IPNS names and DNSLink.

use std::time::{Duration, SystemTime};

use cairn_wire::kubo::dns::Dns;
use cairn_wire::kubo::name::NameEntry;
use cairn_wire::kubo::name::get::NameGet;
use cairn_wire::kubo::name::inspect::{InspectedRecord, NameInspect};
use cairn_wire::kubo::name::publish::NamePublish;
use cairn_wire::kubo::name::pubsub::cancel::{Canceled, NamePubsubCancel};
use cairn_wire::kubo::name::pubsub::state::{NamePubsubState, PubsubState};
use cairn_wire::kubo::name::pubsub::subs::{NamePubsubSubs, Subscriptions};
use cairn_wire::kubo::name::put::NamePut;
use cairn_wire::kubo::name::resolve::NameResolve;
use cairn_wire::kubo::resolve::ResolvedPath;

use crate::error::Error;
use crate::kubo::{Call, IntoPath, Kubo, binary, many, one, setters, some, text};
use crate::time;
use crate::upload::{IntoSource, files};

group! {
    /// IPNS names.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// use std::time::Duration;
    /// let published = kubo
    ///     .names()
    ///     .publish("/ipfs/bafkqabtimvwgy3yk")
    ///     .key("notes")
    ///     .lifetime(Duration::from_secs(24 * 3600))
    ///     .ttl("1m")
    ///     .allow_offline(true)
    ///     .await?;
    /// let path = kubo.names().resolve(&published.name).await?;
    /// # let _ = path; Ok(())
    /// # }
    /// ```
    Names, names
}

impl Names<'_> {
    /// Publishes a path under the name of a key, which is that of the server unless `key` is set.
    pub fn publish(&self, path: impl IntoPath) -> Call<NamePublish> {
        Call::new(self.0, NamePublish::new(path.into_path()))
    }

    /// Resolves a name. Unlike the command line, only one step is resolved unless `recursive` is set.
    pub fn resolve(&self, name: impl IntoPath) -> Call<NameResolve> {
        Call::new(self.0, NameResolve::new(Some(text(name)))).recursive(false)
    }

    /// Resolves the name of the server itself, as [`Self::resolve`].
    pub fn resolve_own(&self) -> Call<NameResolve> {
        Call::new(self.0, NameResolve::new(None)).recursive(false)
    }

    /// Reads the signed record of a name.
    pub fn get(&self, name: impl IntoPath) -> Call<NameGet> {
        Call::new(self.0, NameGet::new(text(name)))
    }

    /// Stores a signed record of a name.
    pub fn put(&self, name: impl IntoPath, record: impl IntoSource) -> Call<NamePut> {
        let upload = files(record.into_source(), self.0.chunk_size());
        Call::new(self.0, NamePut::new(text(name))).sending(upload)
    }

    /// Parses a signed record, and verifies it if `verify` is set.
    pub fn inspect(&self, record: impl IntoSource) -> Call<NameInspect> {
        let upload = files(record.into_source(), self.0.chunk_size());
        Call::new(self.0, NameInspect::new()).sending(upload)
    }

    /// Whether IPNS over pubsub is enabled.
    pub fn pubsub_state(&self) -> Call<NamePubsubState> {
        Call::new(self.0, NamePubsubState::new())
    }

    /// Lists the names that are subscribed to over pubsub.
    pub fn pubsub_subs(&self) -> Call<NamePubsubSubs> {
        Call::new(self.0, NamePubsubSubs::new())
    }

    /// Cancels the subscription of a name. Returns whether there was one.
    pub fn pubsub_cancel(&self, name: impl IntoPath) -> Call<NamePubsubCancel> {
        Call::new(self.0, NamePubsubCancel::new(text(name)))
    }
}

impl Kubo {
    /// Resolves the DNSLink of a domain. Only one step is resolved unless `recursive` is set.
    pub fn dns(&self, domain: impl IntoPath) -> Call<Dns> {
        Call::new(self, Dns::new(text(domain))).recursive(false)
    }
}

/// A name and the path that it points to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedName {
    /// The name.
    pub name: String,
    /// The path.
    pub value: String,
}

/// The fields of a signed record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameRecord {
    /// The path; `None` if it cannot be read.
    pub value: Option<String>,
    /// When the record expires.
    pub validity: Option<SystemTime>,
    /// The sequence number.
    pub sequence: Option<u64>,
    /// How long the record may be cached.
    pub ttl: Option<Duration>,
    /// The size of the record in bytes.
    pub size: usize,
    /// The kind of its signatures, `V1+V2` or `V2`.
    pub signature_type: String,
    /// The hex dump of the record, unless `dump` is false.
    pub hex_dump: Option<String>,
    /// The result of the verification, if `verify` is set: an error is the reason why the record is not valid.
    pub validation: Option<Result<(), String>>,
}

fn record(inspected: InspectedRecord) -> Result<NameRecord, Error> {
    let entry = inspected.entry;
    Ok(NameRecord {
        value: some(entry.value),
        validity: entry.validity.as_deref().and_then(time::rfc3339),
        sequence: entry.sequence,
        ttl: entry.ttl.map(Duration::from_nanos),
        size: inspected.pb_size,
        signature_type: inspected.signature_type,
        hex_dump: some(inspected.hex_dump),
        validation: inspected.validation.map(|validation| {
            if validation.valid {
                Ok(())
            } else {
                Err(validation.reason)
            }
        }),
    })
}

fn published(entry: NameEntry) -> Result<PublishedName, Error> {
    Ok(PublishedName {
        name: entry.name,
        value: entry.value,
    })
}

binary!(NameGet);

one! {
    NamePublish, NameEntry => PublishedName, published;
    NamePut, NameEntry => PublishedName, published;
    NameResolve, ResolvedPath => String, |resolved| Ok(resolved.path);
    Dns, ResolvedPath => String, |resolved| Ok(resolved.path);
    NameInspect, InspectedRecord => NameRecord, record;
    NamePubsubState, PubsubState => bool, |state| Ok(state.enabled);
    NamePubsubSubs, Subscriptions => Vec<String>, |subs| Ok(subs.strings.unwrap_or_default());
    NamePubsubCancel, Canceled => bool, |canceled| Ok(canceled.canceled);
}

many! {
    NameResolve, ResolvedPath => String, |resolved, items| {
        items.push_back(resolved.path);
        Ok(())
    };
}

cairn_wire::Dns!(setters);
cairn_wire::NamePublish!(setters);
cairn_wire::NameResolve!(setters);
cairn_wire::NamePut!(setters);
cairn_wire::NameInspect!(setters);
cairn_wire::NamePubsubSubs!(setters);
