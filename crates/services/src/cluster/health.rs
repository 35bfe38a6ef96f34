//! Metrics, alerts and the graph of peers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cairn_store::shared::{ClusterMetric, Millis, SharedError};
use parking_lot::Mutex;

use super::{Cluster, ClusterError, ClusterSettings};
use crate::Context;

/// Alerts that are kept; the oldest go first.
const ALERTS: usize = 1_000;

/// A metric of a peer.
pub type HealthMetric = ClusterMetric;

/// A metric of a peer that has expired.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The metric.
    pub metric: HealthMetric,
    /// When it was noticed.
    pub noticed: Millis,
}

/// The alerts that this peer has noticed.
#[derive(Debug, Default)]
pub(super) struct Alerts(Mutex<VecDeque<Alert>>);

impl Alerts {
    /// Notes the pings that have expired since the last look.
    pub(super) async fn note(
        &self,
        context: &Context,
        settings: &ClusterSettings,
    ) -> Result<(), SharedError> {
        let pings = context.rows().cluster_metrics(Some("ping")).await?;
        let now = context.rows().now().await?;
        let grace = i64::try_from(settings.term.as_millis()).unwrap_or(0);
        let mut alerts = self.0.lock();
        for metric in pings {
            let known = |alert: &Alert| {
                alert.metric.peer == metric.peer && alert.metric.expires == metric.expires
            };
            if metric.expires.saturating_add(grace) >= now || alerts.iter().any(known) {
                continue;
            }
            if alerts.len() == ALERTS {
                alerts.pop_front();
            }
            alerts.push_back(Alert {
                metric,
                noticed: now,
            });
        }
        Ok(())
    }
}

/// Who is connected to whom.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The names of the peers.
    pub names: BTreeMap<String, String>,
    /// The other peers that each one reaches through the database: those with a valid lease.
    pub links: BTreeMap<String, Vec<String>>,
}

impl Cluster {
    /// The names of all metrics.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn metric_names(&self) -> Result<Vec<String>, ClusterError> {
        let metrics = self.context.rows().cluster_metrics(None).await?;
        let names: BTreeSet<String> = metrics.into_iter().map(|metric| metric.name).collect();
        Ok(names.into_iter().collect())
    }

    /// The metrics of this name that are valid.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn metrics(&self, name: &str) -> Result<Vec<HealthMetric>, ClusterError> {
        let rows = self.context.rows();
        let now = rows.now().await?;
        let mut metrics = rows.cluster_metrics(Some(name)).await?;
        metrics.retain(|metric| metric.expires > now);
        Ok(metrics)
    }

    /// The alerts, the newest first.
    #[must_use]
    pub fn alerts(&self) -> Vec<Alert> {
        self.alerts.0.lock().iter().rev().cloned().collect()
    }

    /// The graph of the peers.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn graph(&self) -> Result<Graph, ClusterError> {
        let seen = self.seen().await?;
        let mut graph = Graph::default();
        for peer in &seen {
            let id = &peer.info.id;
            graph.names.insert(id.clone(), peer.info.name.clone());
            let others = seen
                .iter()
                .filter(|other| peer.alive && other.alive && other.info.id != *id)
                .map(|other| other.info.id.clone());
            graph.links.insert(id.clone(), others.collect());
        }
        Ok(graph)
    }
}
