//! What users ask for, and what they may expect then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_services::Services;
use cairn_services::cluster::{
    AddOptions, AddUpload, ClusterError, ExpiryOption, PinOptions, Scope,
};
use cairn_services::pin_queue::{PinError, PinSpec};
use cairn_store::shared::{Millis, SharedError};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::World;

/// How long a user waits for an answer.
const PATIENCE: Duration = Duration::from_secs(25);

/// What an operation wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub(super) direct: bool,
    pub(super) replication: (i64, i64),
    /// When the pin may be gone, and when it must be.
    pub(super) expires: Option<(Millis, Millis)>,
}

/// A pin request of the pinning service.
pub(super) struct Request {
    pub(super) id: String,
    pub(super) cid: Cid,
    /// Whether it was deleted; unknown while its deletion is.
    pub(super) deleted: Option<bool>,
}

/// What a user learns of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It took place; the version of the row.
    Done(Option<i64>),
    /// It did not take place.
    Refused,
    /// The pin was not there.
    Absent,
    /// It may have taken place.
    Unknown,
}

/// An operation on an item.
#[derive(Clone, Debug)]
enum Operation {
    Pin(PinOptions),
    Add(PinOptions),
    Unpin,
}

impl Operation {
    /// The pin whose options are taken over.
    fn old(&self) -> Option<Cid> {
        match self {
            Self::Pin(options) => options.update_of.clone(),
            Self::Add(_) | Self::Unpin => None,
        }
    }
}

fn answer(result: &Result<Option<i64>, ClusterError>) -> Answer {
    match result {
        Ok(version) => Answer::Done(*version),
        Err(ClusterError::NotPinned { .. }) => Answer::Absent,
        Err(
            ClusterError::TooFewPeers { .. }
            | ClusterError::Expired
            | ClusterError::Option { .. }
            | ClusterError::OtherKind { .. },
        ) => Answer::Refused,
        Err(_) => Answer::Unknown,
    }
}

/// A process that does not have to answer.
fn any_process(world: &World) -> Option<(String, Arc<Services>)> {
    let state = world.state.lock();
    let running: Vec<usize> = (0..state.peers.len())
        .filter(|&number| state.peers[number].process.is_some())
        .collect();
    if running.is_empty() {
        return None;
    }
    let process = state.peers[world.draw(|rng| rng.pick(&running))]
        .process
        .as_ref()?;
    Some((
        process.condition.name.clone(),
        Arc::clone(&process.services),
    ))
}

/// Begins an operation; its number and name.
fn begin(world: &World, item: usize, operation: &mut Operation, now: Millis) -> u32 {
    let mut state = world.state.lock();
    let number = match operation {
        Operation::Unpin => 0,
        Operation::Pin(options) | Operation::Add(options) => {
            let number = state.specs.len() as u32;
            options.name = format!("op{number}");
            let inherited = options.update_of.as_ref().map(|old| {
                let from = state.items.iter().find(|item| item.cid == *old);
                from.expect("an item").possible.clone()
            });
            // Those of the old pin are taken over: it is one that never changes its mode or number of replicas.
            let from = inherited.and_then(|from| from.into_iter().next_back());
            let from = from.map(|from| state.specs[from as usize].clone());
            state.specs.push(Spec {
                direct: from.as_ref().map_or(options.direct, |from| from.direct),
                replication: from.map_or(options.replication, |from| from.replication),
                expires: match options.expiry {
                    ExpiryOption::After(after) => {
                        let after = after.as_millis() as Millis;
                        Some((
                            now + after,
                            now + after + 2 * PATIENCE.as_millis() as Millis,
                        ))
                    }
                    _ => None,
                },
            });
            number
        }
    };
    let item = &mut state.items[item];
    item.busy = true;
    item.version = None;
    item.possible.insert(number);
    let lasting = match operation {
        Operation::Unpin => false,
        Operation::Pin(options) | Operation::Add(options) => {
            !options.direct && options.expiry == ExpiryOption::Unset
        }
    };
    item.kept &= lasting;
    if let Operation::Pin(options) = operation
        && let Some(old) = &options.update_of
    {
        item.kept = false;
        // It stays as it is meanwhile.
        state.set_busy(old, true);
    }
    number
}

impl super::State {
    fn set_busy(&mut self, cid: &Cid, busy: bool) {
        let item = self.items.iter_mut().find(|item| item.cid == *cid);
        item.expect("an item").busy = busy;
    }
}

async fn perform(world: &Arc<World>, item: usize, operation: Operation) -> Answer {
    let Some((name, services)) = any_process(world) else {
        return Answer::Refused;
    };
    let (cid, archive) = {
        let item = &world.state.lock().items[item];
        (item.cid.clone(), item.archive())
    };
    world.note(format!("item {item} at {name}: {operation:?}"));
    let cluster = Arc::clone(services.cluster());
    let performed = async {
        match operation {
            Operation::Pin(options) => {
                let pinned = cluster.pin(&cid, options).await;
                answer(&pinned.map(|pin| Some(pin.version)))
            }
            Operation::Unpin => answer(&cluster.unpin(&cid).await.map(|_| None)),
            Operation::Add(pin) => {
                let (events, mut received) = mpsc::channel(64);
                let options = AddOptions {
                    pin,
                    ..AddOptions::default()
                };
                let content = stream::iter([Ok(archive)]).boxed();
                let upload = AddUpload::Car("a CAR".to_owned(), content);
                let reading = async { while received.recv().await.is_some() {} };
                let (added, ()) = tokio::join!(cluster.add(options, upload, events), reading);
                answer(&added.map(|()| None))
            }
        }
    };
    let answer = timeout(PATIENCE, performed)
        .await
        .unwrap_or(Answer::Unknown);
    world.note(format!("item {item} at {name}: {answer:?}"));
    answer
}

/// Ends operations that ran at once: what may be there now.
fn end(world: &World, item: usize, before: &BTreeSet<u32>, ended: &[(u32, Answer)], now: Millis) {
    let mut state = world.state.lock();
    let done = |answer: &Answer| matches!(answer, Answer::Done(_));
    let any = ended.iter().any(|(_, answer)| done(answer));
    let mut possible: BTreeSet<u32> = ended
        .iter()
        .filter(|(_, answer)| done(answer) || *answer == Answer::Unknown)
        .map(|(number, _)| *number)
        .collect();
    if !any {
        possible.extend(before);
    }
    state.acknowledged += ended.iter().filter(|(_, answer)| done(answer)).count() as u64;
    let may_be_absent = before
        .iter()
        .chain(ended.iter().map(|(number, _)| number))
        .any(|number| {
            let expires = state.specs[*number as usize].expires;
            *number == 0 || expires.is_some_and(|(from, _)| now >= from)
        });
    let found_absent = ended
        .iter()
        .any(|(number, answer)| *number == 0 && *answer == Answer::Absent);
    let cid = state.items[item].cid.clone();
    let found = &mut state.items[item];
    found.busy = false;
    found.possible = possible;
    if let [(_, Answer::Done(version))] = ended {
        found.version = *version;
    }
    drop(state);
    if found_absent && !may_be_absent {
        world.wrong(format!("{cid} was acknowledged, and is not in the pinset"));
    }
}

fn options(world: &World) -> PinOptions {
    world.draw(|rng| {
        let replication = rng.pick(&[(1, 1), (2, 2), (2, 2), (2, 3), (1, 3), (-1, -1)]);
        PinOptions {
            direct: rng.one_in(8),
            replication,
            expiry: if rng.one_in(8) {
                ExpiryOption::After(rng.millis(5_000, 200_000))
            } else {
                ExpiryOption::Unset
            },
            ..PinOptions::default()
        }
    })
}

/// A pin to take over options from: one that is there for certain, and stays.
fn old_pin(world: &World, item: usize) -> Option<Cid> {
    let state = world.state.lock();
    let there: Vec<usize> = (0..state.items.len())
        .filter(|&other| {
            let old = &state.items[other];
            let certain = old.possible.len() == 1 && !old.possible.contains(&0);
            let spec = old
                .possible
                .first()
                .map(|number| &state.specs[*number as usize]);
            other != item && !old.busy && certain && spec.is_some_and(|spec| spec.expires.is_none())
        })
        .collect();
    if there.is_empty() {
        return None;
    }
    Some(state.items[world.draw(|rng| rng.pick(&there))].cid.clone())
}

fn operation(world: &World, item: usize) -> Operation {
    let (outside, absent) = {
        let item = &world.state.lock().items[item];
        (item.outside, !item.kept && item.possible.contains(&0))
    };
    let choice = world.draw(|rng| rng.below(10));
    match choice {
        0..3 => Operation::Unpin,
        3 if old_pin(world, item).is_some() => Operation::Pin(PinOptions {
            update_of: old_pin(world, item),
            ..PinOptions::default()
        }),
        4..6 => Operation::Add(options(world)),
        // Nobody has it before it was added.
        _ if !outside && absent => Operation::Add(options(world)),
        _ => Operation::Pin(options(world)),
    }
}

/// An operation of a user on an item that no other is working on; now and then two at once.
pub(super) async fn operate(world: Arc<World>) {
    let now = world.truth.now().await.expect("the clock");
    let idle: Vec<usize> = {
        let state = world.state.lock();
        (0..state.items.len())
            .filter(|&item| !state.items[item].busy)
            .collect()
    };
    if idle.is_empty() {
        return;
    }
    let item = world.draw(|rng| rng.pick(&idle));
    let before = world.state.lock().items[item].possible.clone();
    let mut first = operation(&world, item);
    let one = begin(&world, item, &mut first, now);
    let mut ended = Vec::new();
    let added = matches!(&first, Operation::Add(options)
        if !options.direct && options.expiry == ExpiryOption::Unset);
    let mut old: Vec<Cid> = first.old().into_iter().collect();
    if world.draw(|rng| rng.one_in(5)) {
        let mut second = operation(&world, item);
        let two = begin(&world, item, &mut second, now);
        // Their order is not known.
        world.state.lock().items[item].kept = false;
        old.extend(second.old());
        let (first, second) =
            tokio::join!(perform(&world, item, first), perform(&world, item, second));
        ended.extend([(one, first), (two, second)]);
    } else {
        ended.push((one, perform(&world, item, first).await));
    }
    let now = world.truth.now().await.expect("the clock");
    end(&world, item, &before, &ended, now);
    let mut state = world.state.lock();
    for cid in &old {
        state.set_busy(cid, false);
    }
    let item = &mut state.items[item];
    if let [(_, Answer::Done(_))] = &ended[..]
        && added
        && !item.outside
    {
        item.kept = true;
    }
    item.kept &= !item.possible.contains(&0);
}

/// Retries what failed.
pub(super) async fn recover(world: Arc<World>) {
    let Some((_, services)) = any_process(&world) else {
        return;
    };
    let cluster = services.cluster();
    let scope = world.draw(|rng| rng.pick(&[Scope::All, Scope::Local]));
    let recovered = async {
        let mut all = cluster.recover_all(scope);
        while let Some(Ok(_)) = all.next().await {}
    };
    drop(timeout(PATIENCE, recovered).await);
}

/// Makes or deletes a pin request.
pub(super) async fn request(world: Arc<World>) {
    let Some((name, services)) = any_process(&world) else {
        return;
    };
    let queue = services.pin_queue();
    let there: Vec<usize> = {
        let state = world.state.lock();
        (0..state.requests.len())
            .filter(|&request| state.requests[request].deleted == Some(false))
            .collect()
    };
    if !there.is_empty() && world.draw(|rng| rng.one_in(3)) {
        let number = world.draw(|rng| rng.pick(&there));
        let id = {
            let request = &mut world.state.lock().requests[number];
            request.deleted = None;
            request.id.clone()
        };
        let deleted = timeout(PATIENCE, queue.delete(world.account, &id)).await;
        world.note(format!("request {number} at {name}: deleted {deleted:?}"));
        match deleted {
            Ok(Ok(())) => world.state.lock().requests[number].deleted = Some(true),
            Ok(Err(PinError::NotFound)) => {
                world.wrong(format!(
                    "the pin request {id} was acknowledged, and is not there"
                ));
            }
            _ => {}
        }
        return;
    }
    let items = world.state.lock().items.len() as u64;
    let item = world.draw(|rng| rng.below(items)) as usize;
    let cid = {
        let item = &world.state.lock().items[item];
        if !item.outside {
            return;
        }
        item.cid.clone()
    };
    let spec = PinSpec {
        cid: cid.to_string(),
        ..PinSpec::default()
    };
    match timeout(PATIENCE, queue.add(world.account, spec)).await {
        Ok(Ok(made)) => {
            world.note(format!("a request for item {item} at {name}"));
            let mut state = world.state.lock();
            state.acknowledged += 1;
            state.requests.push(Request {
                id: made.id.to_string(),
                cid,
                deleted: Some(false),
            });
        }
        Ok(Err(PinError::Rows(SharedError::Unreachable(_)))) | Err(_) => {}
        Ok(Err(error)) => world.wrong(format!("a pin request was refused: {error}")),
    }
}
