//! The cluster.

mod peers;
mod pinset;
mod placement;
mod work;

use std::time::Duration;

use cairn_primitives::{Cid, Codec, Multihash};

use super::MakeRows;
use crate::shared::{
    ClusterPin, Expiry, HoldingStatus, Lease, MAX_PAGE, NewClusterPin, NewMetric, Outcome, PinKind,
    PinKinds, Placement, Renewal, SharedRows,
};

const TERM: Duration = Duration::from_secs(60);
const NOW: Duration = Duration::ZERO;

/// Runs the cases, each on rows of its own.
pub async fn run(make: &MakeRows<'_>) {
    peers::peers(&*make().await).await;
    peers::outages(&*make().await).await;
    pinset::pins(&*make().await).await;
    pinset::pages(&*make().await).await;
    work::work(&*make().await).await;
    work::failures(&*make().await).await;
    work::returns(&*make().await).await;
    placement::moves(&*make().await).await;
    placement::sources(&*make().await).await;
    placement::everywhere(&*make().await).await;
    placement::drains(&*make().await).await;
    pinset::shards(&*make().await).await;
    pinset::expires(&*make().await).await;
    peers::users(&*make().await).await;
    work::many_at_once(make().await).await;
}

fn cid(text: &str) -> Cid {
    Cid::v1(Codec::RAW, Multihash::sha2_256(text.as_bytes()))
}

async fn number_of_pins(rows: &dyn SharedRows) -> usize {
    let pins = rows.cluster_pins(PinKinds::ALL, None, MAX_PAGE).await;
    pins.expect("the pins").len()
}

fn new(text: &str, placement: Placement) -> NewClusterPin {
    NewClusterPin {
        cid: cid(text),
        kind: PinKind::Data,
        direct: false,
        name: text.to_owned(),
        replication: if placement == Placement::Everywhere {
            (-1, -1)
        } else {
            (1, 2)
        },
        shard_size: 0,
        metadata: Default::default(),
        origins: Vec::new(),
        update_of: None,
        reference: None,
        depth: -1,
        expiry: Expiry::Never,
        placement,
        owner: None,
        source: None,
    }
}

fn on(peers: &[&str]) -> Placement {
    Placement::On(peers.iter().map(|peer| (*peer).to_owned()).collect())
}

async fn put(rows: &dyn SharedRows, pin: NewClusterPin) -> ClusterPin {
    let mut written = rows.put_cluster_pins(vec![pin]).await.expect("a pin");
    written.pop().expect("one pin")
}

async fn join(rows: &dyn SharedRows, peer: &str) -> Lease {
    rows.join_cluster(peer, "{}", TERM).await.expect("a lease")
}

/// Pins what is due, and counts it.
async fn pin_all(rows: &dyn SharedRows, lease: &Lease) -> usize {
    let claimed = rows.claim_holdings(lease, 100).await.expect("work");
    for claim in &claimed {
        let done = rows
            .finish_holding(lease, &claim.pin, Outcome::Pinned)
            .await;
        assert!(done.expect("finishing"));
    }
    claimed.len()
}

async fn holders(rows: &dyn SharedRows, text: &str) -> Vec<(String, bool, HoldingStatus)> {
    let row = rows.cluster_status(&cid(text)).await.expect("a status");
    let holdings = row.expect("a pin").holdings.into_iter();
    holdings
        .map(|holding| (holding.peer, holding.assigned, holding.status))
        .collect()
}

async fn renew(rows: &dyn SharedRows, lease: &Lease, term: Duration) -> Renewal {
    let metric = NewMetric {
        name: "freespace".to_owned(),
        value: "12".to_owned(),
        weight: 12,
        partitionable: false,
        term,
    };
    let tag = NewMetric {
        name: "tag:group".to_owned(),
        value: "a".to_owned(),
        weight: 0,
        partitionable: true,
        term,
    };
    let outage = Duration::from_secs(3600);
    rows.renew_lease(lease, r#"{"new":1}"#, vec![metric, tag], term, outage, NOW)
        .await
        .expect("a renewal")
}
