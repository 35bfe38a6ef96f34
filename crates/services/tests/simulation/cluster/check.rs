//! What must hold.

use std::collections::BTreeMap;

use cairn_primitives::Cid;
use cairn_store::shared::{HoldingStatus, MAX_PAGE, PeerState, PinListing, PinState, PinStatusRow};

use super::World;

/// How long after its expiry a pin may still be there, in milliseconds.
const EXPIRY: i64 = 60_000;

/// The pinset by CID.
pub(super) async fn rows(world: &World) -> BTreeMap<Cid, PinStatusRow> {
    let rows = world
        .truth
        .cluster_statuses(PinListing::default(), MAX_PAGE);
    let rows = rows.await.expect("the pinset").into_iter();
    rows.map(|row| (row.pin.cid.clone(), row)).collect()
}

/// The number of the operation that wrote a row.
fn number(row: &PinStatusRow) -> u32 {
    let number = row.pin.name.strip_prefix("op");
    number
        .and_then(|number| number.parse().ok())
        .expect("a name")
}

/// The pinset is one that the answers to users allow.
pub(super) async fn pinset(world: &World) {
    let rows = rows(world).await;
    let now = world.truth.now().await.expect("the clock");
    let mut found = Vec::new();
    {
        let state = world.state.lock();
        for item in state.items.iter().filter(|item| !item.busy) {
            let cid = &item.cid;
            match rows.get(cid) {
                None => {
                    let mut gone = item.possible.iter().map(|number| {
                        let expires = state.specs[*number as usize].expires;
                        *number == 0 || expires.is_some_and(|(from, _)| now >= from)
                    });
                    if !gone.any(|gone| gone) {
                        found.push(format!("{cid} was acknowledged, and is not in the pinset"));
                    }
                }
                Some(row) => {
                    let number = number(row);
                    let spec = &state.specs[number as usize];
                    let pin = &row.pin;
                    if !item.possible.contains(&number) {
                        found.push(format!(
                            "{cid} is pinned as op{number}, and should be one of {:?}",
                            item.possible
                        ));
                    }
                    if (pin.direct, pin.replication) != (spec.direct, spec.replication) {
                        found.push(format!(
                            "{cid} has options that op{number} has not: {pin:?}"
                        ));
                    }
                    if world.outages_only
                        && item.version.is_some_and(|version| version != pin.version)
                    {
                        found.push(format!("{cid} was moved, and only the database was away"));
                    }
                }
            }
        }
    }
    for found in found {
        world.wrong(found);
    }
}

/// A peer is about to unpin a DAG: no row may need that.
pub(super) async fn unpin(world: &World, peer: usize, cid: &Cid) {
    let (id, alone) = {
        let state = world.state.lock();
        let alone = state
            .items
            .iter()
            .any(|item| item.cid == *cid && item.kept && !item.busy && !item.possible.contains(&0));
        let others = state.peers.iter().enumerate();
        let others = others.filter(|(other, _)| *other != peer);
        let copies = others.filter(|(_, other)| other.disk.lock().holds(cid, false));
        (state.peers[peer].id.clone(), alone && copies.count() == 0)
    };
    let row = world.truth.cluster_status(cid).await.expect("a status");
    let holds = row.is_some_and(|row| {
        let mut holdings = row.holdings.iter();
        holdings.any(|holding| holding.peer == id && holding.status == HoldingStatus::Pinned)
    });
    if holds {
        world.wrong(format!("{id} unpins {cid}, which it has by the pinset"));
    }
    let requested = world.truth.pinned_at(&id, None, MAX_PAGE).await;
    if requested.expect("the requests").contains(cid) {
        world.wrong(format!("{id} unpins {cid}, which a pin request has there"));
    }
    if alone {
        world.wrong(format!(
            "{id} unpins {cid}, of which no other peer has a copy"
        ));
    }
}

/// All pins have their replicas, all peers have what they should, and nothing else is pinned; otherwise what is not so.
pub(super) async fn settled(world: &World) -> Result<(), String> {
    let now = world.truth.now().await.expect("the clock");
    let peers = world.truth.cluster_peers().await.expect("the peers").peers;
    let active: Vec<&str> = peers
        .iter()
        .filter(|peer| peer.state == PeerState::Active && peer.lease > now)
        .map(|peer| peer.id.as_str())
        .collect();
    {
        let state = world.state.lock();
        for peer in state.peers.iter().filter(|peer| !peer.gone) {
            if !active.contains(&peer.id.as_str()) {
                return Err(format!("{} takes no part", peer.id));
            }
        }
        if let Some(peer) = peers
            .iter()
            .find(|peer| !active.contains(&peer.id.as_str()))
        {
            return Err(format!("{} is in the list of peers", peer.id));
        }
    }
    let rows = rows(world).await;
    for row in rows.values() {
        holdings(world, row, &active, now)?;
    }
    requests(world).await?;
    unwanted(world, &rows).await
}

fn holdings(world: &World, row: &PinStatusRow, active: &[&str], now: i64) -> Result<(), String> {
    let state = world.state.lock();
    let pin = &row.pin;
    if pin.expires.is_some_and(|expires| expires + EXPIRY < now) {
        return Err(format!("{} has expired, and is there", pin.cid));
    }
    if let Some(other) = row.holdings.iter().find(|holding| !holding.assigned) {
        return Err(format!("{} is still at {}", pin.cid, other.peer));
    }
    let least = if pin.everywhere {
        active.len()
    } else {
        pin.replication.0 as usize
    };
    if row.holdings.len() < least {
        return Err(format!("{} has {} replicas", pin.cid, row.holdings.len()));
    }
    for holding in &row.holdings {
        if holding.status != HoldingStatus::Pinned || !active.contains(&holding.peer.as_str()) {
            return Err(format!("{} at {}: {holding:?}", pin.cid, holding.peer));
        }
        let peer = state.peers.iter().find(|peer| peer.id == holding.peer);
        let peer = peer.ok_or("a peer that nobody knows")?;
        let lost = state
            .items
            .iter()
            .any(|item| item.cid == pin.cid && item.lost);
        if !peer.disk.lock().holds(&pin.cid, pin.direct || lost) {
            return Err(format!(
                "{} does not have {}, which it has by the pinset",
                peer.id, pin.cid
            ));
        }
    }
    Ok(())
}

async fn requests(world: &World) -> Result<(), String> {
    let asked: Vec<(String, Cid)> = {
        let state = world.state.lock();
        let there = state.requests.iter();
        there
            .filter(|request| request.deleted == Some(false))
            .map(|request| (request.id.clone(), request.cid.clone()))
            .collect()
    };
    for (id, cid) in asked {
        let parsed = id.parse().map_err(|_| "an id")?;
        let found = world.truth.pin_request(world.account, parsed).await;
        match found.expect("a request") {
            None => {
                world.wrong(format!("the pin request {id} is lost"));
                return Err(format!("the pin request {id} is lost"));
            }
            Some(request) if request.state != PinState::Pinned => {
                return Err(format!("the request of {cid} is {:?}", request.state));
            }
            Some(_) => {}
        }
    }
    let peers: Vec<String> = {
        let state = world.state.lock();
        let present = state.peers.iter().filter(|peer| !peer.gone);
        present.map(|peer| peer.id.clone()).collect()
    };
    for id in peers {
        let pinned = world.truth.pinned_at(&id, None, MAX_PAGE).await;
        let state = world.state.lock();
        let peer = state.peers.iter().find(|peer| peer.id == id);
        let disk = &peer.ok_or("a peer that nobody knows")?.disk;
        for cid in pinned.expect("the requests") {
            // A pin that was lost, and made again for a direct pin, is not seen to be less than it was: backends are asked
            // whether they have a pin, and not for its mode.
            let lost = state.items.iter().any(|item| item.cid == cid && item.lost);
            if !disk.lock().holds(&cid, lost) {
                return Err(format!("{id} does not have {cid}, which was requested"));
            }
        }
    }
    Ok(())
}

/// What is pinned at peers, and no row wants.
async fn unwanted(world: &World, rows: &BTreeMap<Cid, PinStatusRow>) -> Result<(), String> {
    let pins: Vec<(String, Vec<Cid>)> = {
        let state = world.state.lock();
        let present = state.peers.iter().filter(|peer| !peer.gone);
        present
            .map(|peer| {
                let pins = peer.disk.lock().pins.keys().cloned().collect();
                (peer.id.clone(), pins)
            })
            .collect()
    };
    for (id, pins) in pins {
        for cid in pins {
            let row = rows.get(&cid);
            let held = row.is_some_and(|row| row.holdings.iter().any(|found| found.peer == id));
            if !held && !world.truth.wants_pin(&id, &cid).await.expect("an answer") {
                return Err(format!("{id} has {cid} pinned, and nothing wants it"));
            }
        }
    }
    Ok(())
}
