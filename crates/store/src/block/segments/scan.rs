//! Scans a segment from front to back, and continues after damage.

use std::io;
use std::ops::Range;

use cairn_primitives::Cid;

use super::super::disk::DiskFile;
use super::entry::checksum;
use super::record::{self, Head, MAX_HEAD, RecordStart};

/// Bytes read at a time.
const WINDOW: usize = 1 << 20;
/// How many bytes may be hashed in search of the next good record of one segment; what is damaged may have been made
/// to cost as much as it can.
const SEARCH_BUDGET: u64 = 2 << 30;

/// What a scan finds, in order.
#[derive(Debug)]
pub(super) enum ScanItem {
    /// A whole record whose bytes hash to its CID, and the checksum of the block's.
    Record { offset: u64, head: Head, check: u32 },
    /// Bytes that are no record, before a record that is good.
    Bad(Range<u64>),
}

/// Where a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScanEnd {
    /// After the last good record.
    pub(super) end: u64,
    /// Whether bytes other than zero follow: a record that was cut short.
    pub(super) torn: bool,
    /// Whether the search after damage was given up, so that good records may follow.
    pub(super) gave_up: bool,
}

struct Window<'a> {
    file: &'a dyn DiskFile,
    len: u64,
    at: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The bytes at a position, at least `want` of them unless the file ends.
    fn get(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let want = usize::try_from(self.len.saturating_sub(at))
            .unwrap_or(usize::MAX)
            .min(want);
        let inside = at >= self.at && at + want as u64 <= self.at + self.bytes.len() as u64;
        if !inside {
            let fill = usize::try_from(self.len.saturating_sub(at))
                .unwrap_or(usize::MAX)
                .min(want.max(WINDOW));
            self.bytes.resize(fill, 0);
            let read = self.file.read_at(at, &mut self.bytes)?;
            self.bytes.truncate(read);
            self.at = at;
        }
        let from = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        Ok(self.bytes.get(from..).unwrap_or_default())
    }
}

enum Verdict {
    Good(Head, u32),
    Zero,
    Bad,
}

/// Whether bytes are what a CID names; a hash function that is not built in is taken on trust when the frame is `known`.
fn matches(cid: &Cid, data: &[u8], trust: bool) -> bool {
    cid.hash().matches(data).unwrap_or(trust)
}

fn examine(window: &mut Window<'_>, at: u64, trust: bool, budget: &mut u64) -> io::Result<Verdict> {
    let head = match record::front(window.get(at, MAX_HEAD)?) {
        RecordStart::Record(head) => head,
        RecordStart::Zero => return Ok(Verdict::Zero),
        RecordStart::Bad => return Ok(Verdict::Bad),
    };
    if at + head.total() > window.len {
        return Ok(Verdict::Bad);
    }
    *budget = budget.saturating_sub(head.total());
    let total = usize::try_from(head.total()).unwrap_or(usize::MAX);
    let bytes = window.get(at, total)?;
    let data = bytes.get(usize::from(head.len)..total);
    Ok(match data.filter(|data| matches(&head.cid, data, trust)) {
        Some(data) => {
            let check = checksum(data);
            Verdict::Good(head, check)
        }
        None => Verdict::Bad,
    })
}

/// Finds the next good record at or behind a position.
fn search(window: &mut Window<'_>, bad: u64, budget: &mut u64) -> io::Result<Option<u64>> {
    // Most damage leaves the length intact: then the next record is where it says.
    if let RecordStart::Record(head) = record::front(window.get(bad, MAX_HEAD)?) {
        let next = bad + head.total();
        if next < window.len && matches!(examine(window, next, false, budget)?, Verdict::Good(..)) {
            return Ok(Some(next));
        }
    }
    let mut at = bad;
    while at < window.len && *budget > 0 {
        // Nothing shorter than 36 bytes is a record with a digest worth trusting.
        let left = window.len - at;
        let ahead = window.get(at, 2 * MAX_HEAD)?;
        if ahead.is_empty() {
            break;
        }
        // Near the end of the window the CID may not be in view.
        let view = if (ahead.len() as u64) < left {
            ahead.len().saturating_sub(MAX_HEAD).max(1)
        } else {
            ahead.len()
        };
        let candidate = ahead
            .iter()
            .enumerate()
            .take(view)
            .position(|(from, byte)| {
                *byte != 0
                    && (1..=4).any(|width| {
                        let Some(cid) = ahead.get(from + width..) else {
                            return false;
                        };
                        matches!(cid, [0x12, 0x20, ..] | [0x01, _, ..])
                            && ahead.get(from..from + width).is_some_and(|length| {
                                length.iter().rev().skip(1).all(|byte| byte & 0x80 != 0)
                                    && length.last().is_some_and(|byte| byte & 0x80 == 0)
                            })
                    })
            });
        let Some(candidate) = candidate else {
            at += view as u64;
            continue;
        };
        at += candidate as u64;
        if at > bad
            && let RecordStart::Record(head) = record::front(window.get(at, MAX_HEAD)?)
            && head.cid.hash().digest().len() >= 16
            && head.cid.hash().identity_data().is_none()
            && matches!(examine(window, at, false, budget)?, Verdict::Good(..))
        {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}

/// Reads what lies from `from` (the front of a record) to the end of a segment.
pub(super) fn scan(
    file: &dyn DiskFile,
    from: u64,
    found: &mut dyn FnMut(ScanItem) -> io::Result<()>,
) -> io::Result<ScanEnd> {
    let len = file.len()?;
    let mut window = Window {
        file,
        len,
        at: 0,
        bytes: Vec::new(),
    };
    let mut budget = SEARCH_BUDGET;
    let mut at = from;
    while at < len {
        match examine(&mut window, at, true, &mut { u64::MAX })? {
            Verdict::Good(head, check) => {
                let total = head.total();
                found(ScanItem::Record {
                    offset: at,
                    head,
                    check,
                })?;
                at += total;
            }
            Verdict::Zero | Verdict::Bad => match search(&mut window, at, &mut budget)? {
                Some(next) => {
                    found(ScanItem::Bad(at..next))?;
                    at = next;
                }
                None => {
                    let torn = !rest_is_zero(&mut window, at)?;
                    return Ok(ScanEnd {
                        end: at,
                        torn,
                        gave_up: budget == 0,
                    });
                }
            },
        }
    }
    Ok(ScanEnd {
        end: at,
        torn: false,
        gave_up: false,
    })
}

fn rest_is_zero(window: &mut Window<'_>, mut at: u64) -> io::Result<bool> {
    while at < window.len {
        let ahead = window.get(at, WINDOW)?;
        if ahead.is_empty() {
            break;
        }
        if ahead.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += ahead.len() as u64;
    }
    Ok(true)
}
