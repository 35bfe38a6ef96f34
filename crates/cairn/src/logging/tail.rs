//! Readers who follow the log.

use std::collections::VecDeque;
use std::fmt::{Debug, Write as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use cairn_http::logs::{LogLevelError, LogLines};
use futures_util::{Stream, StreamExt as _};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::Context as LayerContext;

/// Most readers at once.
const MOST_READERS: usize = 16;

/// Messages that wait for a slow reader; more are lost to it.
const WAITING: usize = 256;

/// Most bytes of one field of a message.
const MOST_FIELD: usize = 4 << 10;

/// Most fields of a message.
const MOST_FIELDS: usize = 64;

/// What carries messages to readers: its messages would be about themselves, without end.
const CARRIERS: &[&str] = &["hyper", "h2", "rustls", "tokio", "mio", "tower"];

/// The readers of the log. A layer of the log hands messages to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Readers(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Whether there is one, so that nothing is written for nobody.
    any: AtomicBool,
    list: RwLock<Vec<Reader>>,
}

#[derive(Debug)]
struct Reader {
    level: LevelFilter,
    lines: mpsc::Sender<Bytes>,
    lost: Arc<AtomicU64>,
}

impl Readers {
    /// Adds a reader of messages of this level and worse ones.
    pub(super) fn add(&self, level: LevelFilter) -> Result<LogLines, LogLevelError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let mut list = self.0.list.write().unwrap_or_else(PoisonError::into_inner);
        list.retain(|reader| !reader.lines.is_closed());
        if list.len() >= MOST_READERS {
            return Err(LogLevelError::Readers(MOST_READERS));
        }
        list.push(Reader {
            level,
            lines: sender,
            lost: Arc::clone(&lost),
        });
        self.0.any.store(true, Ordering::Release);
        Ok(Lines {
            receiver,
            lost,
            notices: VecDeque::new(),
        }
        .boxed())
    }

    fn hand_over(&self, level: tracing::Level, line: impl FnOnce() -> Bytes) {
        let mut closed = false;
        {
            let list = self.0.list.read().unwrap_or_else(PoisonError::into_inner);
            let mut wanted = list
                .iter()
                .filter(|reader| reader.level >= level)
                .peekable();
            if wanted.peek().is_some() {
                let line = line();
                for reader in wanted {
                    match reader.lines.try_send(line.clone()) {
                        Ok(()) => {}
                        Err(mpsc::error::TrySendError::Full(_)) => {
                            reader.lost.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(mpsc::error::TrySendError::Closed(_)) => closed = true,
                    }
                }
            }
        }
        if closed {
            let mut list = self.0.list.write().unwrap_or_else(PoisonError::into_inner);
            list.retain(|reader| !reader.lines.is_closed());
            self.0.any.store(!list.is_empty(), Ordering::Release);
        }
    }
}

impl<S: Subscriber> Layer<S> for Readers {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        if !self.0.any.load(Ordering::Acquire) {
            return;
        }
        let target = event.metadata().target();
        let root = target.split("::").next().unwrap_or_default();
        if CARRIERS.iter().any(|carrier| {
            root.strip_prefix(carrier)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        }) {
            return;
        }
        self.hand_over(*event.metadata().level(), || written(event));
    }
}

/// The messages of one reader.
struct Lines {
    receiver: mpsc::Receiver<Bytes>,
    lost: Arc<AtomicU64>,
    notices: VecDeque<Bytes>,
}

impl Stream for Lines {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(line) = self.notices.pop_front() {
            return Poll::Ready(Some(line));
        }
        let next = self.receiver.poll_recv(cx);
        let lost = match next {
            // The lost messages followed the ones in the queue.
            Poll::Ready(Some(_)) if self.receiver.is_empty() => {
                self.lost.swap(0, Ordering::Relaxed)
            }
            _ => 0,
        };
        if lost > 0 {
            let message = format!("the reader of the log was too slow: {lost} messages were lost");
            let line = line("warn", "cairn::logging", message, Map::new());
            self.notices.push_back(line);
        }
        next
    }
}

/// A message as Kubo writes it: <https://pkg.go.dev/go.uber.org/zap/zapcore#EncoderConfig>.
fn line(level: &str, logger: &str, message: String, fields: Map<String, Value>) -> Bytes {
    let mut time = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    let mut record = Map::new();
    for (key, value) in [("level", level), ("ts", &time), ("logger", logger)] {
        record.insert(key.to_owned(), Value::from(value));
    }
    record.insert("msg".to_owned(), Value::from(message));
    for (key, value) in fields {
        record.entry(key).or_insert(value);
    }
    let mut line = Value::Object(record).to_string();
    line.push('\n');
    line.into()
}

fn written(event: &Event<'_>) -> Bytes {
    let metadata = event.metadata();
    let mut fields = Fields::default();
    event.record(&mut fields);
    if let (Some(file), Some(number)) = (metadata.file(), metadata.line()) {
        let caller = Value::from(format!("{file}:{number}"));
        fields.others.insert("caller".to_owned(), caller);
    }
    let level = metadata.level().as_str().to_ascii_lowercase();
    line(&level, metadata.target(), fields.message, fields.others)
}

/// The fields of a message.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        if self.others.len() < MOST_FIELDS {
            self.others.insert(field.name().to_owned(), value);
        }
    }
}

/// Takes no more than [`MOST_FIELD`] bytes.
#[derive(Default)]
struct Short(String);

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = MOST_FIELD.saturating_sub(self.0.len());
        let end = text.floor_char_boundary(room);
        self.0.push_str(text.get(..end).unwrap_or_default());
        Ok(())
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = Short::default();
        let _ = write!(text, "{value:?}");
        if field.name() == "message" {
            self.message = text.0;
        } else {
            self.add(field, Value::from(text.0));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    fn next(lines: &mut LogLines) -> Option<Value> {
        let line = lines.next().now_or_never()??;
        assert!(line.ends_with(b"\n"));
        Some(serde_json::from_slice(&line).unwrap())
    }

    #[test]
    fn messages_are_json_of_the_level_that_was_asked_for() {
        let readers = Readers::default();
        let subscriber = tracing_subscriber::registry().with(readers.clone());
        let mut all = readers.add(LevelFilter::TRACE).unwrap();
        let mut worse = readers.add(LevelFilter::WARN).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(count = 3, path = "a\nb", "seen");
            tracing::warn!("bad");
            tracing::error!(target: "hyper::proto", "about itself");
        });
        let first = next(&mut all).unwrap();
        assert_eq!(first["level"], "info");
        assert_eq!(first["msg"], "seen");
        assert_eq!(
            (&first["count"], &first["path"]),
            (&Value::from(3), &Value::from("a\nb"))
        );
        assert!(first["logger"].as_str().unwrap().starts_with("cairn"));
        assert!(first["ts"].as_str().unwrap().starts_with("20"));
        assert_eq!(next(&mut all).unwrap()["msg"], "bad");
        assert_eq!(next(&mut worse).unwrap()["level"], "warn");
        assert!(next(&mut all).is_none() && next(&mut worse).is_none());
    }

    #[test]
    fn a_slow_reader_is_told_what_it_lost() {
        let readers = Readers::default();
        let subscriber = tracing_subscriber::registry().with(readers.clone());
        let mut lines = readers.add(LevelFilter::INFO).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..WAITING + 7 {
                tracing::info!(number, "{}", "x".repeat(2 * MOST_FIELD));
            }
        });
        for number in 0..WAITING {
            let line = next(&mut lines).unwrap();
            assert_eq!(line["number"], number);
            assert_eq!(line["msg"].as_str().unwrap().len(), MOST_FIELD);
        }
        let notice = next(&mut lines).unwrap();
        assert!(
            notice["msg"].as_str().unwrap().contains("7 messages"),
            "{notice}"
        );
        assert!(next(&mut lines).is_none());
    }

    #[test]
    fn readers_are_bounded_and_leave() {
        let readers = Readers::default();
        let mut held: Vec<_> = (0..MOST_READERS)
            .map(|_| readers.add(LevelFilter::INFO).unwrap())
            .collect();
        assert!(matches!(
            readers.add(LevelFilter::INFO),
            Err(LogLevelError::Readers(_))
        ));
        held.pop();
        assert!(readers.add(LevelFilter::INFO).is_ok());
    }
}
