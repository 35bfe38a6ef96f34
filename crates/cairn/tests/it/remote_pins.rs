//! `pin remote` against a pinning service made from the declared endpoints.

use std::sync::{Arc, Mutex};

use cairn_http::mount_endpoints;
use cairn_http::rest::{Answer, Attempt, ErrorResponse, Handler, Input, Service};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use cairn_wire::pinning::{
    AddPin, DeletePin, Failure, GetPin, GetPins, Pin, PinResults, PinStatus, Pinning, ReplacePin,
    Status, TextMatchingStrategy,
};
use cairn_wire::rest::Fault;
use http::HeaderMap;
use serde_json::{Value, json};

const TOKEN: &str = "a-secret-token";

/// A service that keeps its pins in memory, one a second, the newest last.
#[derive(Clone, Default)]
struct Pins(Arc<Mutex<Vec<PinStatus>>>);

impl Pins {
    fn add(&self, pin: Pin) -> PinStatus {
        let mut pins = self.0.lock().unwrap();
        let number = pins.len();
        let (minute, second) = (number / 60, number % 60);
        let status = match pin.name.as_deref() {
            Some("fails") => Status::Failed,
            _ => Status::Queued,
        };
        let new = PinStatus {
            requestid: format!("request {number}/x"),
            status,
            created: format!("2026-01-01T00:{minute:02}:{second:02}.000Z"),
            pin,
            delegates: vec!["/ip4/203.0.113.1/tcp/4001/p2p/12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d".to_owned()],
            info: [("status_details".to_owned(), "no such content".to_owned())].into(),
        };
        pins.push(new.clone());
        new
    }
}

fn unknown() -> ErrorResponse<Pinning> {
    ErrorResponse {
        status: 404,
        body: Failure::new("NOT_FOUND", "no pin request has this id"),
    }
}

impl Service for Pins {
    type Api = Pinning;
    type Caller = ();

    async fn authenticate(&self, attempt: Attempt<'_>, _: &mut HeaderMap) -> Result<(), Fault> {
        match attempt.credential {
            Ok(given) if given.secret == TOKEN => Ok(()),
            _ => Err(Fault::Unauthorized),
        }
    }
}

impl Handler<Pins> for GetPins {
    async fn handle(self, call: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        assert_eq!(
            self.r#match.unwrap_or_default(),
            TextMatchingStrategy::Exact
        );
        let pins = call.service.0.lock().unwrap();
        let matching = pins.iter().rev().filter(|pin| {
            (self.cid.is_empty() || self.cid.contains(&pin.pin.cid))
                && (self.name.is_none() || self.name == pin.pin.name)
                && self.status.contains(&pin.status)
                && (self.before.as_ref()).is_none_or(|before| pin.created < *before)
        });
        let matching: Vec<PinStatus> = matching.cloned().collect();
        // Pages are shorter than requested, so that there are several.
        let page = (self.limit as usize).min(10);
        Ok(PinResults {
            count: matching.len() as u64,
            results: matching.into_iter().take(page).collect(),
        })
    }
}

impl Handler<Pins> for AddPin {
    async fn handle(self, call: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        Ok(call.service.add(call.body))
    }
}

impl Handler<Pins> for GetPin {
    async fn handle(self, call: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        let mut pins = call.service.0.lock().unwrap();
        let pin = pins.iter_mut().find(|pin| pin.requestid == self.requestid);
        let pin = pin.ok_or_else(unknown)?;
        // A second request finds it pinned.
        pin.status = match pin.status {
            Status::Queued => Status::Pinning,
            Status::Pinning => Status::Pinned,
            other => other,
        };
        Ok(pin.clone())
    }
}

impl Handler<Pins> for ReplacePin {
    async fn handle(self, _: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        Err(unknown())
    }
}

impl Handler<Pins> for DeletePin {
    async fn handle(self, call: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        let mut pins = call.service.0.lock().unwrap();
        let before = pins.len();
        pins.retain(|pin| pin.requestid != self.requestid);
        if pins.len() == before {
            return Err(unknown());
        }
        Ok(())
    }
}

/// A service below a path, and a daemon that knows it as `good`, and two services that do not answer.
struct Setup {
    pins: Pins,
    repository: Repository,
    daemon: Daemon,
    _runtime: tokio::runtime::Runtime,
}

impl Setup {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let pins = Pins::default();
        let router = cairn_wire::pinning_endpoints!(mount_endpoints).into_router(pins.clone());
        let below = axum::Router::new().nest("/psa", router);
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, below).await });
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        let daemon = repository.start(&["--offline"]).unwrap();
        let setup = Self {
            pins,
            repository,
            daemon,
            _runtime: runtime,
        };
        for (name, endpoint, token) in [
            ("good", format!("http://{address}//psa/"), TOKEN),
            ("refuses", format!("http://{address}/psa"), "another"),
            ("absent", "http://127.0.0.1:1".to_owned(), TOKEN),
        ] {
            let add = format!("pin/remote/service/add?arg={name}&arg={endpoint}&arg={token}");
            setup.call(&add);
        }
        setup
    }

    fn request(&self, command: &str) -> (u16, String) {
        let answer = Rpc::new(&self.daemon.rpc()).request(command, None).unwrap();
        (answer.status, answer.text())
    }

    fn call(&self, command: &str) -> Vec<Value> {
        let (status, text) = self.request(command);
        assert_eq!(status, 200, "{command}: {text}");
        let line = |line| serde_json::from_str(line).unwrap();
        text.lines().map(line).collect()
    }

    fn refused(&self, command: &str, expected: &str) {
        let (status, text) = self.request(command);
        assert_eq!(status, 500, "{command}: {text}");
        assert!(text.contains(expected), "{command}: {text}");
        assert!(!text.contains(TOKEN), "{command}: {text}");
    }
}

const CID: &str = "bafkqabtimvwgy3yk";

#[test]
fn pins_are_added_listed_and_removed() {
    let setup = Setup::start();
    let added = setup.call(&format!("pin/remote/add?arg={CID}&service=good&name=one"));
    let pinned = json!({ "Status": "pinned", "Cid": CID, "Name": "one" });
    assert_eq!(added, std::slice::from_ref(&pinned));
    let queued = setup.call(&format!(
        "pin/remote/add?arg={CID}&service=good&background=true"
    ));
    assert_eq!(
        queued,
        [json!({ "Status": "queued", "Cid": CID, "Name": "" })]
    );
    setup.refused(
        &format!("pin/remote/add?arg={CID}&service=good&name=fails"),
        "remote service failed to pin requestid=\\\"request 2/x\\\": no such content",
    );

    let listed = setup.call("pin/remote/ls?service=good");
    assert_eq!(listed, std::slice::from_ref(&pinned));
    let all = "pin/remote/ls?service=good&status=queued,pinning&status=pinned,failed";
    assert_eq!(setup.call(all).len(), 3);
    assert_eq!(setup.call(&format!("{all}&name=one")), [pinned]);
    assert_eq!(
        setup.call(&format!("{all}&cid=bafkqaaa")),
        Vec::<Value>::new()
    );
    setup.refused(&format!("{all}&cid=zz"), "CID \\\"zz\\\" cannot be parsed");
    setup.refused(
        "pin/remote/ls?service=good&status=zz",
        "status \\\"zz\\\" is not valid",
    );

    let stat = setup.call("pin/remote/service/ls?stat=true");
    let services = stat[0]["RemoteServices"].as_array().unwrap();
    assert_eq!(services[0]["Service"], "absent");
    assert_eq!(services[0]["Stat"], json!({ "Status": "invalid" }));
    let counts = json!({ "Queued": 1, "Pinning": 0, "Pinned": 1, "Failed": 1 });
    assert_eq!(
        services[1]["Stat"],
        json!({ "Status": "valid", "PinCount": counts })
    );
    assert_eq!(services[2]["Stat"], json!({ "Status": "invalid" }));

    setup.refused(
        "pin/remote/rm?service=good&status=queued,pinned",
        "multiple remote pins are matching this query, add --force",
    );
    setup.call("pin/remote/rm?service=good&status=queued,pinned&force=true");
    assert_eq!(setup.pins.0.lock().unwrap().len(), 1);
    setup.call("pin/remote/rm?service=good&status=failed");
    assert!(setup.pins.0.lock().unwrap().is_empty());
}

#[test]
fn every_page_is_listed() {
    let setup = Setup::start();
    let cids: Vec<String> = (0..25_u8)
        .map(|number| {
            let hash = cairn_primitives::Multihash::sha2_256(&[number]);
            cairn_primitives::Cid::v1(cairn_primitives::Codec::RAW, hash).to_string()
        })
        .collect();
    for cid in &cids {
        let mut pin = setup.pins.add(Pin {
            cid: cid.clone(),
            ..Pin::default()
        });
        pin.status = Status::Pinned;
        *setup.pins.0.lock().unwrap().last_mut().unwrap() = pin;
    }
    let listed = setup.call("pin/remote/ls?service=good");
    let mut found: Vec<&str> = listed
        .iter()
        .map(|pin| pin["Cid"].as_str().unwrap())
        .collect();
    found.reverse();
    assert_eq!(found, cids);
    // A service takes ten CIDs at once.
    let some = setup.call(&format!(
        "pin/remote/ls?service=good&cid={}",
        cids[..23].join(",")
    ));
    assert_eq!(some.len(), 23);
    setup.call("pin/remote/rm?service=good&force=true");
    assert!(setup.pins.0.lock().unwrap().is_empty());
}

#[test]
fn secrets_are_never_shown_and_errors_say_who_refused() {
    let setup = Setup::start();
    setup.refused("pin/remote/ls?service=refuses", "401");
    setup.refused("pin/remote/ls?service=absent", "127.0.0.1:1");
    setup.refused("pin/remote/ls?service=none", "service not known");
    setup.refused("pin/remote/ls", "a service name must be passed");
    setup.refused(
        &format!("pin/remote/service/add?arg=good&arg=http://x&arg={TOKEN}"),
        "service already present",
    );
    for (endpoint, why) in [
        ("ftp://x", "must be a valid HTTP URL"),
        ("http://x/pins", "without the /pins suffix"),
        ("http://x/?a=b", "without any query parameters"),
    ] {
        let add = format!("pin/remote/service/add?arg=new&arg={endpoint}&arg={TOKEN}");
        setup.refused(&add, why);
    }
    for command in [
        "config/show",
        "pin/remote/service/ls",
        "diag/cmds?verbose=true",
        "config?arg=Pinning.RemoteServices.good.Policies",
    ] {
        let (status, text) = setup.request(command);
        assert_eq!(status, 200, "{command}: {text}");
        assert!(!text.contains(TOKEN), "{command}: {text}");
    }
    setup.refused(
        "config?arg=Pinning.RemoteServices.good.API.Key",
        "credentials",
    );
    assert!(
        !setup.daemon.log().contains(TOKEN),
        "{}",
        setup.daemon.log()
    );

    // The command line prints what `ipfs` prints.
    let listed = setup
        .repository
        .run(&["pin", "remote", "service", "ls"])
        .unwrap();
    let first = listed.lines().next().unwrap();
    assert_eq!(
        first.split_whitespace().collect::<Vec<_>>(),
        ["absent", "http://127.0.0.1:1"]
    );
    setup.call("pin/remote/service/rm?arg=good");
    setup.call("pin/remote/service/rm?arg=good");
    setup.refused("pin/remote/ls?service=good", "service not known");
}
