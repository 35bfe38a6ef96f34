//! Paging by creation time, through any service.
//!
//! The Pinning Service API and the upload API page by creation time: the next page is what was created before the oldest item of the
//! last one. This is exact only where creation times are unique and pages sorted. Services differ: IPFS Cluster has times in whole
//! seconds, includes items created at exactly `before`, and returns any items that match, in any order. So [`Pager`]:
//!
//! * requests the time of the oldest item again, and skips the items of that time that it has seen;
//! * if that does not lead on, or a page is not sorted, divides the time into windows until each fits a page.

#[cfg(test)]
mod tests;
mod time;

use std::collections::{BTreeSet, HashSet};

use self::time::{MILLISECOND, Nanos, SECOND};
pub(crate) use self::time::{parse, text};

/// A listed item.
pub(crate) trait Item: Clone {
    /// Its ID.
    fn id(&self) -> &str;

    /// Its creation time as RFC 3339.
    fn created(&self) -> &str;
}

/// The bounds of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Only items created before this time.
    pub(crate) before: Option<String>,
    /// Only items created after this time.
    pub(crate) after: Option<String>,
    /// The size of a page.
    pub(crate) limit: u32,
}

/// Why paging cannot continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PagingError {
    /// A creation time cannot be parsed.
    Time(String),
    /// More items than fit a page were created at this time.
    Unpageable { created: String, limit: u32 },
}

/// Makes the requests for all pages, from the pages before. The state is bounded by the size of a page, and by the logarithm of the
/// number of pages.
#[derive(Debug)]
pub(crate) struct Pager {
    /// The bounds that the caller has set.
    bounds: Bounds,
    /// Whether the API has `after`.
    has_after: bool,
    /// Whether `count` has been seen to be the number of all that match. Some services send the length of the page.
    counts_all: bool,
    /// The smallest difference of two creation times.
    precision: Nanos,
    /// The time of the oldest item so far, in pages that are sorted.
    oldest: Option<Nanos>,
    /// The IDs of the items of that time.
    seen: HashSet<String>,
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    /// From page to page, the newest items first.
    Pages,
    /// Through windows of time, the last one first.
    Windows(Vec<Window>),
    Ended,
}

/// A window of creation times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    /// The first time, if there is one.
    from: Option<Nanos>,
    /// The first time after it, if there is one.
    to: Option<Nanos>,
    /// Whether times between two possible creation times are requested, because the items of adjacent times fill the page.
    narrow: bool,
}

impl Window {
    fn new(from: Option<Nanos>, to: Option<Nanos>) -> Self {
        Self {
            from,
            to,
            narrow: false,
        }
    }

    fn contains(self, time: Nanos) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }

    /// The parts before `begin`, from there to `end`, and after that, without empty ones.
    fn split(self, begin: Nanos, end: Nanos) -> impl Iterator<Item = Self> {
        let parts = [
            Self::new(self.from, Some(begin)),
            Self::new(Some(begin), Some(end)),
            Self::new(Some(end), self.to),
        ];
        parts
            .into_iter()
            .filter(|part| part.from.zip(part.to).is_none_or(|(from, to)| from < to))
    }
}

impl Pager {
    pub(crate) fn new(bounds: Bounds, has_after: bool) -> Self {
        Self {
            bounds,
            has_after,
            counts_all: false,
            precision: SECOND,
            oldest: None,
            seen: HashSet::new(),
            mode: Mode::Pages,
        }
    }

    /// The bounds of the next request; `None` at the end.
    pub(crate) fn request(&self) -> Option<Bounds> {
        let mut bounds = self.bounds.clone();
        match &self.mode {
            Mode::Ended => return None,
            Mode::Pages => {
                if let Some(oldest) = self.oldest {
                    bounds.before = Some(time::write(oldest + self.precision));
                }
            }
            Mode::Windows(windows) => {
                let window = windows.last()?;
                let half = if window.narrow { self.precision / 2 } else { 0 };
                if let Some(from) = window.from {
                    bounds.after = Some(time::write(from - (self.precision - half)));
                }
                if let Some(to) = window.to {
                    bounds.before = Some(time::write(to - half));
                }
            }
        }
        Some(bounds)
    }

    /// Takes the response to that request, with the number of all items that match; returns the items that are new.
    pub(crate) fn take<T: Item>(
        &mut self,
        count: u64,
        page: Vec<T>,
    ) -> Result<Vec<T>, PagingError> {
        let mut items = Vec::with_capacity(page.len());
        for item in page {
            let created = item.created();
            let time = time::read(created)
                .ok_or_else(|| PagingError::Time(created.chars().take(256).collect()))?;
            items.push((time, item));
        }
        let length = items.len() as u64;
        self.counts_all |= count > length;
        self.precision = items.iter().fold(self.precision, |precision, (time, _)| {
            [precision, MILLISECOND]
                .into_iter()
                .find(|unit| *unit <= precision && time % unit == 0)
                .unwrap_or(1)
        });
        let is_last = count <= length && length < u64::from(self.bounds.limit);
        if let Mode::Pages = self.mode {
            let is_sorted = items.is_sorted_by(|(one, _), (next, _)| one >= next);
            if is_sorted && let Some(new) = self.next_page(&items, is_last) {
                return Ok(new);
            }
            let to = self.oldest.map(|oldest| oldest + self.precision);
            self.mode = Mode::Windows(vec![Window::new(None, to)]);
        }
        self.next_window(items, is_last)
    }

    /// The new items of a sorted page; `None` if the page does not lead on.
    fn next_page<T: Item>(&mut self, items: &[(Nanos, T)], is_last: bool) -> Option<Vec<T>> {
        let new = items.iter().filter(|(time, item)| self.is_new(*time, item));
        let new: Vec<&(Nanos, T)> = new.collect();
        let Some((oldest, _)) = new.last() else {
            if !is_last && !items.is_empty() {
                return None;
            }
            self.mode = Mode::Ended;
            return Some(Vec::new());
        };
        if is_last && self.counts_all {
            self.mode = Mode::Ended;
        }
        if self.oldest != Some(*oldest) {
            self.seen.clear();
        }
        self.oldest = Some(*oldest);
        let of_oldest = items.iter().filter(|(time, _)| time == oldest);
        self.seen
            .extend(of_oldest.map(|(_, item)| item.id().to_owned()));
        Some(new.into_iter().map(|(_, item)| item.clone()).collect())
    }

    /// Whether an item has not been listed yet, in the order of sorted pages.
    fn is_new<T: Item>(&self, time: Nanos, item: &T) -> bool {
        match self.oldest {
            Some(oldest) => time < oldest || time == oldest && !self.seen.contains(item.id()),
            None => true,
        }
    }

    fn next_window<T: Item>(
        &mut self,
        items: Vec<(Nanos, T)>,
        is_last: bool,
    ) -> Result<Vec<T>, PagingError> {
        let Mode::Windows(windows) = &mut self.mode else {
            return Ok(Vec::new());
        };
        let Some(window) = windows.pop() else {
            self.mode = Mode::Ended;
            return Ok(Vec::new());
        };
        if is_last {
            if windows.is_empty() {
                self.mode = Mode::Ended;
            }
            let new = items
                .into_iter()
                .filter(|(time, item)| window.contains(*time) && self.is_new(*time, item));
            return Ok(new.map(|(_, item)| item).collect());
        }
        let times = items.iter().map(|(time, _)| *time);
        let times: BTreeSet<Nanos> = times.filter(|time| window.contains(*time)).collect();
        let middle = times.iter().nth(times.len() / 2).copied();
        match middle {
            Some(time) if self.has_after && times.len() > 1 => {
                windows.extend(window.split(time, time));
            }
            Some(time)
                if self.has_after
                    && (Some(time) != window.from || Some(time + self.precision) != window.to) =>
            {
                windows.extend(window.split(time, time + self.precision));
            }
            _ if self.has_after && !window.narrow => windows.push(Window {
                narrow: true,
                ..window
            }),
            _ => {
                let created = middle.or(window.from).or(window.to).unwrap_or_default();
                self.mode = Mode::Ended;
                return Err(PagingError::Unpageable {
                    created: time::write(created),
                    limit: self.bounds.limit,
                });
            }
        }
        Ok(Vec::new())
    }
}
