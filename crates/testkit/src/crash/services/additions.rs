//! Files that are added to the cluster of which the node is the only peer.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{Client, Faces, Item, KEPT, Known, begin_deletion, end_deletion, expect, kept};
use crate::http::{self, Answer, Request};
use crate::rpc::{multipart_headers, one_file};

/// An answer of the cluster, which has no users.
fn exchange(faces: &Faces, method: &str, target: &str, body: Option<&[u8]>) -> Result<Answer> {
    let headers = body.map(|_| multipart_headers()).unwrap_or_default();
    let request = Request {
        headers: &headers,
        body,
        ..Request::new(method, target)
    };
    http::exchange(&faces.cluster, &request)
}

impl Client {
    pub(super) fn add(&mut self, faces: &Faces) -> Result<()> {
        if kept(&self.additions) >= KEPT {
            return self.delete_addition(faces);
        }
        let data = self.content();
        let name = format!("{}-{}", self.account, self.made);
        let at = self.additions.len();
        self.additions.push(Item {
            cid: String::new(),
            name: name.clone(),
            id: String::new(),
            known: Known::Unsure,
        });
        let target = format!("/add?cid-version=1&name={name}");
        let answer = exchange(faces, "POST", &target, Some(&one_file(&data)))?;
        expect("POST /add", &answer, 200)?;
        ensure!(!answer.aborted, "POST /add was cut off");
        let added: Value = serde_json::from_slice(&answer.body)?;
        let cid = added["cid"].as_str().context("no CID")?;
        if let Some(item) = self.additions.get_mut(at) {
            cid.clone_into(&mut item.cid);
            item.known = Known::There;
        }
        Ok(())
    }

    pub(super) fn delete_addition(&mut self, faces: &Faces) -> Result<()> {
        let Some((at, item)) = begin_deletion(&mut self.choices, &mut self.additions) else {
            return Ok(());
        };
        let target = format!("/pins/{}", item.cid);
        let answer = exchange(faces, "DELETE", &target, None)?;
        expect("DELETE of an addition", &answer, 200)?;
        end_deletion(&mut self.additions, at);
        Ok(())
    }

    /// Holds the pinset against what this client remembers, and learns what became of the requests that were cut.
    pub(super) fn check_additions(&mut self, faces: &Faces) -> Result<()> {
        let mut listed = self.list_additions(faces)?;
        for item in &mut self.additions {
            match (item.known, listed.remove(&item.name)) {
                (Known::There, None) => bail!("the answered addition {item:?} is lost"),
                (Known::Gone, Some(_)) => bail!("the deleted addition {item:?} is there"),
                (_, Some(cid)) => {
                    ensure!(
                        item.cid.is_empty() || item.cid == cid,
                        "{item:?} is of {cid}"
                    );
                    item.cid = cid;
                    item.known = Known::There;
                }
                (_, None) => item.known = Known::Gone,
            }
        }
        self.additions.retain(|item| item.known == Known::There);
        ensure!(listed.is_empty(), "additions that nobody made: {listed:?}");
        Ok(())
    }

    /// The CIDs of this client's additions by name.
    fn list_additions(&self, faces: &Faces) -> Result<BTreeMap<String, String>> {
        let answer = exchange(faces, "GET", "/pins", None)?;
        ensure!(
            answer.status == 200 && !answer.aborted,
            "GET /pins: {}",
            answer.text()
        );
        let mut found = BTreeMap::new();
        for line in answer.text().lines() {
            let pin: Value = serde_json::from_str(line)?;
            let (name, cid) = (pin["name"].as_str(), pin["cid"].as_str());
            let (name, cid) = name.zip(cid).context("a pin without a name or CID")?;
            for at in pin["peer_map"].as_object().context("no peers")?.values() {
                ensure!(at["error"] == "", "an addition failed: {pin}");
            }
            let own = name.strip_prefix(&self.account);
            if own.is_some_and(|rest| rest.starts_with('-')) {
                let twice = found.insert(name.to_owned(), cid.to_owned());
                ensure!(twice.is_none(), "the addition {name:?} is there twice");
            }
        }
        Ok(found)
    }
}
