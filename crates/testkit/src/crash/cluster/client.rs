//! A client of the cluster, and what it remembers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::Pinned;
use crate::fixture::{SeededRng, stream};
use crate::http::{self, Answer, Request};
use crate::rpc::{multipart_headers, one_file};

/// Items that a client has pinned at most; then it unpins some.
const KEPT: usize = 20;

/// Content that was added.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) cid: String,
    pub(super) seed: String,
    pub(super) len: usize,
    /// The names of which it has one; `None` is that it is not pinned.
    names: Vec<Option<String>>,
    /// Whether the bytes of all copies were compared since it was last changed.
    pub(super) compared: bool,
}

pub(super) struct Client {
    number: usize,
    choices: SeededRng,
    made: u64,
    pub(super) items: Vec<Item>,
    /// Additions that were cut: nobody knows their CIDs.
    unsure: usize,
    pub(super) answered: u64,
    pub(super) cut: u64,
}

/// A node to ask.
struct Asked<'a> {
    face: &'a str,
    /// Whether it may have been killed.
    dying: &'a dyn Fn() -> bool,
}

impl Asked<'_> {
    /// The answer; `None` if the node was killed, or refuses for now.
    fn exchange(&self, request: &Request<'_>) -> Result<Option<Answer>> {
        match http::exchange(self.face, request) {
            Ok(answer) if answer.status == 503 || answer.aborted && (self.dying)() => Ok(None),
            Ok(answer) => Ok(Some(answer)),
            Err(_) if (self.dying)() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Client {
    pub(super) fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            choices: SeededRng::new(seed ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9)),
            made: 0,
            items: Vec::new(),
            unsure: 0,
            answered: 0,
            cut: 0,
        }
    }

    pub(super) fn kept(&self) -> usize {
        self.items.len()
    }

    /// How many additions were cut since this was last asked.
    pub(super) fn take_unsure_adds(&mut self) -> usize {
        std::mem::take(&mut self.unsure)
    }

    /// Works until it is stopped.
    pub(super) fn load(
        &mut self,
        faces: &[String],
        victim: usize,
        dead: &AtomicBool,
        stop: &AtomicBool,
    ) -> Result<()> {
        while !stop.load(Ordering::SeqCst) {
            let node = self.within(faces.len());
            // Users of a node that is gone ask another one.
            let node = if node == victim && dead.load(Ordering::SeqCst) {
                (node + 1) % faces.len()
            } else {
                node
            };
            let dying = || node == victim && dead.load(Ordering::SeqCst);
            let asked = Asked {
                face: &faces[node],
                dying: &dying,
            };
            let done = match self.choices.within(0, 9) {
                0..4 => self.add(&asked)?,
                4..7 => self.pin_again(&asked)?,
                7 | 8 => self.unpin(&asked)?,
                _ => collect(&asked)?,
            };
            match done {
                true => self.answered += 1,
                false => self.cut += 1,
            }
        }
        Ok(())
    }

    fn within(&mut self, count: usize) -> usize {
        let last = (count as u64).saturating_sub(1);
        usize::try_from(self.choices.within(0, last)).unwrap_or(0)
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("client{}-{}", self.number, self.made)
    }

    fn add(&mut self, asked: &Asked<'_>) -> Result<bool> {
        if self.pinned().len() >= KEPT {
            return self.unpin(asked);
        }
        let name = self.name();
        // Shorter content would not be unique. Some has several blocks.
        let len = usize::try_from(self.choices.size(600_000).max(64))?;
        let body = one_file(&stream(&name, len));
        let headers = multipart_headers();
        let target = format!("/add?stream-channels=false&cid-version=1&name={name}");
        let request = Request {
            headers: &headers,
            body: Some(&body),
            ..Request::new("POST", &target)
        };
        let Some(answer) = asked.exchange(&request)? else {
            self.unsure += 1;
            return Ok(false);
        };
        ensure!(
            answer.status == 200,
            "POST {target}: {} {}",
            answer.status,
            answer.text()
        );
        let added: Value = serde_json::from_slice(&answer.body)?;
        let cid = added
            .as_array()
            .and_then(|added| added.last()?["cid"].as_str());
        let Some(cid) = cid else {
            bail!("POST {target}: no CID in {added}");
        };
        self.items.push(Item {
            cid: cid.to_owned(),
            seed: name.clone(),
            len,
            names: vec![Some(name)],
            compared: false,
        });
        Ok(true)
    }

    /// The places of the items that are pinned for certain.
    fn pinned(&self) -> Vec<usize> {
        (0..self.items.len())
            .filter(|&at| matches!(&self.items[at].names[..], [Some(_)]))
            .collect()
    }

    /// One of the items that are pinned for certain.
    fn any(&mut self) -> Option<usize> {
        let there = self.pinned();
        if there.is_empty() {
            return None;
        }
        let at = self.within(there.len());
        there.get(at).copied()
    }

    fn pin_again(&mut self, asked: &Asked<'_>) -> Result<bool> {
        let Some(at) = self.any() else {
            return self.add(asked);
        };
        let name = self.name();
        let item = &mut self.items[at];
        item.names.push(Some(name.clone()));
        item.compared = false;
        let target = format!("/pins/{}?name={name}", item.cid);
        let Some(answer) = asked.exchange(&Request::new("POST", &target))? else {
            return Ok(false);
        };
        ensure!(
            answer.status == 200,
            "POST {target}: {} {}",
            answer.status,
            answer.text()
        );
        item.names = vec![Some(name)];
        Ok(true)
    }

    fn unpin(&mut self, asked: &Asked<'_>) -> Result<bool> {
        let Some(at) = self.any() else {
            return Ok(true);
        };
        let item = &mut self.items[at];
        item.names.push(None);
        let target = format!("/pins/{}", item.cid);
        let Some(answer) = asked.exchange(&Request::new("DELETE", &target))? else {
            return Ok(false);
        };
        ensure!(
            answer.status == 200,
            "DELETE {target}: {} {}",
            answer.status,
            answer.text()
        );
        item.names = vec![None];
        Ok(true)
    }

    /// Holds the pinset against what was answered, and learns what became of the rest.
    pub(super) fn settle(&mut self, pins: &BTreeMap<String, Pinned>) -> Result<()> {
        for item in &mut self.items {
            let found = pins.get(&item.cid).map(|pin| pin.name.clone());
            ensure!(
                item.names.contains(&found),
                "{} is pinned as {found:?}, and should be one of {:?}",
                item.cid,
                item.names
            );
            item.names = vec![found];
        }
        self.items.retain(|item| item.names != [None]);
        Ok(())
    }
}

/// Collects garbage at a node.
fn collect(asked: &Asked<'_>) -> Result<bool> {
    let target = "/ipfs/gc?local=true";
    let Some(answer) = asked.exchange(&Request::new("POST", target))? else {
        return Ok(false);
    };
    ensure!(
        answer.status == 200,
        "POST {target}: {} {}",
        answer.status,
        answer.text()
    );
    Ok(true)
}
