//! Which requests of the RPC are being answered, and which were answered recently.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use cairn_wire::Values;
use cairn_wire::kubo::Spec;
use parking_lot::Mutex;

/// Most requests that are listed after they have ended; the oldest are forgotten first.
const MOST_ENDED: usize = 1024;

/// Most arguments and options of a request that are listed, and most bytes of each.
const MOST_VALUES: usize = 32;
const MOST_BYTES: usize = 256;

/// How long a request is listed after it has ended, unless it is changed.
const KEEP: Duration = Duration::from_secs(2 * 3_600);

/// Replaces secrets.
const HIDDEN: &str = "***";

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its number.
    pub(crate) id: u64,
    /// The path of its command.
    pub(crate) command: &'static str,
    /// Its arguments, without secrets.
    pub(crate) arguments: Vec<String>,
    /// Its options.
    pub(crate) options: Vec<(String, String)>,
    /// When it began.
    pub(crate) started: SystemTime,
    /// When it ended; `None` while it runs.
    pub(crate) ended: Option<SystemTime>,
}

/// The requests of one node.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    keep: Duration,
    running: BTreeMap<u64, Entry>,
    ended: VecDeque<Entry>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            keep: KEEP,
            running: BTreeMap::new(),
            ended: VecDeque::new(),
        }
    }
}

impl RequestLog {
    /// Lists a request as running until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>, spec: &Spec, values: &Values) -> Running {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        // All connections share the lock: nothing is copied while it is held.
        let entry = Entry {
            id,
            command: spec.path,
            arguments: arguments(spec, values),
            options: options(values),
            started: SystemTime::now(),
            ended: None,
        };
        self.state.lock().running.insert(id, entry);
        Running {
            log: Arc::clone(self),
            id,
        }
    }

    /// Those that ended recently, then those that run, by their numbers.
    pub(crate) fn list(&self) -> Vec<Entry> {
        let mut state = self.state.lock();
        state.forget();
        let mut all: Vec<Entry> = state.ended.iter().cloned().collect();
        all.extend(state.running.values().cloned());
        all.sort_by_key(|entry| entry.id);
        all
    }

    /// Forgets those that have ended.
    pub(crate) fn clear(&self) {
        self.state.lock().ended.clear();
    }

    /// Lists requests for so long after they have ended.
    pub(crate) fn set_keep(&self, keep: Duration) {
        let mut state = self.state.lock();
        state.keep = keep;
        state.forget();
    }

    fn end(&self, id: u64) {
        let ended = SystemTime::now();
        let mut state = self.state.lock();
        let Some(mut entry) = state.running.remove(&id) else {
            return;
        };
        entry.ended = Some(ended);
        state.ended.push_back(entry);
        // Those that are too old are left out when they are listed.
        let forgotten = (state.ended.len() > MOST_ENDED).then(|| state.ended.pop_front());
        drop(state);
        drop(forgotten);
    }
}

impl State {
    fn forget(&mut self) {
        let now = SystemTime::now();
        let is_old = |entry: &Entry| {
            let age = entry.ended.and_then(|ended| now.duration_since(ended).ok());
            age.is_some_and(|age| age > self.keep)
        };
        // They are in the order in which they ended.
        let old = self.ended.iter().take_while(|entry| is_old(entry)).count();
        self.ended.drain(..old);
    }
}

/// A request that runs. Dropping it ends it, however it ended.
#[derive(Debug)]
pub(crate) struct Running {
    log: Arc<RequestLog>,
    id: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.log.end(self.id);
    }
}

/// The arguments as text, shortened, secrets hidden.
fn arguments(spec: &Spec, values: &Values) -> Vec<String> {
    let placed = values.place(spec);
    let declared = spec.arguments.iter().zip(placed);
    declared
        .flat_map(|(argument, values)| {
            values.iter().map(|value| match argument.secret {
                true => HIDDEN.to_owned(),
                false => shortened(&value.to_text()),
            })
        })
        .take(MOST_VALUES)
        .collect()
}

fn options(values: &Values) -> Vec<(String, String)> {
    let given = values.options().take(MOST_VALUES);
    given
        .map(|(name, value)| (shortened(name), shortened(value)))
        .collect()
}

fn shortened(text: &str) -> String {
    if text.len() <= MOST_BYTES {
        return text.to_owned();
    }
    let mut short = text
        .get(..text.floor_char_boundary(MOST_BYTES))
        .unwrap_or_default()
        .to_owned();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_wire::kubo::Command as _;
    use cairn_wire::kubo::config::value::Config;
    use cairn_wire::kubo::pin::remote::service::add::PinRemoteServiceAdd;

    fn begin(log: &Arc<RequestLog>, spec: &Spec, query: &str) -> Running {
        log.begin(spec, &Values::from_query(query).unwrap())
    }

    #[test]
    fn requests_run_and_end() {
        let log = Arc::new(RequestLog::default());
        let first = begin(&log, &Config::SPEC, "arg=A&json=true");
        let second = begin(&log, &Config::SPEC, "arg=B");
        drop(first);
        let list = log.list();
        assert_eq!(list.len(), 2);
        assert!(list[0].ended.is_some() && list[1].ended.is_none());
        assert_eq!(list[0].arguments, ["A"]);
        assert_eq!(list[0].options, [("json".to_owned(), "true".to_owned())]);
        log.clear();
        assert_eq!(log.list().len(), 1);
        drop(second);
        log.set_keep(Duration::ZERO);
        assert!(log.list().is_empty());
    }

    #[test]
    fn no_more_are_listed_than_allowed() {
        let log = Arc::new(RequestLog::default());
        for _ in 0..MOST_ENDED + 10 {
            drop(begin(&log, &Config::SPEC, ""));
        }
        let list = log.list();
        assert_eq!(list.len(), MOST_ENDED);
        assert_eq!(list[0].id, 10);
        let many = "arg=x&".repeat(100);
        let long = format!("{many}o={}", "y".repeat(10_000));
        let running = begin(&log, &cairn_wire::kubo::pin::ls::PinLs::SPEC, &long);
        let entry = log.list().pop().unwrap();
        assert_eq!(entry.arguments.len(), MOST_VALUES);
        assert!(entry.options[0].1.len() < 2 * MOST_BYTES);
        drop(running);
    }

    #[test]
    fn secrets_are_not_listed() {
        let log = Arc::new(RequestLog::default());
        let _service = begin(
            &log,
            &PinRemoteServiceAdd::SPEC,
            "arg=n&arg=http://a&arg=hush",
        );
        let _config = begin(&log, &Config::SPEC, "arg=API.Authorizations&arg=hush");
        let list = log.list();
        assert_eq!(list[0].arguments, ["n", "http://a", HIDDEN]);
        assert_eq!(list[1].arguments, ["API.Authorizations", HIDDEN]);
    }
}
