//! Content that is larger than what one peer takes.

use std::collections::BTreeMap;

use cairn_testkit::fixture::stream;
use cairn_testkit::postgres::Cluster as Postgres;
use serde_json::{Value, json};

use super::rest::{Peer, until};

/// Space of each peer, in bytes.
const SPACE: u64 = 7 << 20;

/// Size of the content, in bytes.
const SIZE: usize = 12 << 20;

/// The values of a metric by peer.
fn metric(peer: &Peer, name: &str) -> BTreeMap<String, u64> {
    let metrics = peer.json("GET", &format!("/monitor/metrics/{name}"));
    let metrics = metrics.as_array().unwrap().iter();
    let number = |value: &Value| value.as_str().unwrap().parse().unwrap();
    metrics
        .map(|metric| {
            let id = metric["peer"].as_str().unwrap();
            (id.to_owned(), number(&metric["value"]))
        })
        .collect()
}

#[test]
fn shards_are_spread_over_peers_that_have_no_space_for_the_whole() {
    let Some(postgres) = Postgres::start_or_skip() else {
        return;
    };
    let url = postgres.database().unwrap();
    let settings = [("Heartbeat", json!(1))];
    let peers: Vec<Peer> = (0..3)
        .map(|_| {
            let repository = Peer::repository(Some(&url), &settings);
            repository
                .configure(|config| config["Datastore"]["StorageMax"] = json!(format!("{SPACE}B")))
                .unwrap();
            Peer::run(repository)
        })
        .collect();
    until("all have metrics", || {
        metric(&peers[0], "freespace").len() == 3
    });
    let free = metric(&peers[0], "freespace");
    assert!(
        free.values()
            .all(|&free| free < SIZE as u64 && free > SIZE as u64 / 3)
    );

    let query = "shard=true&shard-size=1000000&replication=1&name=large";
    peers[0].add("large", &stream("large", SIZE), query);
    let shards = peers[0].lines("/allocations?filter=shard-pin");
    assert!(shards.len() >= SIZE / 1_000_000, "{}", shards.len());
    let mut placed: BTreeMap<&str, u64> = BTreeMap::new();
    for shard in &shards {
        let on = shard["allocations"].as_array().unwrap();
        assert_eq!(on.len(), 1, "{shard}");
        let bytes = shard["shard_size"].as_u64().unwrap();
        *placed.entry(on[0].as_str().unwrap()).or_default() += bytes;
    }
    assert_eq!(placed.len(), 3);
    for (peer, bytes) in placed {
        assert!(bytes <= free[peer], "{peer} gets {bytes} of {}", free[peer]);
    }

    // Each gets its shards from the one that was asked.
    until("each shard is where it should be", || {
        shards.iter().all(|shard| {
            let cid = shard["cid"].as_str().unwrap();
            let holders = peers[1].holders(cid);
            json!(holders) == shard["allocations"]
        })
    });
}
