//! Metrics of a node, in the Prometheus text format.
//!
//! One registry per node, to which other components add theirs. Labels only have values from fixed lists, never from
//! a request, so the program bounds the number of series.

use std::sync::atomic::AtomicU64;

use cairn_dag::gc::CollectError;
use cairn_store::block::{BlockError, Collected, StoreStat};
use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

/// One label with a value from a fixed list.
type Label = [(&'static str, &'static str); 1];
/// An unsigned gauge.
type Level = Gauge<u64, AtomicU64>;

/// The format of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsForm {
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
    Prometheus,
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    OpenMetrics,
}

impl MetricsForm {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The metrics of a node.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    blocks: Level,
    live_bytes: Level,
    disk_bytes: Level,
    damaged_blocks: Level,
    collections: Family<Label, Counter>,
    collected_blocks: Counter,
    collected_bytes: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        registry.register(
            "cairn_build",
            "The program, by its version",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        let blocks = registered(
            &mut registry,
            "cairn_store_blocks",
            "Blocks that can be read",
            Level::default(),
        );
        let live_bytes = registered(
            &mut registry,
            "cairn_store_live_bytes",
            "Bytes of the blocks that can be read",
            Level::default(),
        );
        let disk_bytes = registered(
            &mut registry,
            "cairn_store_disk_bytes",
            "Bytes that the block store takes on disk, its index included",
            Level::default(),
        );
        let damaged_blocks = registered(
            &mut registry,
            "cairn_store_damaged_blocks",
            "Blocks that were found damaged since the start, and not been stored again",
            Level::default(),
        );
        let collections = registered(
            &mut registry,
            "cairn_gc_runs",
            "Collections that ended, by outcome: done, stopped or failed",
            Family::default(),
        );
        let collected_blocks = registered(
            &mut registry,
            "cairn_gc_removed_blocks",
            "Blocks that collections removed",
            Counter::default(),
        );
        let collected_bytes = registered(
            &mut registry,
            "cairn_gc_removed_bytes",
            "Bytes of the blocks that collections removed",
            Counter::default(),
        );
        Self {
            registry: Mutex::new(registry),
            blocks,
            live_bytes,
            disk_bytes,
            damaged_blocks,
            collections,
            collected_blocks,
            collected_bytes,
        }
    }
}

/// Adds a metric to a registry, and returns it for counting.
fn registered<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

impl Metrics {
    /// Registers metrics of another component. Names begin with `cairn_` and end with their unit; each is registered
    /// once.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        registered(&mut self.registry.lock(), name, help, metric)
    }

    /// Counts a finished collection.
    pub(crate) fn collected(&self, outcome: Result<&Collected, &CollectError>) {
        let outcome = match outcome {
            Ok(done) => {
                self.collected_blocks.inc_by(done.blocks);
                self.collected_bytes.inc_by(done.bytes);
                "done"
            }
            Err(CollectError::Store(BlockError::Cancelled)) => "stopped",
            Err(_) => "failed",
        };
        self.collections
            .get_or_create(&[("outcome", outcome)])
            .inc();
    }

    /// All metrics as text. `store` is the current state of the block store, if it can be determined.
    #[must_use]
    pub fn text(&self, store: Option<&StoreStat>, form: MetricsForm) -> String {
        if let Some(stat) = store {
            self.blocks.set(stat.blocks);
            self.live_bytes.set(stat.live_bytes);
            self.disk_bytes.set(stat.disk_bytes);
            self.damaged_blocks.set(stat.damaged);
        }
        let mut text = String::new();
        if encode(&mut text, &self.registry.lock()).is_err() {
            // Writing to memory cannot fail.
            tracing::error!("cannot write the metrics");
        }
        match form {
            MetricsForm::OpenMetrics => text,
            MetricsForm::Prometheus => older(&text),
        }
    }
}

/// Converts OpenMetrics to the older format, in which descriptions of counters have the suffix as well.
fn older(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1024);
    // HELP comes before TYPE, and the suffix is known with TYPE.
    let mut help: Option<(&str, &str)> = None;
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            help = described.split_once(' ');
            continue;
        }
        if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|described| described.split_once(' '))
        {
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                other => ("", other),
            };
            if let Some((_, told)) = help.take().filter(|(about, _)| *about == name) {
                out.push_str(&format!("# HELP {name}{suffix} {told}\n"));
            }
            out.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
            continue;
        }
        if !line.starts_with("# UNIT ") && line != "# EOF" {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_both_formats() {
        let metrics = Metrics::default();
        metrics.collected(Ok(&Collected {
            blocks: 2,
            bytes: 30,
            ..Collected::default()
        }));
        metrics.collected(Err(&CollectError::Interrupted));
        let stat = StoreStat {
            blocks: 5,
            live_bytes: 60,
            disk_bytes: 700,
            damaged: 3,
        };
        let text = metrics.text(Some(&stat), MetricsForm::Prometheus);
        for line in [
            "# TYPE cairn_gc_runs_total counter",
            "cairn_gc_runs_total{outcome=\"done\"} 1",
            "cairn_gc_runs_total{outcome=\"failed\"} 1",
            "# HELP cairn_gc_removed_blocks_total Blocks that collections removed.",
            "cairn_gc_removed_blocks_total 2",
            "cairn_gc_removed_bytes_total 30",
            "# TYPE cairn_store_blocks gauge",
            "cairn_store_blocks 5",
            "cairn_store_disk_bytes 700",
            "cairn_store_damaged_blocks 3",
            "# TYPE cairn_build_info gauge",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        }
        assert!(!text.contains("EOF"));
        let open = metrics.text(None, MetricsForm::OpenMetrics);
        assert!(open.contains("# TYPE cairn_gc_runs counter\n"), "{open}");
        assert!(open.ends_with("# EOF\n"));
    }
}
