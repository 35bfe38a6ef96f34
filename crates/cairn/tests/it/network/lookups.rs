//! Lookups, announcements and counters.

use cairn_primitives::Cid;
use serde_json::{Value, json};

use super::Online;
use super::fake::{ADDRESS, PEER};

#[tokio::test]
async fn lookups_tell_their_steps() {
    let online = Online::start(false).await;
    let step = |kind: u8, id: &str, responses: Value| json!({ "Extra": "", "ID": id, "Responses": responses, "Type": kind });
    let peer = json!([{ "Addrs": [ADDRESS], "ID": PEER }]);
    let key = "k51qzi5uqu5dlp9v9n9ymuh18el4fg85yhh5e4me7nyxf3e0hb8grox773q52c";
    for group in ["routing", "dht"] {
        let found = online
            .call(&format!("{group}/findpeer?arg={PEER}"), None)
            .await;
        assert_eq!(
            found.unwrap(),
            [
                step(0, PEER, Value::Null),
                step(1, PEER, peer.clone()),
                step(2, "", peer.clone())
            ]
        );
        let found = online
            .call(&format!("{group}/findprovs?arg=bafkqaaa"), None)
            .await;
        assert_eq!(
            found.unwrap(),
            [
                step(0, PEER, Value::Null),
                step(1, PEER, peer.clone()),
                step(4, "", peer.clone())
            ]
        );
        let absent = online.refused(&format!("{group}/get?arg=/pk/{key}")).await;
        assert!(absent.contains("routing: not found"), "{absent}");
        let put = format!("{group}/put?arg=/ipns/{key}");
        online.call(&put, Some(b"record")).await.unwrap();
        let got = online
            .call(&format!("{group}/get?arg=/ipns/{key}"), None)
            .await;
        let last = got.unwrap().pop().unwrap();
        assert_eq!(
            (&last["Extra"], &last["Type"]),
            (&json!("cmVjb3Jk"), &json!(5))
        );
    }
    let closest = online
        .call(&format!("dht/query?arg={PEER}"), None)
        .await
        .unwrap();
    assert_eq!(closest, [step(2, PEER, Value::Null)]);
    assert!(
        online
            .refused("routing/findprovs?arg=zz")
            .await
            .contains("invalid")
    );
    let large = online
        .call(
            &format!("routing/put?arg=/ipns/{key}"),
            Some(&[0; 11 << 10]),
        )
        .await;
    assert!(large.unwrap_err().contains("longer than 10240 bytes"));
    let table = online.call("stats/dht?arg=lan", None).await.unwrap();
    assert_eq!(
        table[0]["Buckets"][0],
        json!({ "LastRefresh": "", "Peers": null })
    );
    assert_eq!(
        table[0]["Buckets"][1]["LastRefresh"],
        "1970-01-01T00:00:00Z"
    );
    assert_eq!(table[0]["Buckets"][1]["Peers"][0]["ID"], PEER);
}

#[tokio::test]
async fn new_roots_are_announced_first() {
    let online = Online::start(false).await;
    let announced = async |command: &str, body: Option<&'static [u8]>| {
        let records = online.call(command, body).await.unwrap();
        let soon: Vec<_> = online.network.soon.lock().unwrap().drain(..).collect();
        let provided: Vec<_> = online.network.provided.lock().unwrap().drain(..).collect();
        (records, soon, provided)
    };
    let add = "add?chunker=size-1";
    let (records, soon, provided) = announced(add, Some(b"abc")).await;
    let root = records.last().unwrap()["Hash"].as_str().unwrap().to_owned();
    let cid: Cid = root.parse().unwrap();
    assert_eq!(
        (soon.as_slice(), provided.len()),
        ([cid.clone()].as_slice(), 0)
    );
    for quiet in ["fast-provide-root=false", "offline=true"] {
        let (_, soon, provided) = announced(&format!("{add}&{quiet}"), Some(b"abc")).await;
        assert!(soon.is_empty() && provided.is_empty(), "{quiet}");
    }
    // Whoever waits is told when peers have it.
    for (dag, blocks) in [(false, 1), (true, 4)] {
        let waits = format!("fast-provide-wait=true&fast-provide-dag={dag}");
        for (command, body) in [
            (format!("{add}&{waits}"), Some(b"abc".as_slice())),
            (format!("pin/add?arg={root}&{waits}"), None),
            (format!("pin/update?arg={root}&arg={root}&{waits}"), None),
        ] {
            let (_, soon, provided) = announced(&command, body).await;
            assert_eq!((soon.len(), provided.len()), (0, blocks), "{command}");
            assert_eq!(provided[0], (cid.clone(), true), "{command}");
        }
    }
}

#[tokio::test]
async fn content_is_announced() {
    let online = Online::start(false).await;
    let added = online
        .call("add?chunker=size-1&pin=false", Some(b"abc"))
        .await
        .unwrap();
    let root = added.last().unwrap()["Hash"].as_str().unwrap().to_owned();
    let nobody = online.refused(&format!("provide/once?arg={root}")).await;
    assert!(nobody.contains("no connected peers"), "{nobody}");
    online
        .one(&format!("swarm/connect?arg={ADDRESS}/p2p/{PEER}"))
        .await;
    let queued = online
        .call(&format!("provide/once?arg={root}"), None)
        .await
        .unwrap();
    assert_eq!(queued, [json!({ "Queued": root })]);
    let queued = online
        .call(&format!("provide/once?arg={root}&recursive=true"), None)
        .await;
    assert_eq!(queued.unwrap().len(), 4);
    assert!(
        online
            .network
            .provided
            .lock()
            .unwrap()
            .drain(..)
            .all(|(_, waits)| !waits)
    );
    for group in ["routing", "dht"] {
        let events = online
            .call(&format!("{group}/provide?arg={root}&recursive=true"), None)
            .await;
        assert_eq!(events.unwrap(), Vec::<Value>::new());
        let provided: Vec<_> = online.network.provided.lock().unwrap().drain(..).collect();
        assert_eq!(provided.len(), 4);
        assert!(provided.iter().all(|(_, waits)| *waits));
    }
    let absent = online
        .refused("routing/provide?arg=bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy")
        .await;
    assert!(
        absent.contains("not found locally, cannot provide"),
        "{absent}"
    );
    assert_eq!(online.one("provide/clear").await, json!(3));
    for name in ["provide/stat", "stats/provide", "stats/reprovide"] {
        let stat = online.one(name).await;
        assert_eq!(stat["Sweep"]["queues"]["pending_key_provides"], 3);
        assert_eq!(
            (&stat["Legacy"], &stat["FullRT"]),
            (&Value::Null, &json!(false))
        );
    }
}

#[tokio::test]
async fn exchanges_bandwidth_and_round_trips_are_shown() {
    let online = Online::start(false).await;
    for name in ["bitswap/stat", "stats/bitswap"] {
        assert_eq!(
            online.one(name).await,
            json!({
                "BlocksReceived": 1, "BlocksSent": 6, "DataReceived": 2, "DataSent": 7,
                "DupBlksReceived": 3, "DupDataReceived": 4, "MessagesReceived": 5,
                "Peers": [PEER], "Wantlist": [{ "/": "bafkqaaa" }],
            })
        );
    }
    assert_eq!(
        online.one("bitswap/wantlist").await,
        json!({ "Keys": [{ "/": "bafkqaaa" }] })
    );
    assert_eq!(
        online.one(&format!("bitswap/wantlist?peer={PEER}")).await,
        json!({ "Keys": null })
    );
    assert_eq!(
        online.one(&format!("bitswap/ledger?arg={PEER}")).await,
        json!({ "Peer": PEER, "Value": 2.0, "Sent": 10, "Recv": 4, "Exchanged": 2 })
    );
    let bandwidth = json!({ "TotalIn": 1706, "TotalOut": 1692, "RateIn": 32.5, "RateOut": 0.0 });
    assert_eq!(online.one("stats/bw").await, bandwidth);
    let both = online
        .refused(&format!("stats/bw?peer={PEER}&proto=x"))
        .await;
    assert!(
        both.contains("please only specify peer OR protocol"),
        "{both}"
    );

    let pings = online
        .call(&format!("ping?arg={PEER}&count=1"), None)
        .await
        .unwrap();
    let step = |time: u64, text: &str| json!({ "Success": true, "Time": time, "Text": text });
    assert_eq!(
        pings,
        [
            step(0, &format!("PING {PEER}.")),
            step(397_000, ""),
            step(0, "Average latency: 0.40ms"),
        ]
    );
    let own = online.node.identity().peer_id();
    let own = online.refused(&format!("ping?arg={own}")).await;
    assert!(own.contains("error: can't ping self"), "{own}");
}
