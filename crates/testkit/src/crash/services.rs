//! Kills a node under a load of pin requests, uploads and additions to its cluster, and checks that none was lost and none is there twice.
//!
//! Several clients, each with an account of its own, store content, request pins of it, upload and add files, and delete all, each
//! remembering what was answered and what was under way. After `kill -9` and a restart everything that was accepted is listed
//! once and becomes pinned, and what was deleted is gone. At the end the accounts' usage is that of their content, and
//! the node has pinned just what the requests, uploads and additions name.

mod additions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Options, Report, kept_if_it_fails, under_load};
use crate::fixture::{SeededRng, stream};
use crate::http::{self, Answer};
use crate::rpc::Rpc;
use crate::server::{Daemon, Repository};

/// How long the node may take to pin what was accepted, and to unpin what was deleted. All of it is local.
const SETTLE: Duration = Duration::from_secs(120);

/// Items of one kind that a client keeps; then it deletes some.
const KEPT: usize = 60;

/// Items of one page of a listing.
const PAGE: usize = 1_000;

/// What a client knows about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It was accepted.
    There,
    /// Its request was cut.
    Unsure,
    /// Its deletion was answered.
    Gone,
}

/// An answer that no request may have; one that is cut has none.
#[derive(Debug)]
struct Unexpected {
    request: &'static str,
    status: u16,
    text: String,
}

impl std::fmt::Display for Unexpected {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {} {}", self.request, self.status, self.text)
    }
}

impl std::error::Error for Unexpected {}

/// Requires a status of an answer.
fn expect(request: &'static str, answer: &Answer, status: u16) -> Result<()> {
    if answer.status == status {
        return Ok(());
    }
    bail!(Unexpected {
        request,
        status: answer.status,
        text: answer.text(),
    })
}

/// A pin request, an upload or an addition.
#[derive(Clone, Debug)]
struct Item {
    cid: String,
    /// The name of a pin request or an addition, which no other has.
    name: String,
    /// The id of a pin request.
    id: String,
    known: Known,
}

struct Client {
    account: String,
    token: String,
    choices: SeededRng,
    made: u64,
    pins: Vec<Item>,
    uploads: Vec<Item>,
    /// Uploads that were cut: their CIDs are unknown.
    unsure_uploads: usize,
    additions: Vec<Item>,
    answered: u64,
    cut: u64,
}

/// Where the faces of a daemon are.
struct Faces {
    rpc: Rpc,
    pinning: String,
    upload: String,
    cluster: String,
}

impl Faces {
    fn of(daemon: &Daemon) -> Result<Self> {
        Ok(Self {
            rpc: Rpc::new(&daemon.rpc()),
            pinning: daemon.pinning().context("there is no pinning service")?,
            upload: daemon.upload().context("there is no upload server")?,
            cluster: daemon.cluster().context("there is no cluster")?,
        })
    }
}

/// Loads, kills and checks a node as often as `options` says.
///
/// # Errors
/// Something was lost or is there twice, or the node could not be run; the repository is kept then.
pub fn run(options: &Options) -> Result<Report> {
    kept_if_it_fails(options, rounds)
}

fn rounds(repository: &Repository, options: &Options) -> Result<Report> {
    repository.configure(|config| {
        config["Accounts"] = json!({ "UploadRate": "unlimited", "PinningRate": "unlimited" });
    })?;
    let mut choices = SeededRng::new(options.seed);
    let mut report = Report::default();
    let mut daemon = repository.start(&["--offline"])?;
    let foreign = Rpc::new(&daemon.rpc()).recursive_pins()?;
    let mut clients = (0..options.clients)
        .map(|number| Client::new(repository, number, options.seed))
        .collect::<Result<Vec<_>>>()?;
    for round in 0..options.rounds {
        let context = |daemon: &Daemon| format!("round {round}\n{}", daemon.log());
        let longest = options.longest_load.as_millis().max(21) as u64;
        let load = Duration::from_millis(choices.within(20, longest));
        let faces = Faces::of(&daemon)?;
        under_load(&mut clients, &daemon, load, |client, stopping| {
            client.load(&faces, stopping)
        })
        .with_context(|| context(&daemon))?;
        daemon.kill()?;
        let started = Instant::now();
        daemon = repository
            .start(&["--offline"])
            .with_context(|| format!("round {round}: restarting"))?;
        report.reopened.push(started.elapsed());
        let faces = Faces::of(&daemon)?;
        for client in &mut clients {
            client.check(&faces).with_context(|| context(&daemon))?;
        }
        if options.verbose {
            eprintln!(
                "round {round}: {} ms of load, {} items, started after {} ms",
                load.as_millis(),
                clients.iter().map(Client::kept).sum::<usize>(),
                report.reopened.last().map_or(0, Duration::as_millis)
            );
        }
    }
    let faces = Faces::of(&daemon)?;
    let context = |daemon: &Daemon| format!("at the end\n{}", daemon.log());
    check_pins(&clients, &faces, &foreign).with_context(|| context(&daemon))?;
    for client in &clients {
        client
            .check_usage(repository, &faces)
            .with_context(|| context(&daemon))?;
    }
    faces.rpc.verify()?;
    report.answered = clients.iter().map(|client| client.answered).sum();
    report.cut = clients.iter().map(|client| client.cut).sum();
    report.pinned = clients.iter().map(Client::kept).sum();
    Ok(report)
}

/// Waits until the node has pinned what the items name, and nothing else but what requests that were cut may have
/// left: the daemon removes that after a grace of minutes.
fn check_pins(clients: &[Client], faces: &Faces, foreign: &BTreeSet<String>) -> Result<()> {
    let items = clients.iter().flat_map(Client::items);
    let mut wanted: BTreeSet<String> = items
        .filter(|item| item.known == Known::There)
        .map(|item| item.cid.clone())
        .collect();
    wanted.extend(foreign.iter().cloned());
    let cut: u64 = clients.iter().map(|client| client.cut).sum();
    let cut = usize::try_from(cut)?;
    let deadline = Instant::now() + SETTLE;
    loop {
        let pinned = faces.rpc.recursive_pins()?;
        let lost: Vec<_> = wanted.difference(&pinned).collect();
        let kept: Vec<_> = pinned.difference(&wanted).collect();
        if lost.is_empty() && kept.len() <= cut {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("not pinned though wanted: {lost:?}; pinned though deleted: {kept:?}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How many of the items are there.
fn kept(items: &[Item]) -> usize {
    let there = items.iter().filter(|item| item.known == Known::There);
    there.count()
}

/// One of the items that are there, whose deletion is about to be requested, and where it is.
fn begin_deletion(choices: &mut SeededRng, items: &mut [Item]) -> Option<(usize, Item)> {
    let there: Vec<usize> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.known == Known::There)
        .map(|(at, _)| at)
        .collect();
    let last = there.len().checked_sub(1)?;
    let chosen = usize::try_from(choices.within(0, last as u64)).ok()?;
    let at = *there.get(chosen)?;
    let item = items.get_mut(at)?;
    item.known = Known::Unsure;
    Some((at, item.clone()))
}

/// The deletion was answered.
fn end_deletion(items: &mut [Item], at: usize) {
    if let Some(item) = items.get_mut(at) {
        item.known = Known::Gone;
    }
}

impl Client {
    fn new(repository: &Repository, number: usize, seed: u64) -> Result<Self> {
        let account = format!("client{number}");
        repository.run(&["account", "create", &account])?;
        let scopes = ["--scope", "pin,upload,read"];
        let token = repository.token(&[&["load", "--account", &account], &scopes[..]].concat())?;
        Ok(Self {
            account,
            token,
            choices: SeededRng::new(seed ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9)),
            made: 0,
            pins: Vec::new(),
            uploads: Vec::new(),
            unsure_uploads: 0,
            additions: Vec::new(),
            answered: 0,
            cut: 0,
        })
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.pins.iter().chain(&self.uploads).chain(&self.additions)
    }

    fn kept(&self) -> usize {
        self.items()
            .filter(|item| item.known == Known::There)
            .count()
    }

    fn exchange(
        &self,
        base: &str,
        method: &str,
        target: &str,
        body: Option<(&str, &[u8])>,
    ) -> Result<Answer> {
        http::with_token(base, &self.token, method, target, body)
    }

    /// Content that no other item has.
    fn content(&mut self) -> Vec<u8> {
        self.made += 1;
        // Shorter content would not be unique.
        let size = self.choices.size(40_000).max(64);
        stream(
            &format!("{} {}", self.account, self.made),
            usize::try_from(size).unwrap_or(64),
        )
    }

    /// Works until the node is killed.
    fn load(&mut self, faces: &Faces, stopping: &AtomicBool) -> Result<()> {
        while !stopping.load(Ordering::SeqCst) {
            let done = match self.choices.within(0, 8) {
                0 | 1 => self.pin(faces),
                2 | 3 => self.upload(faces),
                4 | 5 => self.add(faces),
                6 => self.delete_pin(faces),
                7 => self.delete_upload(faces),
                _ => self.delete_addition(faces),
            };
            match done {
                Ok(()) => self.answered += 1,
                // A connection that breaks is the kill's doing; an answer is not.
                Err(error) if stopping.load(Ordering::SeqCst) && !error.is::<Unexpected>() => {
                    self.cut += 1;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn pin(&mut self, faces: &Faces) -> Result<()> {
        if kept(&self.pins) >= KEPT {
            return self.delete_pin(faces);
        }
        let data = self.content();
        let cid = faces.rpc.add(&data, "pin=false&cid-version=1")?;
        let name = format!("{} {}", self.account, self.made);
        let body = json!({ "cid": cid, "name": name }).to_string();
        let at = self.pins.len();
        self.pins.push(Item {
            cid,
            name,
            id: String::new(),
            known: Known::Unsure,
        });
        let answer = self.exchange(
            &faces.pinning,
            "POST",
            "/pins",
            Some(("application/json", body.as_bytes())),
        )?;
        expect("POST /pins", &answer, 202)?;
        let status: Value = serde_json::from_slice(&answer.body)?;
        let id = status["requestid"].as_str().context("no requestid")?;
        if let Some(item) = self.pins.get_mut(at) {
            id.clone_into(&mut item.id);
            item.known = Known::There;
        }
        Ok(())
    }

    fn delete_pin(&mut self, faces: &Faces) -> Result<()> {
        let Some((at, item)) = begin_deletion(&mut self.choices, &mut self.pins) else {
            return Ok(());
        };
        let target = format!("/pins/{}", item.id);
        let answer = self.exchange(&faces.pinning, "DELETE", &target, None)?;
        expect("DELETE /pins", &answer, 202)?;
        end_deletion(&mut self.pins, at);
        Ok(())
    }

    fn upload(&mut self, faces: &Faces) -> Result<()> {
        if kept(&self.uploads) >= KEPT {
            return self.delete_upload(faces);
        }
        let data = self.content();
        self.unsure_uploads += 1;
        let body = Some(("application/octet-stream", data.as_slice()));
        let answer = self.exchange(&faces.upload, "POST", "/upload", body)?;
        expect("POST /upload", &answer, 200)?;
        let uploaded: Value = serde_json::from_slice(&answer.body)?;
        let cid = uploaded["value"]["cid"].as_str().context("no CID")?;
        self.unsure_uploads -= 1;
        self.uploads.push(Item {
            cid: cid.to_owned(),
            name: String::new(),
            id: String::new(),
            known: Known::There,
        });
        Ok(())
    }

    fn delete_upload(&mut self, faces: &Faces) -> Result<()> {
        let Some((at, item)) = begin_deletion(&mut self.choices, &mut self.uploads) else {
            return Ok(());
        };
        let target = format!("/{}", item.cid);
        let answer = self.exchange(&faces.upload, "DELETE", &target, None)?;
        expect("DELETE of an upload", &answer, 200)?;
        end_deletion(&mut self.uploads, at);
        Ok(())
    }

    /// Holds the restarted node against what this client remembers, and learns what became of the requests that were cut.
    fn check(&mut self, faces: &Faces) -> Result<()> {
        self.wait_until_pinned(faces)?;
        self.check_additions(faces)?;
        let listed = self.list_pins(faces)?;
        for item in &mut self.pins {
            match (item.known, listed.get(&item.name)) {
                (Known::There, None) => bail!("the accepted pin request {item:?} is lost"),
                (Known::There, Some(id)) => {
                    ensure!(*id == item.id, "{item:?} has another id: {id}");
                }
                (Known::Gone, Some(_)) => bail!("the deleted pin request {item:?} is there"),
                (Known::Unsure, Some(id)) => {
                    item.id.clone_from(id);
                    item.known = Known::There;
                }
                (Known::Unsure | Known::Gone, None) => item.known = Known::Gone,
            }
        }
        self.pins.retain(|item| item.known == Known::There);
        ensure!(
            listed.len() == self.pins.len(),
            "{} pin requests are there, and {} were made",
            listed.len(),
            self.pins.len()
        );
        let mut listed = self.list_uploads(faces)?;
        for item in &mut self.uploads {
            match (item.known, listed.remove(&item.cid)) {
                (Known::There, false) => bail!("the answered upload {item:?} is lost"),
                (Known::Gone, true) => bail!("the deleted upload {item:?} is there"),
                (_, true) => item.known = Known::There,
                (_, false) => item.known = Known::Gone,
            }
        }
        self.uploads.retain(|item| item.known == Known::There);
        ensure!(
            listed.len() <= self.unsure_uploads,
            "uploads that nobody made: {listed:?}"
        );
        self.unsure_uploads = 0;
        self.uploads.extend(listed.into_iter().map(|cid| Item {
            cid,
            name: String::new(),
            id: String::new(),
            known: Known::There,
        }));
        Ok(())
    }

    fn json(&self, base: &str, target: &str) -> Result<Value> {
        let answer = self.exchange(base, "GET", target, None)?;
        ensure!(
            answer.status == 200,
            "GET {target}: {} {}",
            answer.status,
            answer.text()
        );
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// All content is local, so that all of it is pinned soon.
    fn wait_until_pinned(&self, faces: &Faces) -> Result<()> {
        let deadline = Instant::now() + SETTLE;
        loop {
            let failed = self.json(&faces.pinning, "/pins?status=failed")?;
            ensure!(failed["count"] == 0, "pin requests failed: {failed}");
            let waiting = self.json(&faces.pinning, "/pins?status=queued,pinning")?;
            if waiting["count"] == 0 {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "still not pinned: {waiting}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The ids of all pin requests by name; fails if a name is there twice.
    fn list_pins(&self, faces: &Faces) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        let mut before = String::new();
        loop {
            let target = format!("/pins?status=pinned&limit={PAGE}{before}");
            let page = self.json(&faces.pinning, &target)?;
            let results = page["results"].as_array().context("no results")?;
            for status in results {
                let name = status["pin"]["name"].as_str().unwrap_or_default();
                let id = status["requestid"].as_str().unwrap_or_default();
                let twice = found.insert(name.to_owned(), id.to_owned());
                ensure!(twice.is_none(), "the pin request {name:?} is there twice");
            }
            match results.last().filter(|_| results.len() == PAGE) {
                Some(last) => {
                    before = format!("&before={}", last["created"].as_str().unwrap_or(""));
                }
                None => return Ok(found),
            }
        }
    }

    /// The CIDs of all uploads; fails if one is there twice.
    fn list_uploads(&self, faces: &Faces) -> Result<BTreeSet<String>> {
        let page = self.json(&faces.upload, &format!("/?limit={PAGE}"))?;
        let mut found = BTreeSet::new();
        for upload in page["value"].as_array().context("no uploads")? {
            let cid = upload["cid"].as_str().unwrap_or_default();
            ensure!(
                found.insert(cid.to_owned()),
                "the upload {cid} is there twice"
            );
        }
        Ok(found)
    }

    /// Compares the account's usage with its content.
    fn check_usage(&self, repository: &Repository, faces: &Faces) -> Result<()> {
        let shown = repository.run(&["account", "show", &self.account, "--json"])?;
        let shown: Value = serde_json::from_str(&shown)?;
        let mut bytes = 0;
        for item in self.pins.iter().chain(&self.uploads) {
            let command = format!("dag/stat?arg={}&progress=false", item.cid);
            let stat = faces.rpc.call(&command, None)?;
            let stat: Value = serde_json::from_slice(&stat.body)?;
            bytes += stat["TotalSize"].as_u64().context("no size")?;
        }
        let expected = json!({ "pins": kept(&self.pins) + kept(&self.uploads), "bytes": bytes });
        ensure!(
            shown["usage"] == expected,
            "{} uses {}, but its content is {expected}",
            self.account,
            shown["usage"]
        );
        Ok(())
    }
}
