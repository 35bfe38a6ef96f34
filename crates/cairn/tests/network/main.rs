//! Commands about peers, over a network that a test implements: the forms of the answers are those that Kubo 0.42 gave while
//! online (`kubo-0.42.0-online` among the recordings).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;

use std::sync::Arc;
use std::time::Duration;

use cairn_client::{InProcess, Kubo, Part, Records, Upload};
use cairn_http::kubo::Rpc;
use cairn_node::{InitOptions, Node, NodeOptions, Repo};
use cairn_wire::kubo::pubsub::sub::{PubsubMessage, PubsubSub};
use cairn_wire::kubo::{Command as _, SPECS};
use cairn_wire::{Values, shape::BodyKind};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use fake::{ADDRESS, Fake, PEER};

struct Online {
    _folder: tempfile::TempDir,
    node: Arc<Node>,
    network: Arc<Fake>,
    kubo: Kubo,
}

impl Online {
    async fn start(compat: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = InitOptions {
            profile: Some("test".into()),
            empty_repo: true,
            ..InitOptions::default()
        };
        Repo::init(folder.path(), &options).await.unwrap();
        let node = Node::open(folder.path(), NodeOptions::default())
            .await
            .unwrap();
        let node = Arc::new(node);
        if compat {
            let version = Value::from("0.7");
            node.config_file().set("API.Compat", version).unwrap();
        }
        let network = Arc::new(Fake::new());
        node.set_network(Some(network.clone()));
        let rpc = Rpc::in_process(Arc::clone(&node), CancellationToken::new());
        let router = cairn_http::kubo::router(Arc::new(rpc));
        Self {
            _folder: folder,
            node,
            network,
            kubo: Kubo::new(InProcess::new(router)),
        }
    }

    /// The records that a command answers, or its error.
    async fn call(&self, command: &str, data: Option<&'static [u8]>) -> Result<Vec<Value>, String> {
        let (path, query) = command.split_once('?').unwrap_or((command, ""));
        let known =
            |spec: &&cairn_wire::kubo::Spec| spec.path == path || spec.aliases.contains(&path);
        let spec = SPECS.iter().find(known).unwrap();
        let values = Values::from_query(query).unwrap();
        let upload = match spec.body {
            BodyKind::Nothing => None,
            _ => Some(Upload::one(Part::bytes("f", data.unwrap_or_default()))),
        };
        let answer = self.kubo.send(spec, values, upload).await;
        let mut records = Records::<Value>::new(answer.map_err(|error| error.to_string())?);
        let mut all = Vec::new();
        loop {
            match records.next().await {
                Ok(Some(record)) => all.push(record),
                Ok(None) => return Ok(all),
                Err(error) => return Err(format!("{error} after {all:?}")),
            }
        }
    }

    /// The one record of an answer.
    async fn one(&self, command: &str) -> Value {
        let mut records = self.call(command, None).await.unwrap();
        assert_eq!(records.len(), 1, "{command}: {records:?}");
        records.remove(0)
    }

    async fn refused(&self, command: &str) -> String {
        self.call(command, None).await.unwrap_err()
    }
}

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
        let said = json!({ "Strings": [format!("disconnect {PEER} {outcome}")] });
        assert_eq!(online.one(&disconnect).await, said);
    }
    // A request that asks no peers has none.
    let offline = online.refused("swarm/peers?offline=true").await;
    assert!(offline.contains("must be run in online mode"), "{offline}");
}

#[tokio::test]
async fn addresses_filters_peerings_and_resources() {
    let online = Online::start(false).await;
    let own = online.node.identity().peer_id().to_string();
    assert_eq!(
        online.one("swarm/addrs").await,
        json!({ "Addrs": { PEER: [ADDRESS] } })
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
            [step(0, PEER, Value::Null), step(2, "", peer.clone())]
        );
        let found = online
            .call(&format!("{group}/findprovs?arg=bafkqaaa"), None)
            .await;
        assert_eq!(
            found.unwrap(),
            [step(0, PEER, Value::Null), step(4, "", peer.clone())]
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
            .all(|(_, again)| !again)
    );
    for group in ["routing", "dht"] {
        let events = online
            .call(&format!("{group}/provide?arg={root}&recursive=true"), None)
            .await;
        assert_eq!(events.unwrap(), Vec::<Value>::new());
        let provided: Vec<_> = online.network.provided.lock().unwrap().drain(..).collect();
        assert_eq!(provided.len(), 4);
        assert!(provided.iter().all(|(_, again)| *again));
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

/// The next message of a subscription.
async fn message(messages: &mut Records<PubsubMessage>) -> PubsubMessage {
    let next = tokio::time::timeout(Duration::from_secs(30), messages.next());
    next.await.unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn messages_are_published_and_received() {
    let online = Online::start(false).await;
    let subscribe = Values::from_query("arg=uZ29sZGVu").unwrap();
    // It is answered before there is a message.
    let answer = online
        .kubo
        .send(&PubsubSub::SPEC, subscribe, None)
        .await
        .unwrap();
    let mut messages = Records::<PubsubMessage>::new(answer);
    online
        .call("pubsub/pub?arg=uZ29sZGVu", Some(b"hello\xff"))
        .await
        .unwrap();
    online
        .call("pubsub/pub?arg=ueA", Some(b"of another topic"))
        .await
        .unwrap();
    let first = message(&mut messages).await;
    assert_eq!(first.payload().unwrap(), b"hello\xff");
    assert_eq!((&*first.from, &*first.seqno), (PEER, "uAAE"));
    assert_eq!(first.topic_ids, ["uZ29sZGVu"]);
    assert_eq!(
        online.one("pubsub/ls").await,
        json!({ "Strings": ["uZ29sZGVu"] })
    );
    assert_eq!(
        online.one("pubsub/peers").await,
        json!({ "Strings": [PEER] })
    );
    assert_eq!(online.one("pubsub/reset").await, json!({ "deleted": 2 }));
    let bad = online
        .call("pubsub/pub?arg=golden", Some(b"x"))
        .await
        .unwrap_err();
    assert!(bad.contains("URL arg must be multibase encoded"), "{bad}");
    let wrong = online
        .call("pubsub/pub?arg=mZ29sZGVu", Some(b"x"))
        .await
        .unwrap_err();
    assert!(
        wrong.contains("URL arg must be base64url encoded"),
        "{wrong}"
    );
}

#[tokio::test]
async fn older_forms_for_programs_of_then() {
    let online = Online::start(true).await;
    let target = format!("{ADDRESS}/p2p/{PEER}");
    online.one(&format!("swarm/connect?arg={target}")).await;
    let peers = online.one("swarm/peers").await;
    assert_eq!(peers["Strings"], json!([target]));
    assert_eq!(peers["Peers"][0]["Peer"], PEER);
    assert_eq!(online.one("id").await["ProtocolVersion"], "ipfs/0.1.0");

    let subscribe = Values::from_query("arg=golden").unwrap();
    let answer = online
        .kubo
        .send(&PubsubSub::SPEC, subscribe, None)
        .await
        .unwrap();
    let mut messages = Records::<PubsubMessage>::new(answer);
    // The payload is an argument, and there is no file.
    let publish = SPECS.iter().find(|spec| spec.path == "pubsub/pub").unwrap();
    let values = Values::from_query("arg=golden&arg=hello&arg=again").unwrap();
    online.kubo.send(publish, values, None).await.unwrap();
    for text in ["aGVsbG8=", "YWdhaW4="] {
        let message = message(&mut messages).await;
        assert_eq!(
            (&*message.data, &message.topic_ids[..]),
            (text, &["golden".to_owned()][..])
        );
    }
    assert_eq!(
        online.one("pubsub/ls").await,
        json!({ "Strings": ["golden"] })
    );
    let nothing = online
        .kubo
        .send(publish, Values::from_query("arg=golden").unwrap(), None)
        .await;
    assert!(nothing.is_err());
}
