//! Memory for direct writes.

use super::ALIGN;

/// A buffer aligned to [`ALIGN`].
pub(crate) struct AlignedBuf {
    /// Over-allocated and never grown, so its address is stable.
    storage: Vec<u8>,
    start: usize,
    capacity: usize,
}

impl AlignedBuf {
    /// A zeroed buffer of at least `capacity` bytes, rounded up to [`ALIGN`].
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.next_multiple_of(ALIGN);
        let storage = vec![0; capacity + ALIGN];
        let start = storage.as_ptr().align_offset(ALIGN).min(ALIGN);
        Self {
            storage,
            start,
            capacity,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.storage
            .get(self.start..self.start + self.capacity)
            .unwrap_or_default()
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.storage
            .get_mut(self.start..self.start + self.capacity)
            .unwrap_or_default()
    }
}

impl std::fmt::Debug for AlignedBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AlignedBuf")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
