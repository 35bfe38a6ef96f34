//! Questions whether one peer has a block, independent of sessions.

use std::time::Instant;

use cairn_primitives::{Cid, Multihash};
use cairn_store::network::NetworkError;
use libp2p::PeerId;
use tokio::sync::oneshot;

use super::{Client, WantKind};

/// Questions without an answer; further ones are refused.
pub(super) const MAX_PROBES: usize = 256;

/// The priority of a question: it is answered before wants for blocks.
const PRIORITY: i32 = i32::MAX;

/// A question.
pub(super) struct Probe {
    id: u64,
    peer: PeerId,
    hash: Multihash,
    answer: oneshot::Sender<bool>,
}

impl Client {
    /// Asks a peer whether it has a block. The answer is lost if the peer leaves.
    pub(crate) fn probe(
        &mut self,
        peer: PeerId,
        cid: &Cid,
        answer: oneshot::Sender<bool>,
    ) -> Result<u64, NetworkError> {
        let hash = cid.hash();
        let Some(connected) = self.peers.get_mut(&peer) else {
            return Err(NetworkError::NotConnected);
        };
        if self.probes.len() >= MAX_PROBES {
            return Err(NetworkError::Unavailable("another question to peers"));
        }
        // A want that the peer has not answered yet is a question already.
        let open = connected.list.get_mut(hash).map(|asked| {
            let kind = asked.kind;
            (kind, asked.refused)
        });
        if open.is_none_or(|(_, refused)| refused) {
            let kind = open.map_or(WantKind::Have, |(kind, _)| kind);
            if !connected.list.add(cid, kind, PRIORITY, Instant::now()) {
                return Err(NetworkError::Unavailable("another question to the peer"));
            }
            connected.list_changed();
        }
        let id = self.next_id();
        self.probes.push(Probe {
            id,
            peer,
            hash: hash.clone(),
            answer,
        });
        Ok(id)
    }

    /// Whoever asked no longer waits.
    pub(crate) fn end_probe(&mut self, id: u64) {
        let Some(at) = self.probes.iter().position(|probe| probe.id == id) else {
            return;
        };
        let Probe { peer, hash, .. } = self.probes.swap_remove(at);
        // Its answer may be a block, which is not unasked for then.
        self.recent.insert(hash.clone());
        let others = self.probes.iter();
        if !others
            .into_iter()
            .any(|other| other.peer == peer && other.hash == hash)
        {
            self.unlist_probe(peer, &hash, true);
        }
    }

    /// Passes on a peer's answer; `true` if somebody had asked.
    pub(super) fn answer_probes(&mut self, peer: PeerId, hash: &Multihash, has: bool) -> bool {
        let mut asked = false;
        let of_peer = |probe: &mut Probe| probe.peer == peer && probe.hash == *hash;
        for probe in self.probes.extract_if(.., of_peer) {
            asked = true;
            // One who no longer waits needs no answer.
            let _ = probe.answer.send(has);
        }
        if asked {
            // A peer forgets a want that it has answered with yes.
            self.unlist_probe(peer, hash, !has);
        }
        asked
    }

    /// Drops the questions to a peer that has left.
    pub(super) fn lose_probes(&mut self, peer: PeerId) {
        self.probes.retain(|probe| probe.peer != peer);
    }

    /// Removes the entry of a question, unless it is also that of a want.
    fn unlist_probe(&mut self, peer: PeerId, hash: &Multihash, cancel: bool) {
        let want = self.wants.get(hash);
        if want.is_none_or(|want| !want.asked.contains(&peer)) {
            self.unlist(peer, hash, cancel);
        }
    }
}
