//! A set of block ids for marking: dense, and as quick as an array.

/// Ids a page.
const PAGE: u64 = 1 << 16;

/// A set of ids.
#[derive(Debug, Default)]
pub(super) struct IdSet {
    pages: Vec<Option<Box<[u64]>>>,
}

impl IdSet {
    /// Adds an id; whether it is new.
    pub(super) fn insert(&mut self, id: u64) -> bool {
        let page = usize::try_from(id / PAGE).unwrap_or(usize::MAX);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        let Some(slot) = self.pages.get_mut(page) else {
            return false;
        };
        let words = slot.get_or_insert_with(|| vec![0; (PAGE / 64) as usize].into_boxed_slice());
        let Some(word) = words.get_mut((id % PAGE / 64) as usize) else {
            return false;
        };
        let bit = 1 << (id % 64);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }

    /// Takes an id out.
    pub(super) fn remove(&mut self, id: u64) {
        let page = self
            .pages
            .get_mut(usize::try_from(id / PAGE).unwrap_or(usize::MAX));
        let word = page
            .and_then(Option::as_mut)
            .and_then(|words| words.get_mut((id % PAGE / 64) as usize));
        if let Some(word) = word {
            *word &= !(1 << (id % 64));
        }
    }

    /// Whether an id is in the set.
    pub(super) fn contains(&self, id: u64) -> bool {
        let page = self
            .pages
            .get(usize::try_from(id / PAGE).unwrap_or(usize::MAX));
        let word = page
            .and_then(Option::as_ref)
            .and_then(|words| words.get((id % PAGE / 64) as usize));
        word.is_some_and(|word| word & (1 << (id % 64)) != 0)
    }
}
