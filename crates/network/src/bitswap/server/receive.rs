//! Wantlists that peers send.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_primitives::bitswap::{Entry, WantKind};
use futures_util::future::join_all;

use super::peer::{Answer, PeerWant};
use super::{Server, forget};
use crate::bitswap::shared::{Peer, Shared};
use crate::bitswap::{MAX_BLOCK, MAX_WANTS};

/// Sizes that are looked up at once for one peer.
const AT_ONCE: usize = 32;

/// Takes the entries of a message, looks the blocks up, and queues answers. Runs in the task of the stream, which reads no
/// further message meanwhile.
pub(crate) async fn receive(shared: &Shared, peer: &Arc<Peer>, entries: Vec<Entry>, full: bool) {
    let deny = shared.settings.deny.as_ref();
    let denied = |cid: &Cid| deny.is_some_and(|deny| deny(&peer.ours, cid));
    // The predicate is the program's: it is not called under the lock.
    let serve = shared.settings.serve;
    let marked = entries.into_iter().map(|entry| {
        let refused = !entry.cancel && (!serve || denied(&entry.cid));
        (entry, refused)
    });
    let marked: Vec<_> = marked.collect();
    let limit = shared.settings.peer_wants;
    let new = shared.server.lock().update(peer, marked, full, limit);
    for some in new.chunks(AT_ONCE) {
        let sizes = sizes(shared, some).await;
        let found = some.iter().zip(sizes);
        shared
            .server
            .lock()
            .answer(peer, found, shared.settings.replace_have);
    }
}

/// The sizes of blocks; `None` for those that cannot be sent.
async fn sizes(shared: &Shared, cids: &[Cid]) -> Vec<Option<u32>> {
    let mut sizes = vec![None; cids.len()];
    let mut waiting = Vec::new();
    for (at, (cid, size)) in cids.iter().zip(&mut sizes).enumerate() {
        match shared.blocks.size(cid.hash()).into_ready() {
            Ok(found) => *size = found.ok().flatten(),
            Err(future) => waiting.push(async move { (at, future.await) }),
        }
    }
    if !waiting.is_empty() {
        let _permit = shared.lookups.acquire().await;
        for (at, found) in join_all(waiting).await {
            if let Some(size) = sizes.get_mut(at) {
                *size = found.ok().flatten();
            }
        }
    }
    for size in &mut sizes {
        *size = size.filter(|size| *size as usize <= MAX_BLOCK);
    }
    sizes
}

impl Server {
    /// Updates the wants of a peer. Returns those to be answered.
    fn update(
        &mut self,
        peer: &Arc<Peer>,
        entries: Vec<(Entry, bool)>,
        full: bool,
        limit: usize,
    ) -> Vec<Cid> {
        let id = peer.id;
        self.add_peer(peer);
        let most = self.most_wants(limit);
        let Self {
            peers,
            wanted,
            total,
        } = self;
        let Some(state) = peers.get_mut(&id) else {
            return Vec::new();
        };
        let before = state.wants.len();
        if full {
            for cid in state.wants.keys() {
                forget(wanted, id, cid);
            }
            state.wants.clear();
            state.clear_queue();
        }
        let mut new = Vec::new();
        let mut overflow = Vec::new();
        let (mut accepted, mut added) = (0, 0);
        for (entry, refused) in entries {
            if entry.cancel {
                if state.wants.remove(&entry.cid).is_some() {
                    forget(wanted, id, &entry.cid);
                }
                state.unqueue(&entry.cid);
                continue;
            }
            if refused {
                if entry.send_dont_have {
                    state.push(entry.cid, entry.priority, Answer::DontHave);
                }
                continue;
            }
            accepted += 1;
            if accepted > MAX_WANTS {
                continue;
            }
            if !state.wants.contains_key(&entry.cid) {
                if added + state.wants.len() >= most {
                    overflow.push(entry);
                    continue;
                }
                added += 1;
            }
            new.push(entry);
        }
        // The most urgent of the new wants may take the place of a want for an absent block, or of one that is less urgent.
        overflow.sort_by_key(|entry| std::cmp::Reverse(entry.priority));
        let mut victims = Vec::new();
        if !overflow.is_empty() {
            let old = state.wants.iter();
            victims = old
                .map(|(cid, want)| (state.is_queued(cid), want.priority, cid.clone()))
                .collect();
            victims.sort_by(|a, b| b.cmp(a));
        }
        for entry in overflow {
            let Some((queued, priority, cid)) = victims.pop() else {
                break;
            };
            if queued && priority >= entry.priority {
                break;
            }
            state.wants.remove(&cid);
            state.unqueue(&cid);
            forget(wanted, id, &cid);
            new.push(entry);
        }
        let mut cids = Vec::with_capacity(new.len());
        for entry in new {
            let want = PeerWant {
                priority: entry.priority,
                kind: entry.kind,
                send_dont_have: entry.send_dont_have,
            };
            if state.wants.len() >= most && !state.wants.contains_key(&entry.cid) {
                break;
            }
            if state.wants.insert(entry.cid.clone(), want).is_none() {
                let wanting = wanted.entry(entry.cid.hash().clone()).or_default();
                wanting.push((id, entry.cid.clone()));
            }
            cids.push(entry.cid);
        }
        *total = (*total + state.wants.len()).saturating_sub(before);
        state.note_answers();
        // Refused wants are answered already.
        peer.wake();
        cids
    }

    /// Queues the answers to wants.
    fn answer<'a>(
        &mut self,
        peer: &Arc<Peer>,
        found: impl Iterator<Item = (&'a Cid, Option<u32>)>,
        replace_have: usize,
    ) {
        let Some(state) = self.peers.get_mut(&peer.id) else {
            return;
        };
        for (cid, size) in found {
            // It may have been cancelled meanwhile.
            let Some(want) = state.wants.get(cid).copied() else {
                continue;
            };
            let answer = match size {
                Some(size) if want.kind == WantKind::Block || size as usize <= replace_have => {
                    Answer::Block(Some(size))
                }
                Some(_) => Answer::Have,
                None if want.send_dont_have => Answer::DontHave,
                None => continue,
            };
            // A block that was stored meanwhile is queued already.
            if answer == Answer::DontHave && state.is_queued(cid) {
                continue;
            }
            state.push(cid.clone(), want.priority, answer);
        }
        state.note_answers();
        peer.wake();
    }
}
