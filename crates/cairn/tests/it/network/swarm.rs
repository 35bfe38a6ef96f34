//! Connections, addresses, filters and peerings.

use cairn_node::Node;
use serde_json::json;

use super::Online;
use super::fake::{ADDRESS, PEER};

#[tokio::test]
async fn connections_are_opened_listed_and_closed() {
    let online = Online::start(false).await;
    let target = format!("{ADDRESS}/p2p/{PEER}");
    assert_eq!(online.one("swarm/peers").await, json!({ "Peers": null }));
    let connect = format!("swarm/connect?arg={target}");
    let connected = json!({ "Strings": [format!("connect {PEER} success")] });
    assert_eq!(online.one(&connect).await, connected);
    assert_eq!(
        online.one("swarm/connect?arg=/dnsaddr/x.example").await,
        connected
    );
    let nobody = online
        .refused("swarm/connect?arg=/ip4/192.0.2.1/tcp/1")
        .await;
    assert!(
        nobody.contains("found no ipfs peers at /ip4/192.0.2.1/tcp/1"),
        "{nobody}"
    );
    let refused = format!("swarm/connect?arg=/ip4/192.0.2.1/tcp/1/p2p/{PEER}");
    let refused = online.refused(&refused).await;
    assert!(
        refused.contains(&format!("connect {PEER} failure: failed to dial: ")),
        "{refused}"
    );

    let empty = json!({ "Addresses": null, "AgentVersion": "", "ID": "", "Protocols": null, "PublicKey": "" });
    assert_eq!(
        online.one("swarm/peers").await,
        json!({ "Peers": [{ "Addr": ADDRESS, "Peer": PEER, "Identify": empty }] })
    );
    let verbose = online.one("swarm/peers?verbose=true").await;
    assert_eq!(
        verbose["Peers"][0],
        json!({
            "Addr": ADDRESS,
            "Direction": 2,
            "Identify": {
                "Addresses": [target],
                "AgentVersion": "cairn/99.0.0",
                "ID": PEER,
                "Protocols": ["/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"],
                "PublicKey": "CAE=",
            },
            "Latency": "559µs",
            "Peer": PEER,
            "Streams": [{ "Protocol": "/ipfs/lan/kad/1.0.0" }, { "Protocol": "/meshsub/1.3.0" }],
        })
    );
    let found = online.one("version/check").await;
    assert_eq!(
        (
            &found["UpdateAvailable"],
            &found["GreatestVersion"],
            &found["PeersSampled"]
        ),
        (&json!(true), &json!("99.0.0"), &json!(2))
    );
    let disconnect = format!("swarm/disconnect?arg={target}");
    for outcome in ["success", "failure: conn not found"] {
        let expected = json!({ "Strings": [format!("disconnect {PEER} {outcome}")] });
        assert_eq!(online.one(&disconnect).await, expected);
    }
    // A request that does not contact peers lists none.
    let offline = online.refused("swarm/peers?offline=true").await;
    assert!(offline.contains("must be run in online mode"), "{offline}");
}

#[tokio::test]
async fn addresses_filters_peerings_and_resources() {
    let online = Online::start(false).await;
    let own = online.node.identity().peer_id().to_string();
    assert_eq!(
        online.one("swarm/addrs").await,
        json!({ "Addrs": { PEER: [ADDRESS], (own.clone()): ["/ip4/192.0.2.9/tcp/4001"] } })
    );
    assert_eq!(
        online.one("swarm/addrs/local?id=true").await,
        json!({ "Strings": [format!("/ip4/192.0.2.9/tcp/4001/p2p/{own}")] })
    );
    assert_eq!(
        online.one("swarm/addrs/listen").await,
        json!({ "Strings": ["/ip4/127.0.0.1/tcp/4001", "/p2p-circuit"] })
    );
    assert_eq!(
        online.one("swarm/addrs/autonat").await,
        json!({ "reachability": "Public", "reachable": ["/ip4/192.0.2.9/tcp/4001"] })
    );
    let id = online.one("id").await;
    assert_eq!(
        id["Addresses"],
        json!([format!("/ip4/192.0.2.9/tcp/4001/p2p/{own}")])
    );
    assert_eq!(
        online.one(&format!("id?arg={PEER}")).await["AgentVersion"],
        "cairn/99.0.0"
    );

    let range = "/ip4/192.168.0.0/ipcidr/16";
    let list = json!({ "Strings": [range] });
    assert_eq!(
        online.one("swarm/filters").await,
        json!({ "Strings": null })
    );
    assert_eq!(
        online.one(&format!("swarm/filters/add?arg={range}")).await,
        list
    );
    assert_eq!(online.one("swarm/filters").await, list);
    let stored = |node: &Node| {
        node.config_file()
            .document()
            .unwrap()
            .get("Swarm.AddrFilters")
            .cloned()
    };
    assert_eq!(stored(&online.node).unwrap(), json!([range]));
    assert_eq!(
        online.one(&format!("swarm/filters/rm?arg={range}")).await,
        list
    );
    assert_eq!(
        online.one("swarm/filters").await,
        json!({ "Strings": null })
    );
    let bad = online.refused("swarm/filters/add?arg=zz").await;
    assert!(bad.contains("invalid multiaddr-filter format"), "{bad}");

    let done = json!({ "ID": PEER, "Status": "success" });
    assert_eq!(online.one("swarm/peering/ls").await, json!({ "Peers": [] }));
    let add = format!("swarm/peering/add?arg={ADDRESS}/p2p/{PEER}");
    assert_eq!(online.one(&add).await, done);
    assert_eq!(
        online.one("swarm/peering/ls").await,
        json!({ "Peers": [{ "Addrs": [ADDRESS], "ID": PEER }] })
    );
    assert_eq!(
        online.one(&format!("swarm/peering/rm?arg={PEER}")).await,
        done
    );

    let usage = online.one("swarm/resources").await;
    assert_eq!(usage["Peers"][PEER]["Conns"], "default");
    assert_eq!(usage["Peers"][PEER]["MemoryUsage"], 1 << 20);
    assert_eq!(usage["System"]["Memory"], "0");
}
