//! `status`: whether the node is reachable, what it announces and stores, and where its APIs listen.

mod faces;

use std::fmt::Write as _;

use cairn_client::Records;
use cairn_wire::kubo::Command as _;
use cairn_wire::kubo::config::value::Config;
use cairn_wire::kubo::id::Id;
use cairn_wire::kubo::pin::ls::{PinLs, PinnedItem};
use cairn_wire::kubo::provide::stat::ProvideStat;
use cairn_wire::kubo::repo::stat::RepoStat;
use cairn_wire::kubo::swarm::addrs::autonat::SwarmAddrsAutonat;
use cairn_wire::kubo::swarm::addrs::listen::SwarmAddrsListen;
use cairn_wire::kubo::swarm::peers::SwarmPeers;
use cairn_wire::text::human_bytes;
use clap::Command;
use serde::Serialize;
use serde_json::Value;

use self::faces::{BoundAddresses, FaceAddresses};
use super::swarm_peers::shown;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("status")
        .about("Show whether the node is reachable, what it stores, and where its APIs listen")
        .long_about("Show whether the node is reachable, what it announces and stores, and where its APIs listen.\n\nWithout a running daemon, only the local part is known. `--json` prints one object.")
}

/// Runs it.
pub(crate) async fn run(globals: &Globals) -> Result<(), Problem> {
    let session = Session::open(globals).await?;
    let status = Box::pin(Status::read(
        &session,
        &BoundAddresses::read(&session, globals),
    ))
    .await;
    let closed = session.close().await;
    let status = status?;
    let mut output = Output::stdout()?;
    if globals.format.is_json() {
        let line = serde_json::to_string(&status).map_err(|error| Problem::from_error(&error))?;
        output.text(&(line + "\n"))?;
    } else {
        output.text(&status.text())?;
    }
    output.flush().and(closed)
}

/// What is printed. Addresses and names come from the server, so are escaped in text.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    /// The peer ID.
    #[serde(rename = "ID")]
    id: String,
    /// The program of the node.
    agent: String,
    /// Peers; absent without a connection to any network.
    network: Option<Peers>,
    repository: String,
    size: u64,
    size_limit: u64,
    objects: u64,
    /// Recursive pins.
    pins: u64,
    #[serde(flatten)]
    listening: FaceAddresses,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Peers {
    /// `Public`, `Private` or `Unknown`.
    reachability: String,
    /// Addresses that were found to be reachable from the internet.
    reachable: Vec<String>,
    /// Announced addresses.
    announced: Vec<String>,
    listening: Vec<String>,
    /// Connected peers.
    connected: usize,
    /// Connections that this node opened.
    outbound: usize,
    /// What is announced; `None` if nothing is.
    strategy: Option<String>,
    /// CIDs announced in the current cycle.
    provided: u64,
    /// CIDs that wait to be announced.
    queued: u64,
}

impl Status {
    async fn read(session: &Session, bound: &BoundAddresses) -> Result<Self, Problem> {
        let kubo = &session.kubo;
        let id = kubo.call(&Id::new(None)).await?;
        let stat = kubo.call(&RepoStat::new()).await?;
        let is_own = id.agent_version.split('/').any(|part| part == "cairn");
        Ok(Self {
            network: Peers::read(session, id.addresses.unwrap_or_default()).await?,
            id: id.id,
            agent: id.agent_version,
            repository: stat.repo_path,
            size: stat.repo_size,
            size_limit: stat.storage_max,
            objects: stat.num_objects,
            pins: pins(session).await?,
            listening: match session.is_daemon() {
                true => FaceAddresses::of(setting(session, "Addresses").await, bound, is_own),
                false => FaceAddresses::closed(),
            },
        })
    }

    fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |label: &str, value: &str| {
            let _ = writeln!(out, "{label:<12} {}", shown(value));
        };
        line("Peer ID:", &self.id);
        line("Version:", &self.agent);
        match &self.network {
            Some(peers) => {
                line("Reachable:", &peers.reachable_text());
                line("Announced:", &list(&peers.announced, "no addresses"));
                line("Swarm:", &list(&peers.listening, "not listening"));
                line(
                    "Peers:",
                    &format!(
                        "{} connected, {} of them by this node",
                        peers.connected, peers.outbound
                    ),
                );
                line("Providing:", &peers.providing_text());
            }
            None => {
                line("Reachable:", "no: the node is offline");
                line("Announced:", "nothing");
                line("Swarm:", "not listening");
                line("Peers:", "none");
                line("Providing:", "nothing");
            }
        }
        line(
            "Repository:",
            &format!(
                "{} of {} in {} blocks, at {}",
                human_bytes(self.size),
                human_bytes(self.size_limit),
                self.objects,
                self.repository
            ),
        );
        line("Pins:", &format!("{} recursive", self.pins));
        for (label, addresses) in self.listening.lines() {
            line(label, &list(addresses, "not listening"));
        }
        out
    }
}

impl Peers {
    /// `None` on an offline node.
    async fn read(session: &Session, announced: Vec<String>) -> Result<Option<Self>, Problem> {
        let kubo = &session.kubo;
        // A node without a network refuses this one.
        let Ok(found) = kubo.call(&SwarmAddrsAutonat::new()).await else {
            return Ok(None);
        };
        let listening = kubo.call(&SwarmAddrsListen::new()).await?;
        let request = SwarmPeers {
            direction: true,
            ..SwarmPeers::new()
        };
        let connections = kubo.call(&request).await?.peers;
        let connected: std::collections::HashSet<_> = connections
            .iter()
            .map(|connection| &connection.peer)
            .collect();
        let stat = kubo.call(&ProvideStat::new()).await;
        let counts = stat.map(|stat| stat.sweep).unwrap_or_default();
        let count = |path: &str| counts.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        Ok(Some(Self {
            reachability: found.reachability,
            reachable: found.reachable,
            announced,
            listening: listening.strings,
            connected: connected.len(),
            outbound: connections.iter().filter(|it| it.direction == 2).count(),
            strategy: strategy(session).await,
            provided: count("/schedule/keys"),
            queued: count("/queues/pending_key_provides"),
        }))
    }

    fn reachable_text(&self) -> String {
        let relayed: Vec<_> = self
            .announced
            .iter()
            .filter(|it| it.contains("/p2p-circuit"))
            .collect();
        match &*self.reachability {
            "Public" if self.reachable.is_empty() => "yes".to_owned(),
            "Public" => format!("yes, at {}", list(&self.reachable, "")),
            "Private" if relayed.is_empty() => {
                "no: connections from the internet do not arrive; forward the port of the swarm"
                    .to_owned()
            }
            "Private" => format!("through {} relay addresses only", relayed.len()),
            _ => "not known yet: peers that can test it have to connect first".to_owned(),
        }
    }

    fn providing_text(&self) -> String {
        match &self.strategy {
            None => "nothing: Provide.Enabled is false".to_owned(),
            Some(strategy) => format!(
                "{strategy}: {} CIDs announced, {} waiting",
                self.provided, self.queued
            ),
        }
    }
}

/// What is announced.
async fn strategy(session: &Session) -> Option<String> {
    if setting(session, "Provide.Enabled").await == Some(Value::Bool(false)) {
        return None;
    }
    // The older name counts as well.
    for key in ["Provide.Strategy", "Reprovider.Strategy"] {
        match setting(session, key).await {
            Some(Value::String(strategy)) if !strategy.is_empty() => return Some(strategy),
            _ => {}
        }
    }
    Some("all".to_owned())
}

async fn setting(session: &Session, key: &str) -> Option<Value> {
    let setting = session.kubo.call(&Config::new(key.to_owned(), None)).await;
    setting.ok().map(|setting| setting.value)
}

/// The number of recursive pins.
async fn pins(session: &Session) -> Result<u64, Problem> {
    let request = PinLs {
        r#type: "recursive".to_owned(),
        stream: true,
        ..PinLs::new(Vec::new())
    };
    let answer = session
        .kubo
        .send(&PinLs::SPEC, request.to_values(), None)
        .await?;
    let mut records = Records::<PinnedItem>::new(answer);
    let mut count = 0;
    while records.next_line().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// The first of a list and the number of the others.
fn list(items: &[String], none: &str) -> String {
    match items {
        [] => none.to_owned(),
        [one] => one.clone(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(network: Option<Peers>) -> Status {
        Status {
            id: "12D3KooWPeer".to_owned(),
            agent: "kubo/0.42.0/cairn".to_owned(),
            network,
            repository: "/home/user/.cairn".to_owned(),
            size: 1_404_000_000,
            size_limit: 10_000_000_000,
            objects: 12_345,
            pins: 12,
            listening: FaceAddresses::default(),
        }
    }

    #[test]
    fn each_line_tells_one_thing() {
        let announced = vec!["/ip4/203.0.113.1/tcp/4001".to_owned(); 3];
        let peers = Peers {
            reachability: "Public".to_owned(),
            reachable: vec![announced[0].clone()],
            announced,
            listening: vec!["/ip4/0.0.0.0/tcp/4001".to_owned()],
            connected: 30,
            outbound: 21,
            strategy: Some("all".to_owned()),
            provided: 1000,
            queued: 5,
        };
        let bound = BoundAddresses {
            upload: Some("/ip4/127.0.0.1/tcp/40123".to_owned()),
            ..BoundAddresses::default()
        };
        let configured = serde_json::json!({
            "API": ["/ip4/127.0.0.1/tcp/5001", "/unix/run/cairn"],
            "Gateway": [],
            "Upload": "/ip4/127.0.0.1/tcp/0",
        });
        let status = Status {
            listening: FaceAddresses::of(Some(configured), &bound, true),
            ..status(Some(peers))
        };
        insta::assert_snapshot!(status.text(), @r"
        Peer ID:     12D3KooWPeer
        Version:     kubo/0.42.0/cairn
        Reachable:   yes, at /ip4/203.0.113.1/tcp/4001
        Announced:   /ip4/203.0.113.1/tcp/4001 and 2 more
        Swarm:       /ip4/0.0.0.0/tcp/4001
        Peers:       30 connected, 21 of them by this node
        Providing:   all: 1000 CIDs announced, 5 waiting
        Repository:  1.4 GB of 10 GB in 12345 blocks, at /home/user/.cairn
        Pins:        12 recursive
        RPC:         /ip4/127.0.0.1/tcp/5001 and 1 more
        Gateway:     not listening
        Pinning:     /ip4/127.0.0.1/tcp/9097
        Uploads:     /ip4/127.0.0.1/tcp/40123
        Cluster:     /ip4/127.0.0.1/tcp/9094
        ");
    }

    #[test]
    fn another_server_has_no_apis_of_services() {
        let status = status(None);
        assert_eq!(status.text().lines().count(), 11);
        let json = serde_json::to_value(&status).unwrap();
        assert_eq!(json["Gateway"], serde_json::json!([]));
        assert!(json.get("Pinning").is_none());
    }

    #[test]
    fn what_hinders_others_is_told() {
        let relay = "/ip4/192.0.2.1/tcp/4001/p2p/QmRelay/p2p-circuit".to_owned();
        let mut peers = Peers {
            reachability: "Private".to_owned(),
            ..Peers::default()
        };
        assert!(peers.reachable_text().starts_with("no: "));
        assert!(peers.providing_text().starts_with("nothing: "));
        peers.announced.push(relay);
        assert_eq!(peers.reachable_text(), "through 1 relay addresses only");
        peers.reachability = "Unknown".to_owned();
        assert!(peers.reachable_text().starts_with("not known yet"));
    }
}
