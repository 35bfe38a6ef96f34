//! Answers that are sent.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::bitswap::{Message, Payload, Presence, PresenceKind, WantKind};
use cairn_primitives::{Cid, Multihash};
use libp2p::PeerId;
use tokio::sync::SemaphorePermit;

use super::peer::Answer;
use super::{Server, forget};
use crate::bitswap::shared::{Peer, Shared, count};
use crate::bitswap::{MAX_BLOCK, MAX_CID, MAX_MESSAGE, MAX_WANTS};

/// Bytes of blocks in a message, and of what is around them. Two messages of a peer are in memory: one is written while the
/// next is read.
const MESSAGE: usize = (512 << 10) + 4096;

/// Most bytes of blocks in a message, however large those of unknown size are. The rest is for all else: a CID and some lengths
/// for each answer that may be queued.
const MAX_DATA: usize = MAX_MESSAGE - MAX_WANTS * (MAX_CID + 64);
const _: () = assert!(MAX_DATA >= MAX_BLOCK, "each block fits");

/// Answers that are ready to be written. If this is dropped before [`Response::sent`], they are queued again.
pub(crate) struct Response<'a> {
    shared: &'a Shared,
    peer: PeerId,
    answers: Vec<(Cid, Answer)>,
    pub(crate) message: Message,
    _memory: Option<SemaphorePermit<'a>>,
}

impl Response<'_> {
    /// Notes that it was written.
    pub(crate) fn sent(mut self) {
        let answers = std::mem::take(&mut self.answers).len();
        let blocks = self.message.blocks.len() as u64;
        let bytes = self
            .message
            .blocks
            .iter()
            .map(|block| block.data.len() as u64)
            .sum();
        count(&self.shared.counters.blocks_sent, blocks);
        count(&self.shared.counters.bytes_sent, bytes);
        if let Some(peer) = self.shared.server.lock().peers.get_mut(&self.peer) {
            peer.ledger.sent += bytes;
            peer.ledger.exchanges += blocks;
            peer.note_sent(answers);
        }
    }

    /// Queues some of its answers again: the message has no room for them.
    fn put_back(&mut self, answers: Vec<(Cid, Answer)>) {
        if !answers.is_empty() {
            self.answers
                .retain(|(cid, _)| answers.iter().all(|(other, _)| other != cid));
            self.shared.server.lock().put_back(self.peer, answers);
        }
    }
}

impl Drop for Response<'_> {
    fn drop(&mut self) {
        if !self.answers.is_empty() {
            let mut server = self.shared.server.lock();
            server.put_back(self.peer, std::mem::take(&mut self.answers));
        }
    }
}

/// The next message with answers to a peer; `None` where nothing is queued.
pub(crate) async fn respond<'a>(shared: &'a Shared, peer: &Arc<Peer>) -> Option<Response<'a>> {
    loop {
        let answers = shared.server.lock().pop(peer.id)?;
        let mut response = Response {
            shared,
            peer: peer.id,
            answers,
            message: Message::default(),
            _memory: None,
        };
        let is_block = |answer: &Answer| matches!(answer, Answer::Block(_));
        let blocks = response
            .answers
            .iter()
            .filter(|(_, answer)| is_block(answer));
        let cost: usize = blocks.clone().map(|(_, answer)| answer.cost()).sum();
        let keys: Vec<Multihash> = blocks.map(|(cid, _)| cid.hash().clone()).collect();
        if !keys.is_empty() {
            let permits = u32::try_from(cost.div_ceil(1024).min(4096)).unwrap_or(4096);
            response._memory = shared.send_memory.acquire_many(permits).await.ok();
        }
        let mut found = read(shared, &keys).await.into_iter();
        let mut absent = Vec::new();
        let mut later = Vec::new();
        let mut room = MAX_DATA;
        for (cid, answer) in &response.answers {
            let kind = match answer {
                Answer::Block(_) => {
                    let data = found.next().flatten();
                    match data.filter(|data| data.len() <= MAX_BLOCK) {
                        Some(data) if data.len() > room => {
                            let size = u32::try_from(data.len()).ok();
                            later.push((cid.clone(), Answer::Block(size)));
                        }
                        Some(data) => {
                            room -= data.len();
                            response.message.blocks.push(Payload::new(cid, data));
                        }
                        None => absent.push(cid.clone()),
                    }
                    continue;
                }
                Answer::Have => PresenceKind::Have,
                Answer::DontHave => PresenceKind::DontHave,
            };
            let cid = cid.clone();
            response.message.presences.push(Presence { cid, kind });
        }
        response.put_back(later);
        response.message.pending_bytes = shared.server.lock().settle(
            peer.id,
            &response.answers,
            absent,
            &mut response.message.presences,
        );
        if !response.message.is_empty() {
            return Some(response);
        }
        response.sent();
    }
}

/// Reads blocks; what cannot be read counts as absent.
async fn read(shared: &Shared, keys: &[Multihash]) -> Vec<Option<Bytes>> {
    if let Ok(found) = shared.blocks.get_many(keys).await {
        return found;
    }
    // One that fails does not take its neighbours along.
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        found.push(shared.blocks.get(key).await.ok().flatten());
    }
    found
}

impl Server {
    /// Takes the next answers of a peer.
    fn pop(&mut self, id: PeerId) -> Option<Vec<(Cid, Answer)>> {
        let answers = self.peers.get_mut(&id)?.pop(MESSAGE);
        (!answers.is_empty()).then_some(answers)
    }

    /// Ends the wants that are answered for good: absent blocks stay wanted. Returns the bytes that are still queued.
    fn settle(
        &mut self,
        id: PeerId,
        answers: &[(Cid, Answer)],
        absent: Vec<Cid>,
        presences: &mut Vec<Presence>,
    ) -> i32 {
        let Self {
            peers,
            wanted,
            total,
        } = self;
        let Some(peer) = peers.get_mut(&id) else {
            return 0;
        };
        let absent: HashSet<Cid> = absent.into_iter().collect();
        for cid in &absent {
            if peer.wants.get(cid).is_some_and(|want| want.send_dont_have) {
                presences.push(Presence {
                    cid: cid.clone(),
                    kind: PresenceKind::DontHave,
                });
            }
        }
        for (cid, answer) in answers {
            let ends = match answer {
                Answer::Block(_) => !absent.contains(cid),
                // It may want the block by now.
                Answer::Have => peer
                    .wants
                    .get(cid)
                    .is_some_and(|want| want.kind == WantKind::Have),
                Answer::DontHave => false,
            };
            if ends && peer.wants.remove(cid).is_some() {
                *total = total.saturating_sub(1);
                forget(wanted, id, cid);
            }
        }
        i32::try_from(peer.pending()).unwrap_or(i32::MAX)
    }

    /// Queues answers again that were not sent.
    fn put_back(&mut self, id: PeerId, answers: Vec<(Cid, Answer)>) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.note_sent(answers.len());
            for (cid, answer) in answers {
                if !peer.is_queued(&cid) {
                    peer.push(cid, i32::MAX, answer);
                }
            }
            peer.note_answers();
            peer.peer.wake();
        }
    }
}
