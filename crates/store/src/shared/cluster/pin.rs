//! Pins and their holdings.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_primitives::Cid;

use crate::shared::{Millis, SharedError, millis};

/// What a pin is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PinKind {
    /// A DAG.
    Data,
    /// Sharded content: only its shards are pinned.
    Meta,
    /// The list of the shards.
    ClusterDag,
    /// One shard.
    Shard,
}

impl PinKind {
    const ALL: [Self; 4] = [Self::Data, Self::Meta, Self::ClusterDag, Self::Shard];

    pub(in crate::shared) fn number(self) -> i64 {
        match self {
            Self::Data => 0,
            Self::Meta => 1,
            Self::ClusterDag => 2,
            Self::Shard => 3,
        }
    }

    fn of(number: i64) -> Result<Self, SharedError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.number() == number)
            .ok_or(SharedError::Damaged {
                what: "the kind of a pin is unknown",
            })
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinKinds(u8);

impl PinKinds {
    /// All kinds.
    pub const ALL: Self = Self(0b1111);

    /// These.
    #[must_use]
    pub fn of(kinds: &[PinKind]) -> Self {
        Self(kinds.iter().fold(0, |set, kind| set | 1 << kind.number()))
    }

    /// As a number whose bit `n` stands for the kind of that number.
    pub(in crate::shared) fn bits(self) -> i64 {
        i64::from(self.0)
    }
}

/// When a pin expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// At this time.
    At(Millis),
    /// So long after it was written.
    After(Duration),
}

/// Which peers should have a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// All, also those that join later.
    Everywhere,
    /// These.
    On(Vec<String>),
    /// None: a pin of sharded content.
    Nowhere,
}

/// A pin to write.
#[derive(Clone, Debug)]
pub struct NewClusterPin {
    /// Its root.
    pub cid: Cid,
    /// What it is of.
    pub kind: PinKind,
    /// Whether only the root block is pinned.
    pub direct: bool,
    /// Its name.
    pub name: String,
    /// The least and the most replicas; -1 is every peer.
    pub replication: (i64, i64),
    /// The maximum size of a shard, or the size of this one, in bytes.
    pub shard_size: u64,
    /// The user's own data.
    pub metadata: BTreeMap<String, String>,
    /// Addresses of peers that have the content.
    pub origins: Vec<String>,
    /// The pin of which this is a newer version.
    pub update_of: Option<Cid>,
    /// What it refers to: of sharded content the list of the shards, of that the content, of a shard the one before.
    pub reference: Option<Cid>,
    /// How deep the DAG is pinned; -1 is all of it.
    pub depth: i64,
    /// When it expires. One that would have expired already is refused with [`SharedError::Range`].
    pub expiry: Expiry,
    /// Which peers should have it.
    pub placement: Placement,
    /// The pin of sharded content that it belongs to.
    pub owner: Option<Cid>,
    /// A peer that has pinned the content already. If it is not among those that should have it, it keeps it until they do.
    pub source: Option<String>,
}

/// A pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterPin {
    /// Its root.
    pub cid: Cid,
    /// Grows with every change.
    pub version: i64,
    /// What it is of.
    pub kind: PinKind,
    /// Whether only the root block is pinned.
    pub direct: bool,
    /// Its name.
    pub name: String,
    /// The least and the most replicas; -1 is every peer.
    pub replication: (i64, i64),
    /// The maximum size of a shard, or the size of this one, in bytes.
    pub shard_size: u64,
    /// The user's own data.
    pub metadata: BTreeMap<String, String>,
    /// Addresses of peers that have the content.
    pub origins: Vec<String>,
    /// The pin of which this is a newer version.
    pub update_of: Option<Cid>,
    /// What it refers to.
    pub reference: Option<Cid>,
    /// How deep the DAG is pinned; -1 is all of it.
    pub depth: i64,
    /// When it expires.
    pub expires: Option<Millis>,
    /// When it was written.
    pub created: Millis,
    /// Whether all peers should have it.
    pub everywhere: bool,
    /// The peers that should have it, if those are not all.
    pub peers: Vec<String>,
}

/// A page of pins.
pub type ClusterPins = Vec<ClusterPin>;

/// How far a peer is with a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldingStatus {
    /// It has to pin it.
    Queued,
    /// It is pinning it.
    Pinning,
    /// It has it.
    Pinned,
    /// It failed.
    Failed,
}

impl HoldingStatus {
    const ALL: [Self; 4] = [Self::Queued, Self::Pinning, Self::Pinned, Self::Failed];

    pub(in crate::shared) fn number(self) -> i64 {
        match self {
            Self::Queued => 0,
            Self::Pinning => 1,
            Self::Pinned => 2,
            Self::Failed => 3,
        }
    }

    fn of(number: i64) -> Result<Self, SharedError> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
            .ok_or(SharedError::Damaged {
                what: "the status of a pin is unknown",
            })
    }
}

/// A set of statuses of holdings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses(u8);

impl Statuses {
    /// These.
    #[must_use]
    pub fn of(statuses: &[HoldingStatus]) -> Self {
        Self(
            statuses
                .iter()
                .fold(0, |set, status| set | 1 << status.number()),
        )
    }

    /// Whether it has this one.
    #[must_use]
    pub fn has(self, status: HoldingStatus) -> bool {
        self.0 & 1 << status.number() != 0
    }

    /// As a number whose bit `n` stands for the status of that number.
    pub(in crate::shared) fn bits(self) -> i64 {
        i64::from(self.0)
    }
}

/// What a peer has of a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The peer.
    pub peer: String,
    /// Whether it should have it; otherwise it keeps it until others have it.
    pub assigned: bool,
    /// How far it is.
    pub status: HoldingStatus,
    /// Why it failed.
    pub error: String,
    /// How often it tried.
    pub attempts: u32,
    /// When the status changed.
    pub changed: Millis,
}

/// A pin with its holdings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinStatusRow {
    /// The pin.
    pub pin: ClusterPin,
    /// By peer.
    pub holdings: Vec<Holding>,
}

/// What [`cluster_statuses`](super::ClusterRows::cluster_statuses) lists.
#[derive(Clone, Copy, Debug, Default)]
pub struct PinListing<'a> {
    /// Only pins with a holding of such a status. Pins of sharded content have none.
    pub with: Option<Statuses>,
    /// After this one.
    pub after: Option<&'a Cid>,
}

/// A holding that a peer has begun to pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The pin.
    pub pin: ClusterPin,
    /// How often it tried before.
    pub attempts: u32,
}

/// How pinning ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The content is pinned.
    Pinned,
    /// It failed, and is tried again after a time.
    Failed {
        /// Why.
        error: String,
        /// When.
        retry: Duration,
    },
}

/// What became of a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// There is no such pin.
    Absent,
    /// It belongs to sharded content, and is removed with it.
    Owned,
    /// It was removed.
    Removed(Box<ClusterPin>),
}

/// A pin as the columns of its row.
pub(in crate::shared) struct PinColumns {
    pub(in crate::shared) id: Vec<u8>,
    pub(in crate::shared) content: Vec<u8>,
    pub(in crate::shared) shard_size: i64,
    pub(in crate::shared) metadata: String,
    pub(in crate::shared) origins: String,
    pub(in crate::shared) update_of: Option<Vec<u8>>,
    pub(in crate::shared) reference: Option<Vec<u8>>,
    pub(in crate::shared) at: Option<i64>,
    pub(in crate::shared) after: Option<i64>,
    pub(in crate::shared) owner: Option<Vec<u8>>,
}

impl PinColumns {
    pub(in crate::shared) fn of(pin: &NewClusterPin) -> Result<Self, SharedError> {
        if pin.name.contains('\0') {
            return Err(SharedError::BadName {
                reason: "has a null character",
            });
        }
        let unwritable = |_| SharedError::Range {
            what: "the metadata",
        };
        Ok(Self {
            id: pin.cid.to_bytes(),
            content: pin.cid.to_v1().to_bytes(),
            shard_size: i64::try_from(pin.shard_size).map_err(|_| SharedError::Range {
                what: "the size of the shards",
            })?,
            metadata: serde_json::to_string(&pin.metadata).map_err(unwritable)?,
            origins: serde_json::to_string(&pin.origins).map_err(unwritable)?,
            update_of: pin.update_of.as_ref().map(Cid::to_bytes),
            reference: pin.reference.as_ref().map(Cid::to_bytes),
            at: match pin.expiry {
                Expiry::At(time) => Some(time),
                _ => None,
            },
            after: match pin.expiry {
                Expiry::After(time) => Some(millis(time)),
                _ => None,
            },
            owner: pin.owner.as_ref().map(Cid::to_bytes),
        })
    }
}

impl NewClusterPin {
    /// The pin that it is once it is written.
    pub(in crate::shared) fn written(
        &self,
        version: i64,
        created: Millis,
        expires: Option<Millis>,
    ) -> ClusterPin {
        let mut peers = match &self.placement {
            Placement::On(peers) => peers.clone(),
            Placement::Everywhere | Placement::Nowhere => Vec::new(),
        };
        peers.sort_unstable();
        peers.dedup();
        ClusterPin {
            cid: self.cid.clone(),
            version,
            kind: self.kind,
            direct: self.direct,
            name: self.name.clone(),
            replication: self.replication,
            shard_size: self.shard_size,
            metadata: self.metadata.clone(),
            origins: self.origins.clone(),
            update_of: self.update_of.clone(),
            reference: self.reference.clone(),
            depth: self.depth,
            expires,
            created,
            everywhere: self.placement == Placement::Everywhere,
            peers,
        }
    }
}

/// The ids of the pins of a content: the forms of its CID.
pub(in crate::shared) fn ids_of(content: &Cid) -> [Option<Vec<u8>>; 2] {
    [Some(content.to_v1()), content.to_v0()].map(|form| form.map(|cid| cid.to_bytes()))
}

/// The columns of a row, as a dialect reads them.
pub(in crate::shared) struct Columns {
    pub(in crate::shared) id: Vec<u8>,
    pub(in crate::shared) version: i64,
    pub(in crate::shared) kind: i64,
    pub(in crate::shared) direct: bool,
    pub(in crate::shared) name: String,
    pub(in crate::shared) least: i64,
    pub(in crate::shared) most: i64,
    pub(in crate::shared) shard_size: i64,
    pub(in crate::shared) metadata: String,
    pub(in crate::shared) origins: String,
    pub(in crate::shared) update_of: Option<Vec<u8>>,
    pub(in crate::shared) reference: Option<Vec<u8>>,
    pub(in crate::shared) depth: i64,
    pub(in crate::shared) expires: Option<i64>,
    pub(in crate::shared) created: i64,
    pub(in crate::shared) everywhere: bool,
}

/// The CID of a row.
pub(in crate::shared) fn cid(bytes: &[u8]) -> Result<Cid, SharedError> {
    Cid::from_bytes(bytes).map_err(|_| SharedError::Damaged {
        what: "the CID of a pin is not valid",
    })
}

impl Columns {
    /// The pin, without the peers that should have it.
    pub(in crate::shared) fn pin(self) -> Result<ClusterPin, SharedError> {
        let damaged = |_| SharedError::Damaged {
            what: "the options of a pin are not valid",
        };
        Ok(ClusterPin {
            cid: cid(&self.id)?,
            version: self.version,
            kind: PinKind::of(self.kind)?,
            direct: self.direct,
            name: self.name,
            replication: (self.least, self.most),
            shard_size: u64::try_from(self.shard_size).unwrap_or(0),
            metadata: serde_json::from_str(&self.metadata).map_err(damaged)?,
            origins: serde_json::from_str(&self.origins).map_err(damaged)?,
            update_of: self.update_of.as_deref().map(cid).transpose()?,
            reference: self.reference.as_deref().map(cid).transpose()?,
            depth: self.depth,
            expires: self.expires,
            created: self.created,
            everywhere: self.everywhere,
            peers: Vec::new(),
        })
    }
}

/// The columns of a holding: peer, whether it is assigned, status, error, attempts, when it changed.
pub(in crate::shared) type HoldingColumns = (String, bool, i64, String, i64, i64);

pub(in crate::shared) fn holding(columns: HoldingColumns) -> Result<Holding, SharedError> {
    let (peer, assigned, status, error, attempts, changed) = columns;
    Ok(Holding {
        peer,
        assigned,
        status: HoldingStatus::of(status)?,
        error,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        changed,
    })
}

impl ClusterPin {
    /// Notes the peers that should have it.
    pub(in crate::shared) fn place(&mut self, holdings: &[Holding]) {
        if !self.everywhere {
            let assigned = holdings.iter().filter(|holding| holding.assigned);
            self.peers = assigned.map(|holding| holding.peer.clone()).collect();
        }
    }
}

/// A pin with its holdings.
pub(in crate::shared) fn status_row(mut pin: ClusterPin, holdings: Vec<Holding>) -> PinStatusRow {
    pin.place(&holdings);
    PinStatusRow { pin, holdings }
}
