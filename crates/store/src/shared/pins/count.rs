//! Counting requests by status and time, without reading them.
//!
//! `pin_count` has the number of requests in intervals of three lengths. An interval of time is the sum of few of them, and
//! of the requests at its ends.

/// How far the time is shifted for the intervals of each level: about 4 seconds, 70 minutes and 50 days. An account has
/// at most one request in a millisecond, so the ends have at most 4096 requests each.
pub(in crate::shared) const BUCKETS: [u32; 3] = [12, 22, 32];

/// A part of an interval: buckets of a level, or requests by their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The level; none for requests.
    pub(super) level: Option<usize>,
    /// The first bucket or time.
    pub(super) from: i64,
    /// After the last one.
    pub(super) to: i64,
}

/// The parts of an interval, `from` included and `to` excluded, or without end. None if it is empty.
pub(super) fn parts(from: Option<i64>, to: Option<i64>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut from = from.unwrap_or(0).clamp(0, 1 << 61);
    // Beyond all times, and a whole number of the longest intervals.
    let mut to = to.unwrap_or(i64::MAX).min(1 << 61);
    let mut level = None;
    let mut below = 0;
    for (next, shift) in BUCKETS.into_iter().enumerate() {
        let step = shift - below;
        let first = (from + (1 << step) - 1) >> step;
        let last = to >> step;
        if first >= last {
            break;
        }
        let edges = [(from, first << step), (last << step, to)];
        parts.extend(
            edges
                .into_iter()
                .filter(|(from, to)| from < to)
                .map(|(from, to)| Part { level, from, to }),
        );
        (from, to, level, below) = (first, last, Some(next), shift);
    }
    if from < to {
        parts.push(Part { level, from, to });
    }
    parts
}
