//! What happens to the peers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cairn_services::cluster::{ExpiryOption, PinOptions};
use cairn_services::releases::Reconciler;
use cairn_store::shared::PeerState;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::process::{Condition, has_joined, start};
use super::{World, check, operate};

/// Events of a life.
const EVENTS: u32 = 150;

/// How long it may take until all is right when nothing fails any more. What failed before is tried again within 12 minutes.
const SETTLE: Duration = Duration::from_secs(45 * 60);

/// What ends later.
enum End {
    Outage,
    Cut(Arc<Condition>),
    Sick(Arc<Condition>),
    Pause(Arc<Condition>),
    Unreachable(usize),
    Down(usize),
}

/// What ends later, and when.
#[derive(Default)]
struct Ends(Vec<(Instant, End)>);

impl Ends {
    fn add(&mut self, after: Duration, end: End) {
        self.0.push((Instant::now() + after, end));
    }

    /// Ends what is due, or all of it.
    fn end(&mut self, world: &Arc<World>, all: bool) {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|(at, _)| all || *at <= now);
        self.0 = later;
        for (_, end) in due {
            match end {
                End::Outage => {
                    world.note("the database returns");
                    world.state.lock().outage = false;
                }
                End::Cut(condition) => condition.cut.store(false, Ordering::Relaxed),
                End::Sick(condition) => condition.sick.store(false, Ordering::Relaxed),
                End::Pause(condition) => {
                    world.note(format!("{} wakes up", condition.name));
                    condition.wake();
                }
                End::Unreachable(item) => world.state.lock().items[item].reachable = true,
                End::Down(peer) => {
                    if world.state.lock().peers[peer].process.is_none() {
                        start(world, peer);
                    }
                }
            }
        }
    }
}

/// A peer with a process that is awake, and the condition of that.
fn awake(world: &World) -> Option<(usize, Arc<Condition>)> {
    let state = world.state.lock();
    let awake: Vec<usize> = (0..state.peers.len())
        .filter(|&peer| {
            let process = state.peers[peer].process.as_ref();
            process.is_some_and(|process| process.condition.answers())
        })
        .collect();
    // One stays.
    if awake.len() < 2 {
        return None;
    }
    let peer = world.draw(|rng| rng.pick(&awake));
    let process = state.peers[peer].process.as_ref()?;
    Some((peer, Arc::clone(&process.condition)))
}

fn kill(world: &World, peer: usize) {
    let process = world.state.lock().peers[peer].process.take();
    if let Some(process) = process {
        world.note(format!("{} is killed", process.condition.name));
        process.kill();
    }
}

/// Something goes wrong.
async fn fault(world: &Arc<World>, ends: &mut Ends) {
    if world.outages_only {
        if !world.state.lock().outage {
            let time = world.draw(|rng| rng.millis(1_000, 600_000));
            world.note(format!("the database goes away for {time:?}"));
            world.state.lock().outage = true;
            ends.add(time, End::Outage);
        }
        return;
    }
    let Some((peer, condition)) = awake(world) else {
        return;
    };
    match world.draw(|rng| rng.below(20)) {
        0..5 => {
            kill(world, peer);
            let time = world.draw(|rng| rng.pick(&[1_000, 20_000, 150_000]));
            ends.add(Duration::from_millis(time), End::Down(peer));
        }
        5..9 => {
            let time = world.draw(|rng| rng.millis(1_000, 150_000));
            world.note(format!("{} sleeps for {time:?}", condition.name));
            condition.pause();
            ends.add(time, End::Pause(condition));
        }
        9..12 => {
            let time = world.draw(|rng| rng.millis(1_000, 120_000));
            world.note(format!("{} is cut off for {time:?}", condition.name));
            condition.cut.store(true, Ordering::Relaxed);
            ends.add(time, End::Cut(condition));
        }
        12..14 => {
            let time = world.draw(|rng| rng.millis(1_000, 60_000));
            world.note(format!("the disk of {} fails for {time:?}", condition.name));
            condition.sick.store(true, Ordering::Relaxed);
            ends.add(time, End::Sick(condition));
        }
        14 => {
            let time = world.draw(|rng| rng.millis(1_000, 100_000));
            world.note(format!("the database goes away for {time:?}"));
            world.state.lock().outage = true;
            ends.add(time, End::Outage);
        }
        15 => {
            let items = world.state.lock().items.len() as u64;
            let item = world.draw(|rng| rng.below(items)) as usize;
            world.state.lock().items[item].reachable = false;
            let time = world.draw(|rng| rng.millis(1_000, 100_000));
            ends.add(time, End::Unreachable(item));
        }
        16..18 if has_joined(world, &condition).await => {
            // While it sleeps, another process takes its place: it wakes up as one that has no right to anything.
            world.note(format!("{} sleeps, and is replaced", condition.name));
            condition.pause();
            condition.replace();
            let time = world.draw(|rng| rng.millis(1_000, 120_000));
            ends.add(time, End::Pause(condition));
            let old = {
                let peer = &mut world.state.lock().peers[peer];
                std::mem::replace(&mut peer.old, peer.process.take())
            };
            if let Some(old) = old {
                old.kill();
            }
            start(world, peer);
        }
        18 => lose(world, peer),
        _ => {}
    }
}

/// A backend loses a pin of what is outside of the cluster as well.
fn lose(world: &World, peer: usize) {
    let (id, lost) = {
        let state = world.state.lock();
        let outside = state.items.iter().filter(|item| item.outside);
        let mut disk = state.peers[peer].disk.lock();
        let there: Vec<_> = outside
            .filter(|item| disk.pins.contains_key(&item.cid))
            .map(|item| &item.cid)
            .collect();
        if there.is_empty() {
            return;
        }
        let lost = world.draw(|rng| rng.pick(&there));
        disk.pins.remove(lost);
        (state.peers[peer].id.clone(), lost.clone())
    };
    world.note(format!("{id} loses its pin of {lost}"));
    let mut state = world.state.lock();
    let mut items = state.items.iter_mut();
    if let Some(item) = items.find(|item| item.cid == lost) {
        item.lost = true;
    }
}

/// Something that users or operators do.
fn request(world: &Arc<World>, running: &mut JoinSet<()>) {
    let own = Arc::clone(world);
    match world.draw(|rng| rng.below(24)) {
        0 => drop(running.spawn(operate::recover(own))),
        1..4 => drop(running.spawn(operate::request(own))),
        4 if !world.outages_only => drop(running.spawn(drain(own))),
        5 => drop(running.spawn(collect(own))),
        _ => drop(running.spawn(operate::operate(own))),
    }
}

/// Takes a peer out of the cluster; its process goes on.
async fn drain(world: Arc<World>) {
    let found = awake(&world).and_then(|(peer, _)| {
        let state = world.state.lock();
        let asked = state.peers[peer].process.as_ref()?;
        let target = world.draw(|rng| rng.below(state.peers.len() as u64)) as usize;
        let cluster = Arc::clone(asked.services.cluster());
        Some((cluster, state.peers[target].id.clone()))
    });
    if let Some((cluster, target)) = found {
        world.note(format!("{target} is removed"));
        drop(timeout(Duration::from_secs(25), cluster.remove_peer(&target)).await);
    }
}

/// Collects garbage at a peer.
async fn collect(world: Arc<World>) {
    let found = awake(&world).and_then(|(peer, _)| {
        let state = world.state.lock();
        let process = state.peers[peer].process.as_ref()?;
        Some(Arc::clone(process.services.cluster()))
    });
    if let Some(cluster) = found {
        drop(timeout(Duration::from_secs(25), cluster.collect_here()).await);
    }
}

fn wrong(world: &World) -> Result<(), String> {
    match world.state.lock().wrong.clone() {
        Some(wrong) => Err(wrong),
        None => Ok(()),
    }
}

/// The life of a cluster: how long it took until all was right after the last fault.
pub(super) async fn live(world: &Arc<World>) -> Result<Duration, String> {
    let mut ends = Ends::default();
    let mut running = JoinSet::new();
    for _ in 0..EVENTS {
        sleep(world.draw(|rng| rng.millis(50, 4_000))).await;
        ends.end(world, false);
        while let Some(ended) = running.try_join_next() {
            ended.map_err(|error| format!("an operation panicked: {error}"))?;
        }
        if world.draw(|rng| rng.one_in(6)) {
            fault(world, &mut ends).await;
        } else {
            request(world, &mut running);
        }
        check::pinset(world).await;
        wrong(world)?;
    }
    while let Some(ended) = running.join_next().await {
        ended.map_err(|error| format!("an operation panicked: {error}"))?;
    }
    ends.end(world, true);
    world.note("nothing fails any more");
    world.state.lock().faults = false;
    repair(world).await;
    let settled = settle(world).await;
    // The peers refer to the world, and it to them.
    let peers = std::mem::take(&mut world.state.lock().peers);
    drop(peers);
    settled
}

/// Starts what is not running, and gives content back to the world outside that the cluster was allowed to lose.
async fn repair(world: &Arc<World>) {
    let known = world.truth.cluster_peers().await.expect("the peers").peers;
    let count = world.state.lock().peers.len();
    let mut gone = 0;
    for number in 0..count {
        let (id, running) = {
            let peer = &mut world.state.lock().peers[number];
            peer.old = None;
            (peer.id.clone(), peer.process.is_some())
        };
        let state = known
            .iter()
            .find(|peer| peer.id == id)
            .map(|peer| peer.state);
        // A peer that was removed takes content from users as long as its process runs.
        let holds = check::rows(world).await.into_values().any(|row| {
            let mut holdings = row.holdings.iter();
            holdings.any(|holding| holding.peer == id)
        });
        if state.is_none() && !holds && gone == 0 && count > 3 {
            // It was removed, and stays away.
            gone += 1;
            world.state.lock().peers[number].gone = true;
            kill(world, number);
            continue;
        }
        // A process that was removed takes no part until it is started again.
        if state != Some(PeerState::Active) {
            kill(world, number);
        }
        if state != Some(PeerState::Active) || !running {
            start(world, number);
        }
    }
    let mut state = world.state.lock();
    for item in &mut state.items {
        item.reachable = true;
        item.outside |= !item.kept;
    }
}

async fn settle(world: &Arc<World>) -> Result<Duration, String> {
    let start = Instant::now();
    let mut compared = start;
    loop {
        sleep(Duration::from_secs(5)).await;
        check::pinset(world).await;
        wrong(world)?;
        let unsettled = match check::settled(world).await {
            Ok(()) => return Ok(start.elapsed()),
            Err(unsettled) => unsettled,
        };
        if start.elapsed() > SETTLE {
            return Err(format!(
                "{} s after the last fault: {unsettled}",
                SETTLE.as_secs()
            ));
        }
        // The task that does this looks once an hour.
        if compared.elapsed() > Duration::from_secs(60) {
            compared = Instant::now();
            compare(world).await?;
        }
    }
}

/// Removes the pins that no row wants.
async fn compare(world: &World) -> Result<(), String> {
    let running: Vec<_> = {
        let state = world.state.lock();
        let processes = state.peers.iter().filter_map(|peer| peer.process.as_ref());
        processes
            .map(|process| Arc::clone(process.services.context()))
            .collect()
    };
    for context in running {
        let mut reconciler = Reconciler::new(context).with_grace(Duration::ZERO);
        for _ in 0..2 {
            let compared = reconciler.compare().await;
            compared.map_err(|error| format!("cannot compare pins and rows: {error}"))?;
        }
    }
    Ok(())
}

/// Pins what is outside of the cluster for a time, and checks when it goes.
pub(super) async fn expire(world: &Arc<World>) -> Result<(), String> {
    let lasting = Duration::from_secs(90);
    let minute = Duration::from_secs(60);
    // The clock of the database is another one than that of the peers: it is a tenth slower at most.
    let slow = lasting / 9;
    sleep(minute).await;
    let (cluster, cid) = {
        let mut state = world.state.lock();
        let item = &mut state.items[0];
        item.outside = true;
        let cid = item.cid.clone();
        let process = state.peers[0].process.as_ref().ok_or("no process")?;
        (Arc::clone(process.services.cluster()), cid)
    };
    let options = PinOptions {
        replication: (2, 2),
        expiry: ExpiryOption::After(lasting),
        ..PinOptions::default()
    };
    let pinned = cluster.pin(&cid, options).await;
    pinned.map_err(|error| error.to_string())?;
    let copies = || {
        let state = world.state.lock();
        let peers = state.peers.iter();
        peers
            .filter(|peer| peer.disk.lock().holds(&cid, false))
            .count()
    };
    sleep(minute).await;
    let there = world.truth.cluster_pin(&cid).await;
    if there.map_err(|error| error.to_string())?.is_none() || copies() != 2 {
        return Err(format!("{} copies before it expires", copies()));
    }
    sleep(lasting - minute + slow + minute).await;
    let there = world.truth.cluster_pin(&cid).await;
    if there.map_err(|error| error.to_string())?.is_some() || copies() != 0 {
        return Err(format!("{} copies a minute after it expired", copies()));
    }
    Ok(())
}
