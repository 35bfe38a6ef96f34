//! Takes part in the cluster: joins, and renews the lease with what this peer measures.

use std::time::Duration;

use cairn_store::shared::{Lease, NewMetric, Renewal, SharedError};
use tokio_util::sync::CancellationToken;

use super::Cluster;

/// Whether this peer still takes part.
enum Part {
    Takes,
    /// It was removed, or another process took over.
    Lost,
}

impl Cluster {
    /// The lease, while this peer has one. It may have run out.
    pub(super) fn lease(&self) -> Option<Lease> {
        self.lease.lock().clone()
    }

    /// Renews the lease until it is lost or the token cancelled.
    pub(super) async fn keep_lease(&self, stop: CancellationToken) {
        let mut away = false;
        loop {
            match self.beat().await {
                Ok(Part::Takes) => {
                    if std::mem::take(&mut away) {
                        tracing::info!("the database of the cluster is back");
                    }
                }
                Ok(Part::Lost) => {
                    *self.lease.lock() = None;
                    tracing::error!(
                        peer = self.peer(),
                        "this peer was removed from the cluster, or another process has its identity; \
                         it takes no part until it is started again"
                    );
                    return;
                }
                Err(SharedError::Closed) => return,
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        let cause = std::error::Error::source(&error).map(ToString::to_string);
                        tracing::warn!(%error, cause, "cannot renew the lease in the cluster");
                    }
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.settings.beat) => {}
            }
        }
    }

    async fn beat(&self) -> Result<Part, SharedError> {
        self.measure_addresses().await;
        let info = serde_json::to_string(&self.own_info()).unwrap_or_else(|_| "{}".to_owned());
        let rows = self.context.rows();
        let term = self.settings.term;
        let held = self.lease();
        let lease = match held {
            Some(lease) => lease,
            None => {
                let lease = rows.join_cluster(self.peer(), &info, term).await?;
                *self.lease.lock() = Some(lease.clone());
                self.work.notify_one();
                lease
            }
        };
        let metrics = self.measure().await;
        // A database that was away for as long as a lease lasts has let leases run out that nobody could renew.
        let renewed = rows.renew_lease(&lease, &info, metrics, term, term, self.settings.patience);
        Ok(match renewed.await? {
            Renewal::Until(_) => Part::Takes,
            Renewal::Lost => Part::Lost,
        })
    }

    async fn measure_addresses(&self) {
        if let Ok(delegates) = self.context.backend().delegates().await {
            let mut addresses: Vec<String> = delegates
                .listening
                .iter()
                .chain(&delegates.announced)
                .map(ToString::to_string)
                .collect();
            addresses.sort_unstable();
            addresses.dedup();
            self.info.write().addresses = addresses;
        }
    }

    async fn measure(&self) -> Vec<NewMetric> {
        let term = self.settings.term;
        let metric = |name: &str, value: String, weight: u64, partitionable| NewMetric {
            name: name.to_owned(),
            value,
            weight: i64::try_from(weight).unwrap_or(i64::MAX),
            partitionable,
            term,
        };
        let number = |name: &str, value: u64| metric(name, value.to_string(), value, false);
        let ping = serde_json::json!({ "peer_name": self.settings.name, "ipfs_id": self.peer() });
        let mut metrics = vec![metric("ping", ping.to_string(), 0, false)];
        if let Ok(space) = self.context.backend().space().await {
            metrics.push(number("freespace", space.free));
            metrics.push(number("reposize", space.used));
        }
        if let Ok((waiting, pinned)) = self.context.rows().count_holdings(self.peer()).await {
            metrics.push(number("pinqueue", waiting));
            metrics.push(number("numpin", pinned));
        }
        for (name, value) in &self.settings.tags {
            metrics.push(metric(&format!("tag:{name}"), value.clone(), 0, true));
        }
        metrics
    }

    /// How long is waited for the next look, where nothing wakes a task before.
    pub(super) fn poll(&self) -> Duration {
        self.settings.beat.min(Duration::from_secs(1))
    }
}
