//! Gives the block store's reserve free while the disk is full, whoever has filled it.

use std::sync::Weak;
use std::time::Duration;

use cairn_store::block::segments::SegmentStore;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::parts::update_reserve;

/// Time between two looks at the disk.
const INTERVAL: Duration = Duration::from_secs(2);

/// Looks at the disk until it is stopped, or the store is gone.
pub(crate) async fn watch_reserve(store: Weak<SegmentStore>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval_at(Instant::now() + INTERVAL, INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let Some(store) = store.upgrade() else {
            return;
        };
        // Disks may take their time.
        if tokio::task::spawn_blocking(move || update_reserve(&store))
            .await
            .is_err()
        {
            return;
        }
    }
}
