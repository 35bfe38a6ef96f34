//! `diag/profile`: what can be measured of a running process, as a ZIP archive.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use cairn_node::MetricsForm;
use cairn_node::config::GoDuration;
use cairn_wire::kubo::diag::profile::DiagProfile;
use futures_util::StreamExt as _;

use super::super::{AGENT, Answer, ByteStream, Call, Failure, Handler};
use super::version::version_info;
use crate::zip::Zip;

/// Longest time that is measured.
const MOST_TIME: Duration = Duration::from_secs(600);

/// Most bytes that are read of a file of the system.
const MOST_FILE: u64 = 1 << 20;

/// Most threads that are listed.
const MOST_THREADS: usize = 4096;

/// The reports that are collected by default.
const ALL: &[&str] = &[
    "version", "process", "threads", "cpu", "memory", "metrics", "requests",
];

/// What Kubo collects and this program does not have.
const ABSENT: &[&str] = &["bin", "mutex", "block", "trace"];

impl Handler for DiagProfile {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let collectors = collectors(&self.collectors)?;
        let time = self.profile_time.parse::<GoDuration>().map_err(|error| {
            Failure::normal(format!(
                "failed to parse profile duration {:?}: {error}",
                self.profile_time
            ))
        })?;
        let time = time.to_std().min(MOST_TIME);
        let archive = async move {
            let before = threads().await;
            let measures = collectors.contains(&"cpu");
            if measures {
                tokio::time::sleep(time).await;
            }
            let after = threads().await;
            let mut zip = Zip::default();
            for name in collectors {
                let (file, content) = match name {
                    "version" => ("version.json", version(&call)),
                    "process" => ("process.txt", system("/proc/self/status").await),
                    "memory" => ("memory.txt", system("/proc/self/smaps_rollup").await),
                    "threads" => ("threads.txt", listed(&after)),
                    "cpu" => ("cpu.txt", used(&before, &after, time)),
                    "metrics" => ("metrics.txt", metrics(&call).await),
                    "requests" => ("requests.json", requests(&call)),
                    absent => {
                        let file = format!("{absent}.absent.txt");
                        let why = format!("This program does not collect {absent:?}.\n");
                        add(&mut zip, &file, &why)?;
                        continue;
                    }
                };
                add(&mut zip, file, &content)?;
            }
            Ok(Bytes::from(zip.finish()))
        };
        // Measuring takes a while: the answer begins before.
        let opening = futures_util::stream::iter([Ok(Bytes::new())]);
        Ok(ByteStream {
            media_type: "application/zip",
            length: None,
            stream: opening.chain(futures_util::stream::once(archive)).boxed(),
        })
    }
}

fn add(zip: &mut Zip, name: &str, content: &str) -> Result<(), Failure> {
    zip.add(name, content.as_bytes())
        .map_err(|error| Failure::normal(error.to_string()))
}

/// The requested reports, also by the names of Kubo.
fn collectors(given: &[String]) -> Result<Vec<&'static str>, Failure> {
    let names = given.iter().flat_map(|names| names.split(','));
    let mut found = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        let known = match name {
            "heap" | "allocs" => "memory",
            "goroutines-stack" | "goroutines-pprof" => "threads",
            name => ALL
                .iter()
                .chain(ABSENT)
                .copied()
                .find(|known| *known == name)
                .ok_or_else(|| {
                    Failure::normal(format!(
                        "unknown collector {name:?}: expected one of {}",
                        ALL.join(", ")
                    ))
                })?,
        };
        if !found.contains(&known) {
            found.push(known);
        }
    }
    if found.is_empty() {
        found.extend(ALL);
    }
    Ok(found)
}

fn version(call: &Call) -> String {
    let info = version_info(call.rpc.version());
    let info = serde_json::to_value(info).unwrap_or_default();
    serde_json::json!({ "agent": AGENT, "version": info }).to_string()
}

fn requests(call: &Call) -> String {
    let entries = call.rpc.requests.list().into_iter();
    let entries: Vec<_> = entries.map(super::diag::to_record).collect();
    serde_json::to_string_pretty(&entries).unwrap_or_default()
}

async fn metrics(call: &Call) -> String {
    let node = call.node().clone();
    let text = tokio::task::spawn_blocking(move || {
        let stat = node.store().stat().ok();
        node.metrics().text(stat.as_ref(), MetricsForm::Prometheus)
    });
    text.await.unwrap_or_default()
}

/// A file of the system, where there is one.
async fn system(path: &'static str) -> String {
    let read = tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        let mut text = String::new();
        std::fs::File::open(path)?
            .take(MOST_FILE)
            .read_to_string(&mut text)?;
        Ok::<_, std::io::Error>(text)
    });
    match read.await {
        Ok(Ok(text)) => text,
        _ => "not available on this system\n".to_owned(),
    }
}

/// A thread of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Thread {
    name: String,
    state: String,
    /// Ticks of processor time that it has used: in the program, in the kernel.
    ticks: (u64, u64),
}

/// The threads by number; none on systems that do not list them.
async fn threads() -> BTreeMap<u64, Thread> {
    let read = tokio::task::spawn_blocking(|| {
        let mut threads = BTreeMap::new();
        let Ok(folder) = std::fs::read_dir("/proc/self/task") else {
            return threads;
        };
        for entry in folder.flatten().take(MOST_THREADS) {
            let Some(number) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            if let Ok(stat) = std::fs::read_to_string(entry.path().join("stat"))
                && let Some(thread) = thread(&stat)
            {
                threads.insert(number, thread);
            }
        }
        threads
    });
    read.await.unwrap_or_default()
}

/// Reads the line of a thread: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>.
fn thread(stat: &str) -> Option<Thread> {
    let (head, rest) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse().ok();
    Some(Thread {
        name: name.to_owned(),
        state: (*fields.first()?).to_owned(),
        ticks: (ticks(11)?, ticks(12)?),
    })
}

fn listed(threads: &BTreeMap<u64, Thread>) -> String {
    let mut out = "thread\tname\tstate\tuser ticks\tsystem ticks\n".to_owned();
    for (number, thread) in threads {
        let Thread { name, state, ticks } = thread;
        let _ = writeln!(out, "{number}\t{name}\t{state}\t{}\t{}", ticks.0, ticks.1);
    }
    out
}

fn used(before: &BTreeMap<u64, Thread>, after: &BTreeMap<u64, Thread>, time: Duration) -> String {
    let mut out = format!(
        "Processor time of each thread within {time:?}, in ticks (100 a second on most systems)\n\
         thread\tname\tuser\tsystem\n"
    );
    for (number, thread) in after {
        let earlier = before.get(number).map_or((0, 0), |thread| thread.ticks);
        let user = thread.ticks.0.saturating_sub(earlier.0);
        let system = thread.ticks.1.saturating_sub(earlier.1);
        let _ = writeln!(out, "{number}\t{}\t{user}\t{system}", thread.name);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_read_whatever_their_names() {
        let line = "12 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14";
        assert_eq!(
            thread(line),
            Some(Thread {
                name: "a) b (c)".to_owned(),
                state: "S".to_owned(),
                ticks: (11, 12),
            })
        );
        assert_eq!(thread("12 (a) S 1"), None);
        assert_eq!(thread(""), None);
    }

    #[test]
    fn collectors_have_names() {
        let names = |text: &str| collectors(&[text.to_owned()]);
        assert_eq!(names("").unwrap(), ALL);
        assert_eq!(
            names("cpu,heap,allocs,bin").unwrap(),
            ["cpu", "memory", "bin"]
        );
        assert!(names("zz").is_err());
    }
}
