//! A node whose services store their content in another one, through the RPC of Kubo.

use cairn_primitives::Block;
use cairn_testkit::fixture::stream;
use cairn_testkit::http::{self, Request};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use cairn_testkit::wait;
use serde_json::{Value, json};

use crate::support::repository;
use crate::upload::blocks::{car, leaf, node};

/// The name of a recursive pin; `None` if there is no pin.
fn pin_name(kubo: &Rpc, cid: &str) -> Option<String> {
    let listed = kubo.call("pin/ls?type=recursive&names=true", None).unwrap();
    let listed: Value = serde_json::from_slice(&listed.body).unwrap();
    let pin = listed["Keys"].get(cid)?;
    Some(pin["Name"].as_str().unwrap_or_default().to_owned())
}

fn wait_for(what: &str, done: impl FnMut() -> bool) {
    assert!(wait::until(done), "{what}");
}

/// A daemon whose services store their content in another one.
struct Front {
    // Before their repositories, which the daemons use until they end.
    daemon: Daemon,
    _store: Daemon,
    repository: Repository,
    _store_repository: Repository,
    kubo: Rpc,
    token: String,
}

impl Front {
    fn start() -> Self {
        let hurried = json!({ "RetryWait": "1s", "Search": "1s", "Stall": "2s" });
        Self::start_with(|config| config["PinQueue"] = hurried)
    }

    fn start_with(configure: impl FnOnce(&mut Value)) -> Self {
        let (store, front) = (repository(), repository());
        let kubo = store.start(&["--offline"]).unwrap();
        let address = kubo.rpc_multiaddr().unwrap();
        front
            .configure(|config| {
                config["Backend"] = json!({ "Kubo": address });
                configure(config);
            })
            .unwrap();
        let token = front.token(&["test", "--scope", "pin,upload,read"]);
        Self {
            daemon: front.start(&["--offline"]).unwrap(),
            repository: front,
            kubo: Rpc::new(&kubo.rpc()),
            _store: kubo,
            _store_repository: store,
            token: token.unwrap(),
        }
    }

    fn call(&self, base: &str, method: &str, target: &str, body: Option<(&str, &[u8])>) -> Value {
        let answer = http::with_token(base, &self.token, method, target, body).unwrap();
        let status = answer.status;
        assert!((200..300).contains(&status), "{target}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    fn upload_car(&self, car: &[u8]) -> Value {
        let upload = self.daemon.upload().unwrap();
        let body = Some(("application/car", car));
        self.call(&upload, "POST", "/upload", body)["value"].take()
    }

    fn is_stored(&self, block: &Block) -> bool {
        self.kubo.block_get(&block.cid.to_string()).is_ok()
    }
}

/// A DAG in three parts: its blocks below the root, and CARs.
fn in_parts() -> (Block, Vec<Block>, Vec<Vec<u8>>) {
    let leaves: Vec<Block> = (0_u32..30).map(|at| leaf(&at.to_le_bytes())).collect();
    let middles: Vec<Block> = leaves
        .chunks(10)
        .map(|some| node(&some.iter().collect::<Vec<_>>()))
        .collect();
    let root = node(&middles.iter().collect::<Vec<_>>());
    let parts = middles.iter().zip(leaves.chunks(10)).map(|(middle, some)| {
        let mut blocks = vec![&root, middle];
        blocks.extend(some);
        car(&[&root], &blocks)
    });
    let parts = parts.collect();
    let mut below = middles;
    below.extend(leaves);
    (root, below, parts)
}

#[test]
fn a_car_in_parts_is_complete_with_its_last_part() {
    let front = Front::start();
    let (root, below, parts) = in_parts();
    let own = Rpc::new(&front.daemon.rpc());
    for (at, part) in parts.iter().enumerate() {
        let stored = front.upload_car(part);
        let is_last = at + 1 == parts.len();
        let status = if is_last { "pinned" } else { "pinning" };
        assert_eq!(stored["pin"]["status"], status, "part {at}");
        // What was sent before is in the other node alone then.
        own.collect().unwrap();
        front.kubo.collect().unwrap();
    }
    let cid = root.cid.to_string();
    assert_eq!(
        pin_name(&front.kubo, &cid).as_deref(),
        Some("cairn-services")
    );
    wait_for("the lists of the parts stay", || {
        let listed = front.kubo.call("pin/ls?type=recursive", None).unwrap();
        let listed: Value = serde_json::from_slice(&listed.body).unwrap();
        let pins = listed["Keys"].as_object().unwrap();
        pins.keys()
            .all(|pin| *pin == cid || !pin.starts_with("bafyrei"))
    });
    front.kubo.collect().unwrap();
    assert!(below.iter().all(|block| front.is_stored(block)));
}

#[test]
fn what_the_store_has_lost_is_sent_again() {
    let front = Front::start();
    let (_, below, parts) = in_parts();
    // Blocks that this node has and that nobody has pinned: the store lacks them.
    let own = Rpc::new(&front.daemon.rpc());
    for block in below.iter().filter(|block| block.data.len() == 4) {
        own.block_put(&block.data, "").unwrap();
    }
    for middle in below.iter().filter(|block| block.data.len() > 4) {
        own.block_put(&middle.data, "cid-codec=dag-cbor").unwrap();
    }
    let stored = front.upload_car(&parts[0]);
    assert_eq!(stored["pin"]["status"], "pinned");
    front.kubo.collect().unwrap();
    assert!(below.iter().all(|block| front.is_stored(block)));
}

#[test]
fn pin_requests_are_pinned_there() {
    let front = Front::start();
    let service = front.daemon.pinning().unwrap();
    let cid = front
        .kubo
        .add(b"pinned remotely", "pin=false&cid-version=1")
        .unwrap();
    let add = |cid: &str| {
        let body = json!({ "cid": cid, "name": "n" }).to_string();
        let body = Some(("application/json", body.as_bytes()));
        front.call(&service, "POST", "/pins", body)
    };
    let made = add(&cid);
    let absent = add("bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let one = |pin: &Value| format!("/pins/{}", pin["requestid"].as_str().unwrap());
    wait_for("it is not pinned", || {
        front.call(&service, "GET", &one(&made), None)["status"] == "pinned"
    });
    assert_eq!(
        pin_name(&front.kubo, &cid).as_deref(),
        Some("cairn-services")
    );
    assert_eq!(
        front.call(&service, "GET", &one(&absent), None)["status"],
        "queued"
    );
    for pin in [&made, &absent] {
        front.call(&service, "DELETE", &one(pin), None);
    }
    wait_for("the pin stays", || pin_name(&front.kubo, &cid).is_none());

    // The commands that Kubo has for services.
    let run = |arguments: &[&str]| front.repository.run(arguments).unwrap();
    let endpoint = [
        "pin",
        "remote",
        "service",
        "add",
        "own",
        &service,
        &front.token,
    ];
    run(&endpoint);
    let added = run(&[
        "pin",
        "remote",
        "add",
        "--service=own",
        "--name=again",
        &cid,
    ]);
    assert!(added.contains(&cid) && added.contains("pinned"), "{added}");
    assert!(pin_name(&front.kubo, &cid).is_some());
    let listed = run(&["pin", "remote", "ls", "--service=own"]);
    assert!(
        listed.contains(&cid) && listed.contains("again"),
        "{listed}"
    );
    let stat = run(&["pin", "remote", "service", "ls", "--stat"]);
    assert!(stat.contains("own"), "{stat}");
    run(&["pin", "remote", "rm", "--service=own", "--name=again"]);
    assert_eq!(run(&["pin", "remote", "ls", "--service=own"]), "");
    wait_for("the pin stays", || pin_name(&front.kubo, &cid).is_none());
}

#[test]
fn uploads_are_stored_and_released_there() {
    let front = Front::start_with(|_| {});
    let upload = front.daemon.upload().unwrap();
    let kubo = &front.kubo;
    let send = |method: &str, target: &str, body: Option<&[u8]>| {
        let body = body.map(|body| ("application/octet-stream", body));
        http::with_token(&upload, &front.token, method, target, body).unwrap()
    };
    let large = stream("large", 3_000_000);
    let mut cids = Vec::new();
    for content in [&b"small"[..], &large] {
        let answer = send("POST", "/upload", Some(content));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let stored: Value = serde_json::from_slice(&answer.body).unwrap();
        let cid = stored["value"]["cid"].as_str().unwrap().to_owned();
        assert_eq!(kubo.cat(&cid).unwrap(), content);
        assert_eq!(pin_name(kubo, &cid).as_deref(), Some("cairn-services"));
        cids.push(cid);
    }
    let (small, large) = (&cids[0], &cids[1]);
    for cid in [small, large] {
        let answer = send("DELETE", &format!("/{cid}"), None);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    wait_for("the pins stay", || {
        pin_name(kubo, small).is_none() && pin_name(kubo, large).is_none()
    });

    // What a user had pinned before keeps its name and outlives the upload.
    kubo.call(&format!("pin/add?arg={small}&name=mine"), None)
        .unwrap();
    let answer = send("POST", "/upload", Some(b"small"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let shared = pin_name(kubo, small).unwrap();
    assert_eq!(shared, "cairn-services, recursive pin of a user: mine");
    send("DELETE", &format!("/{small}"), None);
    wait_for("the user's pin is not restored", || {
        pin_name(kubo, small).as_deref() == Some("mine")
    });
}

#[test]
fn the_cluster_collects_garbage_and_resolves_paths_there() {
    let front = Front::start_with(|config| {
        config["Addresses"]["Cluster"] = "/ip4/127.0.0.1/tcp/0".into();
    });
    let face = front.daemon.cluster().unwrap();
    let kubo = &front.kubo;
    let ask = |method: &str, target: &str| {
        let answer = http::exchange(&face, &Request::new(method, target)).unwrap();
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        (answer.status, value)
    };

    // A pin by the path of a file, and by a name.
    let options = "wrap-with-directory=true&cid-version=1&pin=false";
    let folder = kubo.add(b"in a directory", options).unwrap();
    let file = kubo
        .add(b"in a directory", "cid-version=1&only-hash=true")
        .unwrap();
    wait_for("the peer joins", || {
        let (_, pings) = ask("GET", "/monitor/metrics/ping");
        pings.as_array().is_some_and(|pings| !pings.is_empty())
    });
    let (status, pinned) = ask("POST", &format!("/pins/ipfs/{folder}/f?name=by-path"));
    assert_eq!(
        (status, pinned["cid"].as_str()),
        (200, Some(&*file)),
        "{pinned}"
    );
    wait_for("the file is not pinned", || {
        pin_name(kubo, &file).as_deref() == Some("cairn-services")
    });
    let published = format!("name/publish?arg=/ipfs/{folder}&allow-offline=true");
    let published = kubo.call(&published, None).unwrap();
    let published: Value = serde_json::from_slice(&published.body).unwrap();
    let name = published["Name"].as_str().unwrap();
    let (status, pinned) = ask("POST", &format!("/pins/ipns/{name}?name=by-name"));
    assert_eq!(
        (status, pinned["cid"].as_str()),
        (200, Some(&*folder)),
        "{pinned}"
    );
    let (status, refused) = ask("POST", &format!("/pins/ipfs/{folder}/absent"));
    assert_eq!(status, 500, "{refused}");

    // What nobody needs goes from Kubo; what is pinned stays.
    let garbage = kubo.add(b"garbage", "cid-version=1&pin=false").unwrap();
    let (status, collected) = ask("POST", "/ipfs/gc?local=true");
    assert_eq!(status, 200, "{collected}");
    let peers = collected["peer_map"].as_object().unwrap();
    let keys = peers.values().next().unwrap()["keys"].as_array().unwrap();
    assert!(
        keys.iter()
            .any(|key| key["key"].as_str() == Some(&*garbage)),
        "{collected}"
    );
    let stat = format!("block/stat?arg={garbage}&offline=true");
    assert_ne!(kubo.request(&stat, None).unwrap().status, 200);
    assert_eq!(kubo.cat(&format!("{folder}/f")).unwrap(), b"in a directory");
}
