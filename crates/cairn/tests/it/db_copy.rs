//! `db copy`: the database of a daemon with pins, uploads and a cluster's pins, copied and used.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_testkit::http;
use cairn_testkit::postgres::Cluster;
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use cairn_testkit::wait::until;
use serde_json::{Value, json};

use crate::upload::blocks::{car, leaf, node};

/// How long a daemon may take to end.
const PATIENCE: Duration = Duration::from_secs(60);

const ABSENT: &str = "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// `ann:secret` of the cluster's users.
const ANN: &str = "Basic YW5uOnNlY3JldA==";

/// A daemon that is started again and again.
struct Node {
    repository: Repository,
    token: String,
}

impl Node {
    fn init() -> Self {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        let token = repository.token(&["all", "--scope", "pin,upload"]);
        Self {
            token: token.unwrap(),
            repository,
        }
    }

    fn call(&self, base: &str, call: (&str, &str), body: Option<(&str, &[u8])>) -> Value {
        let (method, target) = call;
        let token = format!("Bearer {}", self.token);
        let authorization = if target.starts_with("/allocations") {
            ANN
        } else {
            &token
        };
        let headers = [("Authorization", authorization)];
        let answer = http::ask(base, method, target, &headers, body).unwrap();
        let status = answer.status;
        assert!((200..300).contains(&status), "{target}: {}", answer.text());
        // The cluster's listing has one value for each line.
        let lines = answer.text();
        let values: Vec<Value> = serde_json::Deserializer::from_str(&lines)
            .into_iter()
            .map(Result::unwrap)
            .collect();
        values.into()
    }

    /// Rows of every service.
    fn fill(&self) {
        let daemon = self.repository.start(&["--offline"]).unwrap();
        let (pinning, upload) = (daemon.pinning().unwrap(), daemon.upload().unwrap());
        let cluster = daemon.cluster().unwrap();
        let rpc = Rpc::new(&daemon.rpc());
        let add = |pin: Value| {
            let body = pin.to_string();
            let body = Some(("application/json", body.as_bytes()));
            self.call(&pinning, ("POST", "/pins"), body)
        };
        let cid = rpc.add(b"pinned", "pin=false&cid-version=1").unwrap();
        add(json!({ "cid": cid, "name": "a\\b\\N '\"\u{fc}\t\n", "meta": { "k": "v\\n" } }));
        add(json!({ "cid": ABSENT, "origins": [format!("/dns4/a.example/tcp/1/p2p/{PEER}")] }));
        let store = |content: &[u8]| {
            let stored = self.call(&upload, ("POST", "/upload"), Some(("text/plain", content)));
            stored[0]["value"]["cid"].as_str().unwrap().to_owned()
        };
        store(b"one");
        store(b"two");
        let gone = store(b"gone");
        self.call(&upload, ("DELETE", &format!("/{gone}")), None);
        // A part of two.
        let (one, two) = (leaf(b"first"), leaf(b"second"));
        let root = node(&[&one, &two]);
        let part = car(&[&root], &[&root, &one]);
        let body = Some(("application/car", &part[..]));
        self.call(&upload, ("POST", "/upload"), body);
        let held = rpc.add(b"held", "pin=false&cid-version=1").unwrap();
        self.call(&cluster, ("POST", &format!("/pins/{held}?name=held")), None);
        let mut seen = String::new();
        let is_settled = until(|| {
            let pinned = self.call(&pinning, ("GET", "/pins"), None);
            let status = self.call(&cluster, ("GET", &format!("/pins/{held}")), None);
            // The pin of the deleted upload is released later.
            let pins = rpc.recursive_pins().unwrap();
            seen = format!("{pinned} {status} {pins:?}");
            pinned[0]["count"] == 1
                && status.to_string().contains("\"pinned\"")
                && !pins.contains(&gone)
        });
        assert!(is_settled, "{seen}");
        self.end(daemon);
        let user = ["cluster", "user", "add", "ann"];
        let added = self.repository.output(&user, b"secret").unwrap();
        assert!(added.status.success(), "{added:?}");
    }

    fn end(&self, daemon: Daemon) {
        let (status, _) = daemon.terminate(PATIENCE).unwrap();
        assert!(status.success());
    }

    /// What the services answer, and what is pinned for them.
    fn content(&self) -> BTreeMap<&'static str, String> {
        let daemon = self.repository.start(&["--offline"]).unwrap();
        let faces = [
            ("pins", daemon.pinning(), "/pins?status=pinned"),
            ("uploads", daemon.upload(), "/?limit=1000"),
            ("cluster", daemon.cluster(), "/allocations"),
        ];
        let mut found: BTreeMap<_, _> = faces
            .into_iter()
            .map(|(name, base, target)| {
                let mut listed = self.call(&base.unwrap(), ("GET", target), None);
                // Ports are others each time.
                if let Some(pins) = listed[0]["results"].as_array_mut() {
                    for pin in pins {
                        pin["delegates"].take();
                    }
                }
                (name, listed.to_string())
            })
            .collect();
        let waiting = self.call(
            &daemon.pinning().unwrap(),
            ("GET", "/pins?status=queued,pinning"),
            None,
        );
        let waiting = &waiting[0]["results"][0];
        found.insert(
            "waiting",
            format!("{} {}", waiting["requestid"], waiting["pin"]),
        );
        let pins = Rpc::new(&daemon.rpc()).recursive_pins().unwrap();
        found.insert("pinned", format!("{pins:?}"));
        self.end(daemon);
        let accounts = self.repository.run(&["account", "list", "--json"]);
        found.insert("accounts", accounts.unwrap());
        let users = self.repository.run(&["cluster", "user", "ls"]);
        found.insert("users", users.unwrap());
        found
    }

    /// Copies the database, and returns the number of rows of each table.
    fn copy(&self, to: &str) -> BTreeMap<String, u64> {
        let printed = self.repository.run(&["db", "copy", "--to", to]).unwrap();
        let rows = printed.lines().map(|line| {
            let (table, rows) = line.split_once(' ').unwrap();
            (table.to_owned(), rows.parse().unwrap())
        });
        rows.collect()
    }

    fn refused(&self, to: &str) -> String {
        let output = self.repository.output(&["db", "copy", "--to", to], b"");
        let output = output.unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    fn switch(&self, url: &str) {
        let configured = self
            .repository
            .configure(|config| config["Database"] = json!({ "URL": url }));
        configured.unwrap();
    }
}

const PEER: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

/// Copies along a chain of databases; each copy has everything, and is used by the daemon.
fn copies(databases: &[&str]) {
    let node = Node::init();
    node.fill();
    let before = node.content();
    assert_eq!(before["users"], "ann\n");
    let mut rows = None;
    for url in databases {
        let copied = node.copy(url);
        for (table, least) in [
            ("account", 1),
            ("token", 1),
            ("pin_request", 2),
            ("pin_work", 1),
            ("pin_name", 1),
            ("pin_meta", 1),
            ("upload", 3),
            ("upload_part", 1),
            ("cluster_pin", 1),
            ("cluster_holding", 1),
            ("cluster_user", 1),
        ] {
            assert!(copied[table] >= least, "{table}: {copied:?}");
        }
        // A second copy would mix two databases; nothing is written.
        let refusal = node.refused(url);
        assert!(refusal.contains("is not empty"), "{refusal}");
        node.switch(url);
        assert_eq!(node.content(), before, "{url}");
        let counted = |name: &str| (name.to_owned(), copied[name]);
        let counts = [
            "account",
            "token",
            "pin_request",
            "upload",
            "upload_part",
            "cluster_pin",
        ];
        let counts: Vec<_> = counts.iter().map(|name| counted(name)).collect();
        assert_eq!(*rows.get_or_insert_with(|| counts.clone()), counts);
    }
    // A daemon holds the repository.
    let daemon = node.repository.start(&["--offline"]).unwrap();
    let refusal = node.refused("sqlite:other.sqlite");
    assert!(!refusal.is_empty());
    node.end(daemon);
}

#[test]
fn everything_is_copied_within_sqlite() {
    copies(&["sqlite:second.sqlite", "sqlite:third.sqlite"]);
}

#[test]
fn everything_is_copied_to_postgres_and_back() {
    let Some(cluster) = Cluster::start_or_skip() else {
        return;
    };
    let url = cluster.database().unwrap();
    copies(&[&url, "sqlite:back.sqlite"]);
}
