//! Gzip over a stream of frames.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The level that is taken where none is named.
pub const DEFAULT_LEVEL: u32 = 6;

/// Compresses frames as they arrive.
pub(super) struct Gzip {
    encoder: GzEncoder<Vec<u8>>,
}

impl Gzip {
    pub(super) fn new(level: u32) -> Self {
        Self {
            encoder: GzEncoder::new(Vec::new(), Compression::new(level)),
        }
    }

    /// Takes a frame; answers with what is ready, which may be nothing. Blocks for milliseconds.
    pub(super) fn push(&mut self, frame: &[u8]) -> Bytes {
        use std::io::Write as _;
        // Writing to memory does not fail.
        let _ = self.encoder.write_all(frame);
        std::mem::take(self.encoder.get_mut()).into()
    }

    /// The end of the stream.
    pub(super) fn finish(self) -> Bytes {
        self.encoder.finish().unwrap_or_default().into()
    }
}
