//! Kills the peers of a cluster under load, one each round, and checks that no pin was lost.
//!
//! Three nodes on one PostgreSQL database keep two replicas of each pin. Several clients add content, pin it again with another
//! name, unpin it and collect garbage, each at any node, remembering what was answered and what was not. Each round one node is
//! killed with `kill -9`. While it is away, or after its restart, every pin must be what an answer said, and be at two living
//! nodes again in time, which have its content byte for byte. Twice the database is stopped for longer than the leases last:
//! that moves no pin. At the end every node has pinned just what the pinset says.

mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use self::client::Client;
use super::Options;
use crate::fixture::{SeededRng, stream};
use crate::http::{self, Answer, Request};
use crate::postgres;
use crate::rpc::Rpc;
use crate::server::{Daemon, Repository};

/// Nodes.
const NODES: usize = 3;

/// Replicas of each pin.
const REPLICAS: usize = 2;

/// Seconds between renewals of a lease, which lasts three times as long.
const HEARTBEAT: u64 = 1;

/// Seconds after the end of a lease at which a peer is replaced.
const REPLACE_AFTER: u64 = 3;

/// How long after the end of a lease a pin may have too few replicas.
const RESTORED: Duration = Duration::from_secs(60);

/// How long a node may take to unpin what was unpinned.
const RELEASED: Duration = Duration::from_secs(60);

/// The outcome of a run in which nothing was lost.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Nodes that were killed.
    pub kills: u32,
    /// Restarts of the database.
    pub outages: u32,
    /// How many requests were answered with success.
    pub answered: u64,
    /// How many requests were not answered, or refused for now.
    pub cut: u64,
    /// Pins at the end.
    pub pinned: usize,
    /// Copies whose bytes were compared.
    pub compared: usize,
    /// The longest time from a kill until all pins were at two living nodes, of those rounds in which the node stayed away.
    pub restored: Duration,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} kills, {} restarts of the database, {} requests answered, {} cut, {} pins, {} copies compared; all pins at \
             two living nodes at most {} ms after a kill",
            self.kills,
            self.outages,
            self.answered,
            self.cut,
            self.pinned,
            self.compared,
            self.restored.as_millis()
        )
    }
}

/// A node of the cluster.
struct Node {
    repository: Repository,
    /// `None` while it is killed.
    daemon: Option<Daemon>,
    id: String,
    /// What it had pinned before.
    foreign: BTreeSet<String>,
}

impl Node {
    fn new(options: &Options, url: &str, number: usize) -> Result<Self> {
        let repository = Repository::init(&options.binary)?;
        repository.configure(|config| {
            config["Addresses"]["Cluster"] = json!("/ip4/127.0.0.1/tcp/0");
            config["Database"]["URL"] = json!(url);
            config["Cluster"] = json!({
                "PeerName": format!("node{number}"),
                "Heartbeat": HEARTBEAT,
                "ReplaceAfter": REPLACE_AFTER,
                "ReplicationFactorMin": REPLICAS,
                "ReplicationFactorMax": REPLICAS,
            });
        })?;
        let mut node = Self {
            repository,
            daemon: None,
            id: String::new(),
            foreign: BTreeSet::new(),
        };
        node.start()?;
        let id = json_of(&node.face()?, "GET", "/id")?;
        node.id = id["id"].as_str().context("no id")?.to_owned();
        node.foreign = node.rpc()?.recursive_pins()?;
        Ok(node)
    }

    fn start(&mut self) -> Result<()> {
        self.daemon = Some(self.repository.start(&["--offline"])?);
        Ok(())
    }

    /// The address of its face.
    fn face(&self) -> Result<String> {
        let daemon = self.daemon.as_ref().context("the node is not running")?;
        daemon.cluster().context("there is no cluster server")
    }

    fn rpc(&self) -> Result<Rpc> {
        let daemon = self.daemon.as_ref().context("the node is not running")?;
        Ok(Rpc::new(&daemon.rpc()))
    }
}

fn request(face: &str, method: &str, target: &str) -> Result<Answer> {
    http::exchange(face, &Request::new(method, target))
}

/// The values of a successful response.
fn values_of(face: &str, method: &str, target: &str) -> Result<Vec<Value>> {
    let answer = request(face, method, target)?;
    ensure!(
        (200..300).contains(&answer.status) && !answer.aborted,
        "{method} {target}: {} {}",
        answer.status,
        answer.text()
    );
    let lines = answer.text();
    let values = lines.lines().map(serde_json::from_str);
    Ok(values.collect::<Result<_, _>>()?)
}

fn json_of(face: &str, method: &str, target: &str) -> Result<Value> {
    let first = values_of(face, method, target)?.into_iter().next();
    first.with_context(|| format!("{method} {target}: no answer"))
}

/// A pin of the pinset, and who has it.
#[derive(Debug)]
struct Pinned {
    name: String,
    allocations: BTreeSet<String>,
    holders: BTreeSet<String>,
}

/// The pinset as a node sees it.
fn pinset(face: &str) -> Result<BTreeMap<String, Pinned>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = BTreeMap::new();
    for pin in values_of(face, "GET", "/allocations?filter=all")? {
        let peers = pin["allocations"].as_array().context("no allocations")?;
        let pinned = Pinned {
            name: text(&pin["name"]),
            allocations: peers.iter().map(text).collect(),
            holders: BTreeSet::new(),
        };
        found.insert(text(&pin["cid"]), pinned);
    }
    for status in values_of(face, "GET", "/pins")? {
        let peers = status["peer_map"].as_object().context("no peers")?;
        if let Some(pinned) = found.get_mut(&text(&status["cid"])) {
            let holders = peers.iter().filter(|(_, info)| info["status"] == "pinned");
            pinned.holders = holders.map(|(peer, _)| peer.clone()).collect();
        }
    }
    Ok(found)
}

/// Loads, kills and checks a cluster as often as `options` says.
///
/// # Errors
/// A pin was lost, or did not get back its replicas, or a node could not be run. The repositories are kept then.
pub fn run(options: &Options) -> Result<Report> {
    let mut postgres = postgres::Cluster::new()?;
    let url = postgres.database()?;
    let mut nodes = (0..NODES)
        .map(|number| Node::new(options, &url, number))
        .collect::<Result<Vec<_>>>()?;
    let mut run = Run {
        options,
        choices: SeededRng::new(options.seed),
        clients: (0..options.clients)
            .map(|number| Client::new(number, options.seed))
            .collect(),
        report: Report::default(),
    };
    let done = run.rounds(&mut nodes, &mut postgres);
    match done {
        Ok(()) => Ok(run.report),
        Err(error) => {
            let mut kept = format!("seed {}", options.seed);
            for node in nodes {
                let log = node.daemon.map(|daemon| daemon.log()).unwrap_or_default();
                let place = node.repository.keep();
                kept.push_str(&format!("\n{} kept in {}\n{log}", node.id, place.display()));
            }
            Err(error.context(kept))
        }
    }
}

struct Run<'a> {
    options: &'a Options,
    choices: SeededRng,
    clients: Vec<Client>,
    report: Report,
}

impl Run<'_> {
    fn rounds(&mut self, nodes: &mut [Node], postgres: &mut postgres::Cluster) -> Result<()> {
        let all = wait(RESTORED, "all nodes to join", || {
            let seen = values_of(&nodes[0].face()?, "GET", "/monitor/metrics/freespace")?;
            Ok(seen.first().and_then(Value::as_array).map(Vec::len) == Some(NODES))
        });
        all?;
        let rounds = self.options.rounds;
        for round in 0..rounds {
            self.round(nodes, round)
                .with_context(|| format!("round {round}"))?;
            if [rounds / 3, 2 * rounds / 3].contains(&round) {
                self.outage(nodes, postgres)
                    .with_context(|| format!("restarting the database after round {round}"))?;
            }
        }
        self.finish(nodes).context("at the end")?;
        self.report.answered = self.clients.iter().map(|client| client.answered).sum();
        self.report.cut = self.clients.iter().map(|client| client.cut).sum();
        Ok(())
    }

    /// Loads the cluster, and kills a node meanwhile.
    fn round(&mut self, nodes: &mut [Node], round: u32) -> Result<()> {
        let longest = self.options.longest_load.as_millis().max(21) as u64;
        let before = Duration::from_millis(self.choices.within(20, longest));
        let after = Duration::from_millis(self.choices.within(20, longest));
        let victim = usize::try_from(self.choices.within(0, NODES as u64 - 1))?;
        let stays_away = self.choices.within(0, 1) == 0;
        let faces = nodes.iter().map(Node::face).collect::<Result<Vec<_>>>()?;
        let daemon = nodes[victim].daemon.take().context("a dead node")?;
        let (stop, dead) = (AtomicBool::new(false), AtomicBool::new(false));
        let killed = std::thread::scope(|scope| {
            let running: Vec<_> = self
                .clients
                .iter_mut()
                .map(|client| {
                    let (faces, stop, dead) = (&faces, &stop, &dead);
                    scope.spawn(move || client.load(faces, victim, dead, stop))
                })
                .collect();
            std::thread::sleep(before);
            // From here on it need not answer.
            dead.store(true, Ordering::SeqCst);
            let mut outcome = daemon.kill();
            let killed = Instant::now();
            std::thread::sleep(after);
            stop.store(true, Ordering::SeqCst);
            for client in running {
                let loaded = client
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("a client panicked")));
                outcome = outcome.and(loaded);
            }
            outcome.map(|()| killed)
        })?;
        self.report.kills += 1;
        if stays_away {
            self.restored_without(nodes, victim, killed)?;
        }
        nodes[victim].start()?;
        let compared = self.settled(nodes)?;
        if self.options.verbose {
            eprintln!(
                "round {round}: {} pins, {compared} copies compared, the node {}",
                self.clients.iter().map(Client::kept).sum::<usize>(),
                if stays_away {
                    "stayed away"
                } else {
                    "returned at once"
                },
            );
        }
        Ok(())
    }

    /// Waits until all pins of which a living node has the content have their replicas at living nodes.
    fn restored_without(&mut self, nodes: &[Node], victim: usize, killed: Instant) -> Result<()> {
        let lease = Duration::from_secs(3 * HEARTBEAT);
        let dead = &nodes[victim].id;
        let face = nodes[(victim + 1) % NODES].face()?;
        wait(lease + RESTORED, "the replicas of a dead node", || {
            let pins = pinset(&face)?;
            let waits = pins.values().any(|pin| {
                let living = pin.holders.iter().filter(|holder| *holder != dead).count();
                // What only the dead node has was added there last, and waits for it.
                pin.allocations.contains(dead) || living < REPLICAS && living > 0
            });
            Ok(!waits)
        })?;
        self.report.restored = self.report.restored.max(killed.elapsed());
        Ok(())
    }

    /// Waits until all pins have their replicas, and holds them against what the clients remember; the number of copies
    /// whose bytes were compared.
    fn settled(&mut self, nodes: &[Node]) -> Result<usize> {
        let face = nodes[0].face()?;
        let mut pins = BTreeMap::new();
        wait(RESTORED, "all pins to have their replicas", || {
            pins = pinset(&face)?;
            Ok(pins
                .values()
                .all(|pin| pin.holders.len() == REPLICAS && pin.holders == pin.allocations))
        })
        .with_context(|| {
            let unsettled = pins
                .iter()
                .filter(|(_, pin)| pin.holders != pin.allocations);
            format!("{:?}", unsettled.take(5).collect::<Vec<_>>())
        })?;
        let mut compared = 0;
        let mut explained = BTreeSet::new();
        for client in &mut self.clients {
            client.settle(&pins)?;
            for item in client.items.iter_mut().filter(|item| !item.compared) {
                let holders = &pins[&item.cid].holders;
                for node in nodes.iter().filter(|node| holders.contains(&node.id)) {
                    let found = node.rpc()?.cat(&item.cid);
                    let found = found.with_context(|| format!("{} at {}", item.cid, node.id))?;
                    ensure!(
                        found == stream(&item.seed, item.len),
                        "{} came back with other bytes from {}",
                        item.cid,
                        node.id
                    );
                    compared += 1;
                }
                item.compared = true;
            }
            explained.extend(client.items.iter().map(|item| item.cid.clone()));
        }
        let unsure: usize = self.clients.iter_mut().map(Client::take_unsure_adds).sum();
        let strange: Vec<_> = pins
            .keys()
            .filter(|cid| !explained.contains(*cid))
            .collect();
        ensure!(
            strange.len() <= unsure,
            "pinned though nobody asked for it: {strange:?}"
        );
        // Nobody knows them: the next ones may have the same content.
        for cid in strange {
            request(&face, "DELETE", &format!("/pins/{cid}"))?;
        }
        self.report.compared += compared;
        Ok(compared)
    }

    /// Stops the database for longer than leases last, and starts it again: no pin moves.
    fn outage(&mut self, nodes: &[Node], postgres: &mut postgres::Cluster) -> Result<()> {
        let allocations = |face: &str| -> Result<BTreeMap<String, BTreeSet<String>>> {
            let pins = pinset(face)?.into_iter();
            Ok(pins.map(|(cid, pin)| (cid, pin.allocations)).collect())
        };
        let face = nodes[0].face()?;
        let before = allocations(&face)?;
        postgres.stop()?;
        let lasting = Duration::from_secs(3 * HEARTBEAT + REPLACE_AFTER + 2);
        std::thread::sleep(lasting);
        let refused = request(&face, "POST", "/pins/bafkqaaa?name=refused")?;
        ensure!(
            refused.status == 503,
            "a pin without a database: {} {}",
            refused.status,
            refused.text()
        );
        postgres.restart()?;
        for node in nodes {
            let face = node.face()?;
            wait(RESTORED, "a node to find the database again", || {
                Ok(request(&face, "GET", "/id")?.status == 200
                    && request(&face, "GET", "/allocations")?.status < 300)
            })?;
        }
        // Until every grace period has ended, and each node has looked for misplaced pins since.
        let looked = Instant::now() + lasting + Duration::from_secs(2 * HEARTBEAT + 1);
        while Instant::now() < looked {
            ensure!(allocations(&face)? == before, "a pin was moved");
            std::thread::sleep(Duration::from_millis(200));
        }
        self.report.outages += 1;
        if self.options.verbose {
            eprintln!(
                "the database was restarted; {} pins stay where they are",
                before.len()
            );
        }
        Ok(())
    }

    /// Nodes have pinned what the pinset says, and have it after a collection.
    fn finish(&mut self, nodes: &[Node]) -> Result<()> {
        self.settled(nodes)?;
        let pins = pinset(&nodes[0].face()?)?;
        self.report.pinned = pins.len();
        let cut: u64 = self.clients.iter().map(|client| client.cut).sum();
        for node in nodes {
            let expected: BTreeSet<String> = pins
                .iter()
                .filter(|(_, pin)| pin.holders.contains(&node.id))
                .map(|(cid, _)| cid.clone())
                .chain(node.foreign.iter().cloned())
                .collect();
            let rpc = node.rpc()?;
            let (mut lost, mut strange) = (Vec::new(), Vec::new());
            wait(RELEASED, "the nodes to let go of what was unpinned", || {
                let pinned = rpc.recursive_pins()?;
                lost = expected.difference(&pinned).cloned().collect();
                strange = pinned.difference(&expected).cloned().collect();
                // What was pinned for requests that were cut goes after a grace of minutes.
                Ok(lost.is_empty() && strange.len() as u64 <= cut)
            })
            .with_context(|| format!("{}: lacks {lost:?}, has {strange:?}", node.id))?;
            rpc.collect()?;
            rpc.verify()?;
        }
        for client in &mut self.clients {
            for item in &mut client.items {
                item.compared = false;
            }
        }
        self.settled(nodes).map(drop)
    }
}

/// Waits until something holds.
fn wait(limit: Duration, what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    loop {
        if holds()? {
            return Ok(());
        }
        if start.elapsed() > limit {
            bail!("waited {} s for {what}", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
