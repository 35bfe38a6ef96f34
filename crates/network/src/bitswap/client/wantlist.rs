//! The wants that one peer was sent or is to be sent.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use cairn_primitives::bitswap::{Entry, WantKind};
use cairn_primitives::{Cid, Multihash};

use crate::bitswap::MAX_WANTS;
use crate::bitswap::shared::Map;

/// Cancels that wait for being sent; with more, the whole wantlist is sent instead.
const MAX_CANCELS: usize = 4096;

/// A want at a peer.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) cid: Cid,
    pub(super) kind: WantKind,
    priority: i32,
    sent: bool,
    /// The peer answered that it does not have the block; it still knows the want.
    pub(super) refused: bool,
    /// When it was last asked.
    pub(super) at: Instant,
}

/// The wants at a peer: at most [`MAX_WANTS`], which is what it keeps. Wants for blocks take the place of others.
#[derive(Debug, Default)]
pub(super) struct Wantlist {
    entries: Map<Multihash, Asked>,
    /// Not sent yet, in order; may name entries that are gone.
    unsent: VecDeque<Multihash>,
    cancels: HashSet<Cid, foldhash::fast::RandomState>,
    full: bool,
}

impl Wantlist {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get_mut(&mut self, hash: &Multihash) -> Option<&mut Asked> {
        self.entries.get_mut(hash)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Multihash, &Asked)> {
        self.entries.iter()
    }

    /// Asks for a block, or whether the peer has it; `false` where there is no room. An entry that exists is sent again.
    pub(super) fn add(&mut self, cid: &Cid, kind: WantKind, priority: i32, at: Instant) -> bool {
        let hash = cid.hash();
        if self.entries.len() >= MAX_WANTS && !self.entries.contains_key(hash) {
            if kind == WantKind::Have {
                return false;
            }
            let unneeded = self.entries.iter();
            let mut unneeded =
                unneeded.filter(|(_, asked)| asked.refused || asked.kind == WantKind::Have);
            let Some(hash) = unneeded.next().map(|(hash, _)| hash.clone()) else {
                return false;
            };
            self.remove(&hash, true);
        }
        self.cancels.remove(cid);
        let asked = Asked {
            cid: cid.clone(),
            kind,
            priority,
            sent: false,
            refused: false,
            at,
        };
        self.entries.insert(hash.clone(), asked);
        self.unsent.push_back(hash.clone());
        if self.unsent.len() > 2 * MAX_WANTS {
            let mut seen = HashSet::new();
            let entries = &self.entries;
            self.unsent.retain(|hash| {
                entries.get(hash).is_some_and(|asked| !asked.sent) && seen.insert(hash.clone())
            });
        }
        true
    }

    /// Removes a want. With `cancel` the peer is told, if it knows of it.
    pub(super) fn remove(&mut self, hash: &Multihash, cancel: bool) -> Option<Asked> {
        let asked = self.entries.remove(hash)?;
        if asked.sent && cancel {
            self.cancels.insert(asked.cid.clone());
            if self.cancels.len() > MAX_CANCELS {
                self.resend();
            }
        }
        Some(asked)
    }

    /// Sends everything again, in place of what the peer knows.
    pub(super) fn resend(&mut self) {
        self.full = true;
        self.cancels.clear();
        let mut all: Vec<_> = self.entries.iter_mut().collect();
        all.sort_by_key(|(_, asked)| std::cmp::Reverse(asked.priority));
        self.unsent = all
            .into_iter()
            .map(|(hash, asked)| {
                asked.sent = false;
                hash.clone()
            })
            .collect();
    }

    /// What is to be sent next: the entries, and whether they are all. A cancel stands before wants.
    pub(super) fn next(&mut self) -> Option<(Vec<Entry>, bool)> {
        let full = std::mem::take(&mut self.full);
        let mut entries: Vec<Entry> = self
            .cancels
            .drain()
            .map(|cid| Entry {
                cid,
                priority: 0,
                cancel: true,
                kind: WantKind::Block,
                send_dont_have: false,
            })
            .collect();
        while let Some(hash) = self.unsent.pop_front() {
            if let Some(asked) = self.entries.get_mut(&hash)
                && !asked.sent
            {
                asked.sent = true;
                entries.push(Entry {
                    cid: asked.cid.clone(),
                    priority: asked.priority,
                    cancel: false,
                    kind: asked.kind,
                    send_dont_have: true,
                });
            }
        }
        (full || !entries.is_empty()).then_some((entries, full))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_primitives::Codec;

    fn cid(number: usize) -> Cid {
        Cid::v1(Codec::RAW, Multihash::sha2_256(&number.to_le_bytes()))
    }

    #[test]
    fn changes_are_sent_once() {
        let now = Instant::now();
        let mut list = Wantlist::default();
        assert!(list.next().is_none());
        assert!(list.add(&cid(1), WantKind::Have, 5, now));
        assert!(list.add(&cid(2), WantKind::Block, 4, now));
        // One that is removed before it was sent is never sent.
        assert!(list.add(&cid(3), WantKind::Block, 3, now));
        list.remove(cid(3).hash(), true);
        let (entries, full) = list.next().unwrap();
        assert_eq!((entries.len(), full), (2, false));
        assert!(list.next().is_none());
        list.remove(cid(1).hash(), true);
        list.remove(cid(2).hash(), false);
        let (entries, _) = list.next().unwrap();
        assert_eq!(entries.len(), 1);
        assert!(entries[0].cancel && entries[0].cid == cid(1));
    }

    #[test]
    fn a_new_stream_gets_everything() {
        let now = Instant::now();
        let mut list = Wantlist::default();
        for (number, priority) in [(1, 5), (2, 9)] {
            list.add(&cid(number), WantKind::Block, priority, now);
        }
        list.next();
        list.remove(cid(1).hash(), true);
        list.add(&cid(3), WantKind::Block, 7, now);
        list.resend();
        let (entries, full) = list.next().unwrap();
        let sent: Vec<_> = entries.iter().map(|entry| entry.cid.clone()).collect();
        assert_eq!((sent, full), (vec![cid(2), cid(3)], true));
    }

    #[test]
    fn it_is_bounded() {
        let now = Instant::now();
        let mut list = Wantlist::default();
        for number in 0..MAX_WANTS {
            assert!(list.add(&cid(number), WantKind::Block, 1, now));
        }
        list.next();
        assert!(!list.add(&cid(MAX_WANTS), WantKind::Have, 1, now));
        assert!(!list.add(&cid(MAX_WANTS), WantKind::Block, 1, now));
        if let Some(asked) = list.get_mut(cid(7).hash()) {
            asked.refused = true;
        }
        assert!(list.add(&cid(MAX_WANTS), WantKind::Block, 1, now));
        assert_eq!(list.len(), MAX_WANTS);
        // What is changed again and again without being sent takes no more room.
        for _ in 0..10 * MAX_WANTS {
            list.add(&cid(0), WantKind::Block, 1, now);
        }
        assert!(list.unsent.len() <= 2 * MAX_WANTS);
        for number in 0..2 * MAX_CANCELS {
            let cid = cid(10_000 + number);
            list.remove(&list.entries.keys().next().cloned().unwrap(), true);
            list.add(&cid, WantKind::Block, 1, now);
            if let Some(asked) = list.get_mut(cid.hash()) {
                asked.sent = true;
            }
        }
        assert!(list.cancels.len() <= MAX_CANCELS);
    }
}
