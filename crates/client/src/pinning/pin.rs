//! Pin requests.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use cairn_primitives::Cid;
use cairn_primitives::multiaddr::Multiaddr;
use cairn_wire::pinning::{self as wire, Status};

use super::PinningError;
use crate::paging::{self, Item};

/// The ID of a pin request: an opaque text of the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(String);

impl RequestId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<&str> for RequestId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for RequestId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for RequestId {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.into())
    }
}

/// A pin request and its status.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pin {
    /// Its ID.
    pub id: RequestId,
    /// Its status.
    pub status: Status,
    /// When it was created.
    pub created: SystemTime,
    /// The CID to pin.
    pub cid: Cid,
    /// Its name.
    pub name: Option<String>,
    /// Addresses of peers that have the content.
    pub origins: Vec<Multiaddr>,
    /// The metadata of its owner.
    pub meta: BTreeMap<String, String>,
    /// Addresses of the peers of the service that will receive the content. Those of protocols that are not known here are left out:
    /// nothing can connect to them.
    pub delegates: Vec<Multiaddr>,
    /// Further information of the service about the status; see [`Self::status_details`] and others.
    pub info: BTreeMap<String, String>,
}

impl Pin {
    pub(super) fn read(record: wire::PinStatus) -> Result<Self, PinningError> {
        let unreadable = |field, text: &str| PinningError::Response {
            field,
            text: text.chars().take(256).collect(),
        };
        let wire::PinStatus {
            requestid,
            status,
            created,
            pin,
            delegates,
            info,
        } = record;
        let cid = pin.cid.parse();
        let addresses = |texts: &[String]| {
            let parsed = texts.iter().map(|text| text.parse());
            parsed.filter_map(Result::ok).collect()
        };
        Ok(Self {
            id: requestid.into(),
            status,
            created: paging::parse(&created).ok_or_else(|| unreadable("created", &created))?,
            cid: cid.map_err(|_| unreadable("cid", &pin.cid))?,
            name: pin.name.filter(|name| !name.is_empty()),
            origins: addresses(&pin.origins),
            meta: pin.meta,
            delegates: addresses(&delegates),
            info,
        })
    }

    /// What the service says about the status, for example why the request failed.
    #[must_use]
    pub fn status_details(&self) -> Option<&str> {
        self.info("status_details")
    }

    /// The size of the content with the overhead of its DAG, in bytes.
    #[must_use]
    pub fn dag_size(&self) -> Option<u64> {
        self.info("dag_size")?.parse().ok()
    }

    /// The size of the content without the overhead of its DAG, in bytes.
    #[must_use]
    pub fn raw_size(&self) -> Option<u64> {
        self.info("raw_size")?.parse().ok()
    }

    /// When the service drops the pin, if it is pinned for a limited time.
    #[must_use]
    pub fn pinned_until(&self) -> Option<SystemTime> {
        paging::parse(self.info("pinned_until")?)
    }

    fn info(&self, key: &str) -> Option<&str> {
        let found = self.info.get(key)?;
        Some(found.as_str()).filter(|text| !text.is_empty())
    }

    /// The record of the API.
    #[must_use]
    pub fn to_record(&self) -> wire::PinStatus {
        let texts = |all: &[Multiaddr]| all.iter().map(ToString::to_string).collect();
        wire::PinStatus {
            requestid: self.id.to_string(),
            status: self.status,
            created: paging::text(self.created),
            pin: wire::Pin {
                cid: self.cid.to_string(),
                name: self.name.clone(),
                origins: texts(&self.origins),
                meta: self.meta.clone(),
            },
            delegates: texts(&self.delegates),
            info: self.info.clone(),
        }
    }
}

impl Item for wire::PinStatus {
    fn id(&self) -> &str {
        &self.requestid
    }

    fn created(&self) -> &str {
        &self.created
    }
}
