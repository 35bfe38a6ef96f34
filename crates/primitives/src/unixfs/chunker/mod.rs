//! Chunkers: split the bytes of a file into leaves.
//!
//! The cuts only depend on the bytes, never on how they arrive. Cuts and names of chunkers are the same as in Kubo.

mod buzhash;
mod rabin;
mod rolling;
mod spec;

use bytes::Bytes;

use buzhash::Buzhash;
use rabin::Rabin;
use rolling::Rolling;

pub use spec::{ChunkerSpec, ChunkerSpecError, NumberFault, RabinLabel};

/// Default size of a chunk.
pub const DEFAULT_CHUNK: usize = 256 << 10;
/// Largest chunk: a block less the room for the framing of a leaf.
pub const MAX_CHUNK: usize = super::MAX_BLOCK - 256;

/// Cuts a stream of bytes into chunks.
///
/// A chunk within one pushed frame is a slice of it; others are copied once. At most one chunk ([`MAX_CHUNK`] bytes)
/// is buffered.
#[derive(Debug)]
pub struct Chunker {
    cutter: Cutter,
    carry: Carry,
}

impl Chunker {
    /// A chunker at the beginning of a file.
    #[must_use]
    pub fn new(spec: &ChunkerSpec) -> Self {
        let cutter = match *spec {
            ChunkerSpec::Size(size) => Cutter::Size {
                size: size.get(),
                filled: 0,
            },
            ChunkerSpec::Rabin { min, avg, max } => {
                Cutter::Rabin(Rolling::new(Rabin::new(avg), min, max))
            }
            ChunkerSpec::Buzhash => {
                Cutter::Buzhash(Rolling::new(Buzhash, buzhash::MIN, buzhash::MAX))
            }
        };
        Self {
            cutter,
            carry: Carry::Empty,
        }
    }

    /// Takes the next bytes of the file and passes on every chunk that they complete.
    pub fn push(&mut self, mut data: Bytes, out: &mut dyn FnMut(Bytes)) {
        while !data.is_empty() {
            let Some(length) = self.cutter.cut(&data) else {
                self.carry.append(data, self.cutter.max());
                return;
            };
            let rest = data.split_off(length);
            self.carry.append(data, self.cutter.max());
            data = rest;
            if let Some(chunk) = self.carry.take() {
                out(chunk);
            }
        }
    }

    /// Ends the file: passes on what is left, if anything, and starts again.
    pub fn finish(&mut self, out: &mut dyn FnMut(Bytes)) {
        self.cutter.reset();
        if let Some(chunk) = self.carry.take() {
            out(chunk);
        }
    }
}

/// Finds the ends of chunks.
#[derive(Debug)]
enum Cutter {
    Size { size: usize, filled: usize },
    Rabin(Rolling<Rabin>),
    Buzhash(Rolling<Buzhash>),
}

impl Cutter {
    /// Looks at the next bytes of the current chunk. Tells how many of them belong to it when it ends among them,
    /// and begins the next one.
    fn cut(&mut self, data: &[u8]) -> Option<usize> {
        match self {
            Self::Size { size, filled } => {
                let missing = *size - *filled;
                if data.len() < missing {
                    *filled += data.len();
                    return None;
                }
                *filled = 0;
                Some(missing)
            }
            Self::Rabin(rolling) => rolling.cut(data),
            Self::Buzhash(rolling) => rolling.cut(data),
        }
    }

    fn reset(&mut self) {
        match self {
            Self::Size { filled, .. } => *filled = 0,
            Self::Rabin(rolling) => rolling.reset(),
            Self::Buzhash(rolling) => rolling.reset(),
        }
    }

    /// The longest chunk.
    fn max(&self) -> usize {
        match self {
            Self::Size { size, .. } => *size,
            Self::Rabin(rolling) => rolling.max(),
            Self::Buzhash(rolling) => rolling.max(),
        }
    }
}

/// The bytes of the current chunk that came in earlier frames.
#[derive(Debug)]
enum Carry {
    Empty,
    /// All from one frame: not copied yet, perhaps never.
    Slice(Bytes),
    Copied(Vec<u8>),
}

impl Carry {
    fn append(&mut self, data: Bytes, capacity: usize) {
        match self {
            Self::Empty => *self = Self::Slice(data),
            Self::Slice(first) => {
                let mut copied = Vec::with_capacity(capacity);
                copied.extend_from_slice(first);
                copied.extend_from_slice(&data);
                *self = Self::Copied(copied);
            }
            Self::Copied(copied) => copied.extend_from_slice(&data),
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        match std::mem::replace(self, Self::Empty) {
            Self::Empty => None,
            Self::Slice(slice) => Some(slice),
            Self::Copied(copied) => Some(copied.into()),
        }
    }
}

#[cfg(test)]
mod tests;
