//! Several peers on one PostgreSQL database.

use cairn_testkit::fixture::stream;
use cairn_testkit::postgres::Cluster as Postgres;
use serde_json::{Value, json};

use super::rest::{Peer, until};

/// Leases that end soon.
fn quick() -> Vec<(&'static str, Value)> {
    vec![("Heartbeat", json!(1)), ("ReplaceAfter", json!(2))]
}

fn others<'a>(peers: &'a [Peer], ids: &[String]) -> Vec<&'a Peer> {
    peers
        .iter()
        .filter(|peer| !ids.contains(&peer.id()))
        .collect()
}

#[test]
fn three_peers_keep_two_replicas() {
    let Some(mut postgres) = Postgres::start_or_skip() else {
        return;
    };
    let url = postgres.database().unwrap();
    let settings = quick();
    let mut peers: Vec<Peer> = (0..3).map(|_| Peer::on(Some(&url), &settings)).collect();
    until("all peers are seen", || peers[0].lines("/peers").len() == 3);
    until("all have metrics", || {
        let metrics = peers[0].json("GET", "/monitor/metrics/freespace");
        metrics.as_array().unwrap().len() == 3
    });

    // An add is answered when it is in the pinset; the second copy comes from the first.
    let data = stream("big", 3_000_000);
    let cid = peers[0].add("big.bin", &data, "replication=2&name=big");
    until("two peers have it", || peers[1].holders(&cid).len() == 2);
    let everywhere = peers[1].add("small.txt", b"everywhere", "name=all");
    until("all peers have it", || {
        peers[2].holders(&everywhere).len() == 3
    });
    let listed = peers[2].lines("/pins?filter=pinned");
    assert_eq!(listed.len(), 2);

    // One that was added where it should not stay is copied, and let go there.
    let target = peers[2].id();
    let moved = peers[0].add(
        "moved.txt",
        b"moved",
        &format!("replication=1&user-allocations={target}"),
    );
    until("it moves", || peers[1].holders(&moved) == [target.clone()]);

    // A peer that is killed is replaced when its lease has run out.
    let holders = peers[0].holders(&cid);
    let victim = peers
        .iter()
        .position(|peer| holders.contains(&peer.id()))
        .unwrap();
    let gone = peers.remove(victim);
    let gone_id = gone.id();
    let repository = gone.kill();
    until("its pin moves to the third peer", || {
        let holders = peers[0].holders(&cid);
        holders.len() == 2 && !holders.contains(&gone_id)
    });
    let status = peers[0].json("GET", &format!("/pins/{everywhere}"));
    assert_eq!(status["peer_map"][&gone_id]["status"], "cluster_error");

    // One that returns lets go of what others have now.
    let back = Peer::run(repository);
    until("its old pin is let go", || {
        back.repository
            .run(&["pin", "ls", "--type=recursive"])
            .is_ok()
            && back
                .statuses(&cid)
                .iter()
                .all(|(peer, status)| peer != &gone_id || status == "remote")
    });
    until("it has again what all have", || {
        back.holders(&everywhere).len() == 3
    });
    peers.push(back);

    // A restart of the database moves nothing.
    let before = peers[0].json("GET", &format!("/allocations/{cid}"));
    postgres.stop().unwrap();
    let answer = peers[0].ask("POST", &format!("/pins/{cid}?replication=1"));
    assert_eq!(answer.status, 503, "{}", answer.text());
    postgres.restart().unwrap();
    until("the peers are back", || {
        peers
            .iter()
            .all(|peer| peer.ask("GET", "/id").status == 200)
    });
    assert_eq!(peers[0].json("GET", &format!("/allocations/{cid}")), before);

    // Draining moves what a peer has, and removes it.
    until("what the peers have is known again", || {
        peers[0].holders(&cid).len() == 2
    });
    let id = peers[0].holders(&cid)[0].clone();
    let asked = others(&peers, std::slice::from_ref(&id))[0];
    assert_eq!(asked.ask("DELETE", &format!("/peers/{id}")).status, 204);
    until("the drained peer is removed", || {
        let seen = asked.lines("/peers");
        seen.iter().all(|peer| peer["id"] != id.as_str())
    });
    assert_eq!(asked.holders(&cid).len(), 2);

    // An expired pin goes.
    let short = asked.add("short.txt", b"short", "expire-in=1s");
    until("the expired pin goes", || {
        asked.ask("GET", &format!("/allocations/{short}")).status == 404
    });
    let removed = asked.ask("DELETE", &format!("/pins/{cid}"));
    assert_eq!(removed.status, 200);
    assert!(asked.holders(&cid).is_empty());
}

#[test]
fn a_shared_shard_survives_the_unpinning_of_one_owner() {
    let peer = Peer::start(&[]);
    // Two files that begin alike have their first shards in common.
    let mut one = vec![7_u8; 900_000];
    let mut two = one.clone();
    for (place, byte) in one.iter_mut().enumerate().take(600_000) {
        *byte = u8::try_from(place % 251).unwrap();
    }
    two[..600_000].copy_from_slice(&one[..600_000]);
    two[899_999] = 8;
    let query = "shard=true&shard-size=400000";
    let _ = peer.add("one", &one, &format!("{query}&name=one"));
    let _ = peer.add("two", &two, &format!("{query}&name=two"));
    let metas = peer.lines("/allocations?filter=meta-pin");
    assert_eq!(metas.len(), 2);
    let before = peer.lines("/allocations?filter=shard-pin").len();
    let first = metas[0]["cid"].as_str().unwrap();
    assert_eq!(peer.ask("DELETE", &format!("/pins/{first}")).status, 200);
    let left = peer.lines("/allocations?filter=shard-pin");
    assert!(
        !left.is_empty() && left.len() < before,
        "{} of {before}",
        left.len()
    );
    for shard in left {
        let cid = shard["cid"].as_str().unwrap();
        assert_eq!(peer.holders(cid).len(), 1);
    }
    let second = metas[1]["cid"].as_str().unwrap();
    assert_eq!(peer.ask("DELETE", &format!("/pins/{second}")).status, 200);
    assert!(peer.lines("/allocations").is_empty());
}
