//! Peers, and requests to them.

use cairn_testkit::http::{self, Answer, Request};
use cairn_testkit::server::{Daemon, Repository};
use cairn_testkit::wait;
use data_encoding::BASE64;
use serde_json::{Value, json};

pub(super) const USER: &str = "user1";
pub(super) const PASSWORD: &str = "pass1";

pub(super) const BOUNDARY: &str = "clustertestboundary";

/// What comes before the bytes of a file in a multipart body.
pub(super) fn part_head(name: &str) -> String {
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
}

/// A multipart body with one file.
pub(super) fn multipart(name: &str, data: &[u8]) -> Vec<u8> {
    let mut body = part_head(name).into_bytes();
    body.extend_from_slice(data);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// The `Authorization` of the user.
pub(super) fn login() -> String {
    basic(USER, PASSWORD)
}

/// The `Authorization` of a user with a password.
pub(super) fn basic(user: &str, password: &str) -> String {
    let login = BASE64.encode(format!("{user}:{password}").as_bytes());
    format!("Basic {login}")
}

/// A running peer.
pub(super) struct Peer {
    pub(super) repository: Repository,
    pub(super) daemon: Daemon,
    pub(super) url: String,
}

impl Peer {
    /// A cluster of one, with a user.
    pub(super) fn start(settings: &[(&str, Value)]) -> Self {
        Self::on(None, settings)
    }

    /// A peer on a database, or on its own.
    pub(super) fn on(database: Option<&str>, settings: &[(&str, Value)]) -> Self {
        Self::run(Self::repository(database, settings))
    }

    /// The repository of such a peer, with a user in its database.
    pub(super) fn repository(database: Option<&str>, settings: &[(&str, Value)]) -> Repository {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        repository
            .configure(|config| {
                config["Addresses"]["Cluster"] = json!("/ip4/127.0.0.1/tcp/0");
                if let Some(url) = database {
                    config["Database"]["URL"] = json!(url);
                }
                // Unless the test says otherwise, name and tags as the recorded peer had them.
                config["Cluster"]["PeerName"] = json!("peer0");
                config["Cluster"]["Tags"] = json!({ "group": "default" });
                for (key, value) in settings {
                    config["Cluster"][*key] = value.clone();
                }
            })
            .unwrap();
        let added = repository
            .output(&["cluster", "user", "add", USER], PASSWORD.as_bytes())
            .unwrap();
        assert!(
            added.status.success(),
            "{}",
            String::from_utf8_lossy(&added.stderr)
        );
        repository
    }

    /// Starts the daemon of a repository.
    pub(super) fn run(repository: Repository) -> Self {
        let daemon = repository.start(&[]).unwrap();
        let url = daemon.cluster().expect("the cluster's face");
        let peer = Self {
            repository,
            daemon,
            url,
        };
        // Peers are known when they have joined.
        let id = peer.json("GET", "/id")["id"].as_str().unwrap().to_owned();
        until("the peer joins", || {
            let metrics = peer.json("GET", "/monitor/metrics/ping");
            metrics
                .as_array()
                .unwrap()
                .iter()
                .any(|metric| metric["peer"] == id.as_str())
        });
        peer
    }

    /// Kills the daemon, and leaves its repository.
    pub(super) fn kill(self) -> Repository {
        let Self {
            repository, daemon, ..
        } = self;
        daemon.kill().unwrap();
        repository
    }

    pub(super) fn id(&self) -> String {
        self.json("GET", "/id")["id"].as_str().unwrap().to_owned()
    }

    pub(super) fn ask(&self, method: &str, target: &str) -> Answer {
        self.with(method, target, &[], None)
    }

    pub(super) fn with(
        &self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Answer {
        let mut all = headers.to_vec();
        if !headers.iter().any(|(name, _)| name == "Authorization") {
            all.push(("Authorization".to_owned(), login()));
        }
        all.retain(|(_, value)| !value.is_empty());
        let request = Request {
            headers: &all,
            body,
            ..Request::new(method, target)
        };
        http::exchange(&self.url, &request).unwrap()
    }

    /// The JSON of a successful answer; of a stream a list.
    pub(super) fn json(&self, method: &str, target: &str) -> Value {
        let answer = self.ask(method, target);
        assert!(
            (200..300).contains(&answer.status),
            "{method} {target}: {} {}",
            answer.status,
            answer.text()
        );
        serde_json::from_str(&answer.text()).unwrap_or(Value::Null)
    }

    /// The records of a stream.
    pub(super) fn lines(&self, target: &str) -> Vec<Value> {
        let answer = self.ask("GET", target);
        let text = answer.text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Adds a file, and returns its CID.
    pub(super) fn add(&self, name: &str, data: &[u8], query: &str) -> String {
        let added = self.add_all(name, data, query);
        added.last().unwrap()["cid"].as_str().unwrap().to_owned()
    }

    /// Adds a file, and returns the records of all that was added.
    pub(super) fn add_all(&self, name: &str, data: &[u8], query: &str) -> Vec<Value> {
        let body = multipart(name, data);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let version = match query.contains("cid-version=") {
            true => "",
            false => "cid-version=1&",
        };
        let target = format!("/add?stream-channels=false&{version}{query}");
        let answer = self.with(
            "POST",
            &target,
            &[("Content-Type".to_owned(), kind)],
            Some(&body),
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_str(&answer.text()).unwrap()
    }

    /// The statuses of a pin by peer.
    pub(super) fn statuses(&self, cid: &str) -> Vec<(String, String)> {
        let status = self.json("GET", &format!("/pins/{cid}"));
        let peers = status["peer_map"].as_object().unwrap();
        peers
            .iter()
            .map(|(peer, info)| (peer.clone(), info["status"].as_str().unwrap().to_owned()))
            .collect()
    }

    /// The peers that have a pin.
    pub(super) fn holders(&self, cid: &str) -> Vec<String> {
        let statuses = self.statuses(cid).into_iter();
        statuses
            .filter(|(_, status)| status == "pinned")
            .map(|(peer, _)| peer)
            .collect()
    }
}

/// Waits until something holds.
pub(super) fn until(what: &str, holds: impl FnMut() -> bool) {
    assert!(wait::until(holds), "{what} did not come");
}
