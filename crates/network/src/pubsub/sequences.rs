//! The greatest number seen of each author's messages, so that an old message is not delivered again.

use std::collections::{BTreeMap, HashMap};

use libp2p::PeerId;

/// The numbers. At the limit, the author that was silent for the longest time is forgotten.
#[derive(Debug)]
pub(super) struct Sequences {
    /// Greatest number and time of the last message, by author.
    authors: HashMap<PeerId, (u64, u64)>,
    /// Authors by the time of their last message.
    by_time: BTreeMap<u64, PeerId>,
    /// Counts messages.
    time: u64,
    limit: usize,
}

impl Sequences {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            authors: HashMap::new(),
            by_time: BTreeMap::new(),
            time: 0,
            limit: limit.max(1),
        }
    }

    /// Remembers a number and returns true, unless it is not above the greatest one of the author. Like Kubo, refuses 0.
    pub(super) fn accept(&mut self, author: PeerId, number: u64) -> bool {
        let known = self.authors.get(&author).copied();
        if number <= known.map_or(0, |(greatest, _)| greatest) {
            return false;
        }
        self.time += 1;
        match known {
            Some((_, time)) => drop(self.by_time.remove(&time)),
            None if self.authors.len() >= self.limit => {
                if let Some((_, silent)) = self.by_time.pop_first() {
                    self.authors.remove(&silent);
                }
            }
            None => {}
        }
        self.authors.insert(author, (number, self.time));
        self.by_time.insert(self.time, author);
        true
    }

    /// Forgets the numbers of an author, or of all. Returns the number of authors.
    pub(super) fn forget(&mut self, author: Option<&PeerId>) -> u64 {
        match author {
            Some(author) => match self.authors.remove(author) {
                Some((_, time)) => {
                    self.by_time.remove(&time);
                    1
                }
                None => 0,
            },
            None => {
                let count = self.authors.len();
                self.authors = HashMap::new();
                self.by_time = BTreeMap::new();
                u64::try_from(count).unwrap_or(u64::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_must_grow() {
        let (one, two) = (PeerId::random(), PeerId::random());
        let mut sequences = Sequences::new(10);
        assert!(!sequences.accept(one, 0));
        assert!(sequences.accept(one, 5));
        assert!(!sequences.accept(one, 5));
        assert!(!sequences.accept(one, 4));
        assert!(sequences.accept(two, 1));
        assert!(sequences.accept(one, u64::MAX));
        assert_eq!(sequences.forget(Some(&one)), 1);
        assert_eq!(sequences.forget(Some(&one)), 0);
        assert!(sequences.accept(one, 1));
        assert_eq!(sequences.forget(None), 2);
        assert_eq!(sequences.forget(None), 0);
    }

    #[test]
    fn silent_authors_are_forgotten_at_the_limit() {
        let [one, two, three] = [(); 3].map(|()| PeerId::random());
        let mut sequences = Sequences::new(2);
        assert!(sequences.accept(one, 7));
        assert!(sequences.accept(two, 7));
        assert!(sequences.accept(one, 8));
        assert!(sequences.accept(three, 7));
        assert!(!sequences.accept(one, 8));
        assert!(!sequences.accept(three, 7));
        assert!(
            sequences.accept(two, 7),
            "two was silent for the longest time"
        );
        for _ in 0..1000 {
            sequences.accept(PeerId::random(), 1);
        }
        assert_eq!((sequences.authors.len(), sequences.by_time.len()), (2, 2));
    }
}
