//! The results of calls.

use std::time::SystemTime;

use cairn_primitives::Cid;
use cairn_wire::upload::{self as wire};
pub use cairn_wire::upload::{Deal, DealStatus, PinStatus};
use serde_json::value::RawValue;

use super::StorageError;
use crate::paging::{self, Item};

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// Its CID.
    pub cid: Cid,
    /// Its size in bytes; 0 while it is not known.
    pub size: u64,
    /// When it was created.
    pub created: SystemTime,
    /// The media type of the request, `directory`, `nft` or `remote`.
    pub kind: String,
    /// The name of the access token that was used.
    pub scope: String,
    /// Its name.
    pub name: Option<String>,
    /// The files of a directory, if the server packed them.
    pub files: Vec<UploadedFile>,
    /// The CIDs of the CARs that were sent. Texts that are no CIDs are left out.
    pub parts: Vec<Cid>,
    /// Its pin.
    pub pin: UploadPin,
    /// The storage deals of its content.
    pub deals: Vec<Deal>,
}

/// A file of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedFile {
    /// Its path.
    pub name: String,
    /// Its media type.
    pub media_type: String,
}

/// The pin of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadPin {
    /// Its status: `pinning` while parts are missing.
    pub status: PinStatus,
    /// The size of the content in bytes; 0 while it is not known.
    pub size: u64,
    /// When it was created.
    pub created: Option<SystemTime>,
}

/// What anyone may know about a CID.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The CID.
    pub cid: Cid,
    /// Its pin.
    pub pin: UploadPin,
    /// The storage deals of its content.
    pub deals: Vec<Deal>,
}

/// A stored NFT.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredNft {
    /// The CID of the NFT. Its entry `metadata.json` is the metadata.
    pub cid: Cid,
    /// The URL of the metadata, for a contract.
    pub url: String,
    /// The metadata as JSON, with the URLs of the files.
    pub metadata: Box<RawValue>,
}

pub(super) fn cid(text: &str) -> Result<Cid, StorageError> {
    text.parse().map_err(|_| StorageError::Response {
        field: "cid",
        text: text.chars().take(256).collect(),
    })
}

impl From<wire::Pin> for UploadPin {
    fn from(pin: wire::Pin) -> Self {
        Self {
            status: pin.status,
            size: pin.size,
            created: paging::parse(&pin.created),
        }
    }
}

impl Upload {
    pub(super) fn read(record: wire::Nft) -> Result<Self, StorageError> {
        let created = paging::parse(&record.created);
        let files = record.files.into_iter().map(|file| UploadedFile {
            name: file.name,
            media_type: file.r#type,
        });
        let parts = record.parts.iter().map(|part| part.parse());
        Ok(Self {
            cid: cid(&record.cid)?,
            size: record.size,
            created: created.ok_or_else(|| StorageError::Response {
                field: "created",
                text: record.created.chars().take(256).collect(),
            })?,
            kind: record.r#type,
            scope: record.scope,
            name: record.name.filter(|name| !name.is_empty()),
            files: files.collect(),
            parts: parts.filter_map(Result::ok).collect(),
            pin: record.pin.into(),
            deals: record.deals,
        })
    }

    /// The record of the API.
    #[must_use]
    pub fn to_record(&self) -> wire::Nft {
        let files = self.files.iter().map(|file| wire::File {
            name: file.name.clone(),
            r#type: file.media_type.clone(),
        });
        wire::Nft {
            cid: self.cid.to_string(),
            size: self.size,
            created: paging::text(self.created),
            r#type: self.kind.clone(),
            scope: self.scope.clone(),
            name: self.name.clone(),
            files: files.collect(),
            parts: self.parts.iter().map(ToString::to_string).collect(),
            pin: self.pin.to_record(&self.cid, self.created),
            deals: self.deals.clone(),
        }
    }
}

impl UploadPin {
    fn to_record(&self, cid: &Cid, created: SystemTime) -> wire::Pin {
        wire::Pin {
            cid: cid.to_string(),
            created: paging::text(self.created.unwrap_or(created)),
            size: self.size,
            status: self.status,
        }
    }
}

impl Checked {
    pub(super) fn read(record: wire::Checked) -> Result<Self, StorageError> {
        Ok(Self {
            cid: cid(&record.cid)?,
            pin: record.pin.into(),
            deals: record.deals,
        })
    }

    /// The record of the API.
    #[must_use]
    pub fn to_record(&self) -> wire::Checked {
        wire::Checked {
            cid: self.cid.to_string(),
            pin: self.pin.to_record(&self.cid, SystemTime::UNIX_EPOCH),
            deals: self.deals.clone(),
        }
    }
}

impl Item for wire::Nft {
    fn id(&self) -> &str {
        &self.cid
    }

    fn created(&self) -> &str {
        &self.created
    }
}
