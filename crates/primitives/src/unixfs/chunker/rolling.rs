//! The search for cuts with a hash that rolls over a short window.
//!
//! Whether there is a cut behind a byte depends on the last few bytes and nothing else, so that a search may begin
//! anywhere. [`scan`] uses this: it walks over [`LANES`] stretches at a time, whose chains of operations do not
//! wait for each other.

/// Bytes in the window of the Rabin fingerprint.
pub(super) const RABIN_WINDOW: usize = 16;
/// Bytes in the window of buzhash.
pub(super) const BUZHASH_WINDOW: usize = 32;
/// The longest window of all.
const MAX_WINDOW: usize = 32;

const LANES: usize = 4;
/// Bytes that each lane walks before the lanes move on. Work beyond a cut is lost: `LANES * STRIDE` bytes at most.
const STRIDE: usize = 1024;

/// A hash over the last [`Self::WINDOW`] bytes.
pub(super) trait RollingHash {
    const WINDOW: usize;
    type State: Copy;

    /// The hash of a window.
    fn start(&self, window: &[u8]) -> Self::State;
    /// Moves the window by a byte.
    fn roll(&self, state: Self::State, out: u8, into: u8) -> Self::State;
    /// Whether there is a cut behind the window.
    fn is_cut(&self, state: Self::State) -> bool;
}

/// Finds the ends of chunks that come in pieces.
#[derive(Debug)]
pub(super) struct Rolling<H> {
    hash: H,
    min: usize,
    max: usize,
    /// Bytes of the current chunk so far.
    length: usize,
    /// The last bytes of the current chunk, as many as the window less one asks for.
    tail: [u8; MAX_WINDOW],
    tail_len: usize,
}

impl<H: RollingHash> Rolling<H> {
    /// Cuts nowhere before `min` bytes, which are at least a window, and always at `max` bytes.
    pub(super) fn new(hash: H, min: usize, max: usize) -> Self {
        Self {
            hash,
            min: min.max(H::WINDOW),
            max: max.max(min.max(H::WINDOW)),
            length: 0,
            tail: [0; MAX_WINDOW],
            tail_len: 0,
        }
    }

    pub(super) fn max(&self) -> usize {
        self.max
    }

    pub(super) fn reset(&mut self) {
        self.length = 0;
        self.tail_len = 0;
    }

    /// Looks at the next bytes of the chunk. Tells how many belong to it when it ends among them.
    pub(super) fn cut(&mut self, data: &[u8]) -> Option<usize> {
        let limit = data.len().min(self.max - self.length);
        // Where in `data` cuts may be: behind 1 byte or more.
        let first = self.min.saturating_sub(self.length).max(1);
        let found = if first <= limit {
            self.search(data, first, limit)
        } else {
            None
        };
        let end = found.or((self.length + limit == self.max).then_some(limit));
        match end {
            Some(_) => self.reset(),
            None => {
                self.length += data.len();
                self.keep_tail(data);
            }
        }
        end
    }

    /// The first cut behind `first..=limit` bytes.
    fn search(&self, data: &[u8], first: usize, limit: usize) -> Option<usize> {
        let mut first = first;
        if first < H::WINDOW {
            // The window begins before `data`: look at the seam by itself.
            let mut seam = [0u8; 2 * MAX_WINDOW];
            let seam_end = limit.min(H::WINDOW - 1);
            let seam_len = self.tail_len + seam_end;
            seam.get_mut(..self.tail_len)?
                .copy_from_slice(self.tail.get(..self.tail_len)?);
            seam.get_mut(self.tail_len..seam_len)?
                .copy_from_slice(data.get(..seam_end)?);
            let seam = seam.get(..seam_len)?;
            if let Some(found) = scan(
                &self.hash,
                seam,
                self.tail_len + first,
                self.tail_len + seam_end,
            ) {
                return Some(found - self.tail_len);
            }
            first = H::WINDOW;
        }
        scan(&self.hash, data, first, limit)
    }

    fn keep_tail(&mut self, data: &[u8]) {
        let keep = H::WINDOW - 1;
        if data.len() >= keep {
            let last = data.get(data.len() - keep..).unwrap_or_default();
            if let Some(tail) = self.tail.get_mut(..keep) {
                tail.copy_from_slice(last);
            }
            self.tail_len = keep;
            return;
        }
        let surplus = (self.tail_len + data.len()).saturating_sub(keep);
        self.tail.copy_within(surplus..self.tail_len, 0);
        self.tail_len -= surplus;
        let end = self.tail_len + data.len();
        if let Some(tail) = self.tail.get_mut(self.tail_len..end) {
            tail.copy_from_slice(data);
        }
        self.tail_len = end;
    }
}

/// The first cut behind `first..=last` bytes of `data`, where `first` is at least a window.
fn scan<H: RollingHash>(hash: &H, data: &[u8], first: usize, last: usize) -> Option<usize> {
    let mut at = first;
    while at + LANES * STRIDE <= last {
        if let Some(found) = scan_lanes(hash, data, at) {
            return Some(found);
        }
        at += LANES * STRIDE;
    }
    scan_one(hash, data, at, last)
}

/// The same, a byte at a time.
fn scan_one<H: RollingHash>(hash: &H, data: &[u8], first: usize, last: usize) -> Option<usize> {
    if first > last {
        return None;
    }
    let from = first.checked_sub(H::WINDOW)?;
    let mut state = hash.start(data.get(from..first)?);
    if hash.is_cut(state) {
        return Some(first);
    }
    let outs = data.get(from..last - H::WINDOW)?;
    let ins = data.get(first..last)?;
    for (index, (&out, &into)) in outs.iter().zip(ins).enumerate() {
        state = hash.roll(state, out, into);
        if hash.is_cut(state) {
            return Some(first + index + 1);
        }
    }
    None
}

/// The first cut behind `first..first + LANES * STRIDE` bytes.
fn scan_lanes<H: RollingHash>(hash: &H, data: &[u8], first: usize) -> Option<usize> {
    let lane = |index: usize| {
        let at = first + index * STRIDE;
        let outs: &[u8; STRIDE] = data.get(at - H::WINDOW..)?.first_chunk()?;
        let ins: &[u8; STRIDE] = data.get(at..)?.first_chunk()?;
        Some((hash.start(outs.get(..H::WINDOW)?), outs, ins))
    };
    let (mut a, a_out, a_in) = lane(0)?;
    let (mut b, b_out, b_in) = lane(1)?;
    let (mut c, c_out, c_in) = lane(2)?;
    let (mut d, d_out, d_in) = lane(3)?;
    for step in 0..STRIDE {
        let hits = [
            hash.is_cut(a),
            hash.is_cut(b),
            hash.is_cut(c),
            hash.is_cut(d),
        ];
        if hits[0] | hits[1] | hits[2] | hits[3] {
            let lane = hits.iter().position(|&hit| hit).unwrap_or(0);
            let hit = first + lane * STRIDE + step;
            // An earlier lane may still find one; the later lanes are of no use any more.
            let earlier = (0..lane).find_map(|lane| {
                let from = first + lane * STRIDE;
                scan_one(hash, data, from + step, from + STRIDE - 1)
            });
            return Some(earlier.unwrap_or(hit));
        }
        a = hash.roll(a, a_out[step], a_in[step]);
        b = hash.roll(b, b_out[step], b_in[step]);
        c = hash.roll(c, c_out[step], c_in[step]);
        d = hash.roll(d, d_out[step], d_in[step]);
    }
    None
}
