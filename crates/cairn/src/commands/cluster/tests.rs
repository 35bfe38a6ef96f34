use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use cairn_client::cluster::{ConnectGraph, GlobalPinInfo, Pin, PinInfo, Time, TrackerStatus};

use super::{health, print};

const CID: &str = "bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna";

#[test]
fn the_status_has_a_line_for_each_peer() {
    let at: Time = "2026-11-21T11:09:42.5Z".parse().unwrap();
    let good = PinInfo {
        peername: "one".to_owned(),
        status: TrackerStatus::Pinned,
        timestamp: at,
        ..PinInfo::default()
    };
    let bad = PinInfo {
        status: TrackerStatus::PinError,
        timestamp: at,
        error: "no\u{1b}[2J space".to_owned(),
        attempt_count: 3,
        ..PinInfo::default()
    };
    let info = GlobalPinInfo {
        cid: CID.parse().unwrap(),
        name: "holiday".to_owned(),
        allocations: Vec::new(),
        origins: None,
        created: at,
        metadata: None,
        peer_map: BTreeMap::from([("QmOne".to_owned(), good), ("QmTwo".to_owned(), bad)]),
    };
    insta::assert_snapshot!(print::status(&info), @r"
    bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna holiday
      one   pinned    2026-11-21T11:09:42Z
      QmTwo pin_error 2026-11-21T11:09:42Z no\u{1b}[2J space; attempts: 3
    ");
}

#[test]
fn pins_are_a_table() {
    let mut pin = Pin::new(CID.parse().unwrap());
    let all = print::pin(&pin);
    pin.name = "a name".to_owned();
    (pin.replication_factor_min, pin.replication_factor_max) = (1, 3);
    pin.allocations = vec!["QmOne".to_owned(), "QmTwo".to_owned()];
    pin.timestamp = "2026-11-21T11:09:42Z".parse().unwrap();
    let table = print::rows(print::PIN, vec![all, print::pin(&pin)]);
    insta::assert_snapshot!(table, @r"
    CID                                                         NAME   TYPE      REPLICATION PEERS       EXPIRES ADDED
    bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna -      recursive all         all         -       -
    bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna a name recursive 1 to 3      QmOne,QmTwo -       2026-11-21T11:09:42Z
    ");
}

#[test]
fn distances_have_one_unit() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    for (seconds, expected) in [(5, "in 5s"), (600, "in 10m"), (90_000, "in 25h")] {
        assert_eq!(
            print::distance(now, now + Duration::from_secs(seconds)),
            expected
        );
    }
    assert_eq!(
        print::distance(now, now - Duration::from_secs(400_000)),
        "4d ago"
    );
}

#[test]
fn the_graph_is_for_graphviz() {
    let text = |text: &str| text.to_owned();
    let graph = ConnectGraph {
        cluster_id: text("A"),
        id_to_peername: BTreeMap::from([(text("A"), text("one\"")), (text("B"), text("two"))]),
        ipfs_links: BTreeMap::from([(text("I"), vec![text("J")])]),
        cluster_links: BTreeMap::from([(text("A"), vec![text("B")]), (text("B"), vec![])]),
        cluster_trust_links: BTreeMap::new(),
        cluster_to_ipfs: BTreeMap::from([(text("A"), text("I")), (text("B"), text("B"))]),
    };
    insta::assert_snapshot!(health::dot(&graph), @r#"
    digraph cluster {
      "A" [label="one\"", shape=box, style=bold];
      "B" [label="two", shape=box];
      "I" [shape=ellipse];
      "A" -> "B";
      "A" -> "I" [style=dashed];
      "I" -> "J";
    }
    "#);
}
