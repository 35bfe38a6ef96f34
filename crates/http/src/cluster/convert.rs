//! Between the types of the service and those of the API.

use std::time::Duration;

use cairn_node::config::GoDuration;
use cairn_primitives::{Cid, Multiaddr, PeerId};
use cairn_services::cluster::{
    ExpiryOption, PeerInfo, PeerStatus, PinOptions, PinStatus, Status, StatusSet,
};
use cairn_store::shared::{ClusterPin, Millis, PinKind, PinKinds};
use cairn_wire::cluster as wire;
use wire::{CidText, GlobalPinInfo, PinInfo, PinMode, PinType, StatusFilter, Time, TrackerStatus};

use super::error::{Refusal, refusal};

/// The shortest `expire-in`.
const SHORTEST: Duration = Duration::from_secs(1);

/// A time of the database.
pub(super) fn time(millis: Millis) -> Time {
    let nanos = u32::try_from(millis.rem_euclid(1_000)).unwrap_or(0) * 1_000_000;
    Time::new(millis.div_euclid(1_000), nanos)
}

fn millis(time: Time) -> Millis {
    let below = i64::from(time.nanos() / 1_000_000);
    time.seconds().saturating_mul(1_000).saturating_add(below)
}

/// Nanoseconds since 1970.
pub(super) fn nanos(millis: Millis) -> i64 {
    millis.saturating_mul(1_000_000)
}

/// The options of a pin, checked.
pub(super) fn options(from: wire::PinOptions) -> Result<PinOptions, Refusal> {
    for peer in &from.user_allocations {
        if peer.parse::<PeerId>().is_err() {
            return Err(refusal(
                400,
                format!("user-allocations: {peer:?} is not a peer ID"),
            ));
        }
    }
    for origin in &from.origins {
        let address: Multiaddr = origin.parse().map_err(|error| {
            refusal(
                400,
                format!(
                    "error decoding multiaddress: failed to parse multiaddr {origin:?}: {error}"
                ),
            )
        })?;
        if address.split_peer().is_none() {
            return Err(refusal(
                400,
                "multiaddress does not contain peer ID: protocol not found in multiaddr",
            ));
        }
    }
    Ok(PinOptions {
        name: from.name,
        direct: from.mode == PinMode::Direct,
        replication: (from.replication_min, from.replication_max),
        shard_size: from.shard_size,
        peers: from.user_allocations,
        expiry: expiry(from.expire_at, from.expire_in.as_deref())?,
        metadata: from.metadata,
        update_of: from.pin_update.map(Cid::from),
        origins: from.origins,
    })
}

fn expiry(at: Option<Time>, after: Option<&str>) -> Result<ExpiryOption, Refusal> {
    if let Some(at) = at.filter(|at| !at.is_none()) {
        return Ok(ExpiryOption::At(millis(at)));
    }
    let Some(text) = after else {
        return Ok(ExpiryOption::Unset);
    };
    let after = text
        .parse::<GoDuration>()
        .map_err(|error| refusal(400, format!("expire-in cannot be parsed: {error}")))?;
    if after.to_std() < SHORTEST {
        return Err(refusal(400, "expire-in duration too short"));
    }
    Ok(ExpiryOption::After(after.to_std()))
}

fn kind(kind: PinKind) -> PinType {
    match kind {
        PinKind::Data => PinType::Pin,
        PinKind::Meta => PinType::MetaPin,
        PinKind::ClusterDag => PinType::ClusterdagPin,
        PinKind::Shard => PinType::ShardPin,
    }
}

/// The kinds of a filter.
pub(super) fn kinds(filter: &[wire::PinTypeFilter]) -> PinKinds {
    let all = [
        PinKind::Data,
        PinKind::Meta,
        PinKind::ClusterDag,
        PinKind::Shard,
    ];
    if filter.is_empty() {
        return PinKinds::ALL;
    }
    let matching: Vec<PinKind> = all
        .into_iter()
        .filter(|&own| filter.iter().any(|filter| filter.matches(kind(own))))
        .collect();
    PinKinds::of(&matching)
}

/// A pin of the pinset.
pub(super) fn pin(from: ClusterPin) -> wire::Pin {
    wire::Pin {
        replication_factor_min: from.replication.0,
        replication_factor_max: from.replication.1,
        name: from.name,
        mode: if from.direct {
            PinMode::Direct
        } else {
            PinMode::Recursive
        },
        shard_size: from.shard_size,
        user_allocations: None,
        expire_at: from.expires.map_or(Time::NONE, time),
        metadata: Some(from.metadata).filter(|metadata| !metadata.is_empty()),
        pin_update: from.update_of.map(CidText),
        origins: Some(from.origins),
        cid: CidText(from.cid),
        r#type: kind(from.kind),
        allocations: from.peers,
        max_depth: from.depth,
        reference: from.reference.map(CidText),
        timestamp: time(from.created),
    }
}

/// A pin as the answer to its request: empty where the pinset has nothing, and with the peers that were asked for.
pub(super) fn echo(from: ClusterPin, asked: Vec<String>) -> wire::Pin {
    let pin = pin(from);
    wire::Pin {
        user_allocations: Some(asked).filter(|asked| !asked.is_empty()),
        metadata: Some(pin.metadata.unwrap_or_default()),
        origins: pin.origins.filter(|origins| !origins.is_empty()),
        ..pin
    }
}

fn tracker(status: Status) -> TrackerStatus {
    match status {
        Status::ClusterError => TrackerStatus::ClusterError,
        Status::PinError => TrackerStatus::PinError,
        Status::Pinned => TrackerStatus::Pinned,
        Status::Pinning => TrackerStatus::Pinning,
        Status::PinQueued => TrackerStatus::PinQueued,
        Status::UnpinQueued => TrackerStatus::UnpinQueued,
        Status::Unpinned => TrackerStatus::Unpinned,
        Status::Remote => TrackerStatus::Remote,
        Status::Sharded => TrackerStatus::Sharded,
    }
}

/// The statuses of a filter; `None` for all.
pub(super) fn statuses(filter: &[StatusFilter]) -> Option<StatusSet> {
    let all = [
        Status::ClusterError,
        Status::PinError,
        Status::Pinned,
        Status::Pinning,
        Status::PinQueued,
        Status::UnpinQueued,
        Status::Unpinned,
        Status::Remote,
        Status::Sharded,
    ];
    if filter.is_empty() {
        return None;
    }
    let matching = all
        .into_iter()
        .filter(|&own| filter.iter().any(|filter| filter.matches(tracker(own))));
    Some(matching.fold(StatusSet::default(), StatusSet::with))
}

fn peer_status(from: PeerStatus, now: Time) -> (String, PinInfo) {
    let info = PinInfo {
        peername: from.name,
        ipfs_peer_id: from.peer.clone(),
        ipfs_peer_addresses: Vec::new(),
        status: tracker(from.status),
        timestamp: from.since.map_or(now, time),
        error: from.error,
        attempt_count: u64::from(from.attempts),
        priority_pin: from.priority,
    };
    (from.peer, info)
}

/// The status of a pin.
pub(super) fn status(from: PinStatus) -> GlobalPinInfo {
    let now = Time::from(std::time::SystemTime::now());
    let peer_map = from.peers.into_iter().map(|peer| peer_status(peer, now));
    let peer_map = peer_map.collect();
    match from.pin {
        Some(pin) => GlobalPinInfo {
            cid: CidText(from.cid),
            name: pin.name,
            allocations: pin.peers,
            origins: Some(pin.origins),
            created: time(pin.created),
            metadata: Some(pin.metadata).filter(|metadata| !metadata.is_empty()),
            peer_map,
        },
        None => GlobalPinInfo {
            cid: CidText(from.cid),
            name: String::new(),
            allocations: Vec::new(),
            origins: None,
            created: now,
            metadata: None,
            peer_map,
        },
    }
}

/// A peer among all peers.
pub(super) fn id(from: PeerInfo, error: Option<&str>, all: &[String]) -> wire::Id {
    let error = error.unwrap_or_default().to_owned();
    wire::Id {
        ipfs: wire::IpfsId {
            id: from.id.clone(),
            addresses: from.addresses.clone(),
            error: error.clone(),
        },
        id: from.id,
        addresses: from.addresses,
        cluster_peers: all.to_vec(),
        cluster_peers_addresses: Vec::new(),
        version: from.version,
        commit: String::new(),
        rpc_protocol_version: "/ipfscluster/1.0/rpc".to_owned(),
        error,
        peername: from.name,
    }
}
