//! One client of a loaded node: it asks for one thing after another and remembers the outcome of each.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};

use super::model::{Collections, Cut, Item, ItemKind};
use crate::fixture::SeededRng;
use crate::http::Answer;
use crate::replay::json_values;
use crate::rpc::Rpc;

/// The smallest item, in bytes: of smaller ones two would soon be the same.
const SMALLEST: usize = 16;
/// The largest file, in bytes.
const LARGEST_FILE: u64 = 8 << 20;
/// The largest block, in bytes.
const LARGEST_BLOCK: u64 = 1 << 20;

/// A client and what it remembers.
#[derive(Debug)]
pub(super) struct Client {
    number: usize,
    seed: u64,
    choices: SeededRng,
    /// The most bytes it keeps pinned.
    allowance: u64,
    made: u64,
    /// How many of the things that all clients put it has put.
    shared: u64,
    pub(super) items: Vec<Item>,
    cut_items: Vec<Cut>,
    pub(super) answered: u64,
    pub(super) cut: u64,
}

/// The outcome of a request.
enum RequestOutcome {
    /// A whole, successful answer.
    Done(Answer),
    /// A whole answer that tells of a failure.
    Refused(String),
    /// The kill cut it.
    Cut,
}

impl Client {
    pub(super) fn new(number: usize, seed: u64, allowance: u64) -> Self {
        Self {
            number,
            seed,
            choices: SeededRng::new(seed ^ ((number as u64 + 1) << 32)),
            allowance,
            made: 0,
            shared: 0,
            items: Vec::new(),
            cut_items: Vec::new(),
            answered: 0,
            cut: 0,
        }
    }

    /// How many bytes it has pinned.
    pub(super) fn bytes(&self) -> u64 {
        self.items
            .iter()
            .filter(|item| item.pinned == Some(true))
            .map(|item| item.len as u64)
            .sum()
    }

    /// Asks until the node is killed.
    pub(super) fn load(
        &mut self,
        rpc: &Rpc,
        stopping: &AtomicBool,
        collections: &Collections,
    ) -> Result<()> {
        while !stopping.load(Ordering::SeqCst) {
            let full = self.bytes() > self.allowance;
            match self.choices.within(0, 99) {
                0..=4 if !full => self.put_shared(rpc, stopping, collections)?,
                5..=34 if !full => self.put(ItemKind::File, true, rpc, stopping, collections)?,
                35..=42 => self.put(ItemKind::File, false, rpc, stopping, collections)?,
                43..=62 if !full => self.put(ItemKind::Block, true, rpc, stopping, collections)?,
                63..=72 => self.put(ItemKind::Block, false, rpc, stopping, collections)?,
                73..=79 => self.pin(rpc, stopping, collections)?,
                80..=86 => self.read_one(rpc, stopping)?,
                89..=90 => self.put_again(rpc, stopping, collections)?,
                87..=88 => self.collect(rpc, stopping, collections)?,
                _ => self.unpin(rpc, stopping)?,
            }
        }
        Ok(())
    }

    /// Puts something new.
    fn put(
        &mut self,
        kind: ItemKind,
        pin: bool,
        rpc: &Rpc,
        stopping: &AtomicBool,
        collections: &Collections,
    ) -> Result<()> {
        let seed = format!("crash {} {} {}", self.seed, self.number, self.made);
        self.made += 1;
        let largest = if kind == ItemKind::File {
            LARGEST_FILE
        } else {
            LARGEST_BLOCK
        };
        let len = usize::try_from(self.choices.size(largest))?.max(SMALLEST);
        self.put_stream(
            Cut {
                kind,
                seed,
                len,
                pin,
                shared: false,
            },
            rpc,
            stopping,
            collections,
        )
    }

    /// Puts what other clients put at about the same time, so that one's answer rests on another's write.
    fn put_shared(
        &mut self,
        rpc: &Rpc,
        stopping: &AtomicBool,
        collections: &Collections,
    ) -> Result<()> {
        self.shared += 1;
        let seed = format!("crash {} shared {}", self.seed, self.shared);
        let len = 1_000 * usize::try_from(self.shared % 700)? + SMALLEST;
        self.put_stream(
            Cut {
                kind: ItemKind::File,
                seed,
                len,
                pin: true,
                shared: true,
            },
            rpc,
            stopping,
            collections,
        )
    }

    /// Puts again what is there, or was.
    fn put_again(
        &mut self,
        rpc: &Rpc,
        stopping: &AtomicBool,
        collections: &Collections,
    ) -> Result<()> {
        let Some(item) = self.take(|item| item.pinned == Some(false)) else {
            return Ok(());
        };
        let Item {
            kind, seed, len, ..
        } = item;
        self.put_stream(
            Cut {
                kind,
                seed,
                len,
                pin: true,
                shared: false,
            },
            rpc,
            stopping,
            collections,
        )
    }

    fn put_stream(
        &mut self,
        put: Cut,
        rpc: &Rpc,
        stopping: &AtomicBool,
        collections: &Collections,
    ) -> Result<()> {
        let Cut {
            kind,
            seed,
            len,
            pin,
            shared,
        } = put;
        let data = crate::fixture::stream(&seed, len);
        let before = collections.quiet();
        let (command, field) = match kind {
            ItemKind::File => (format!("add?pin={pin}"), "Hash"),
            ItemKind::Block => (format!("block/put?pin={pin}"), "Key"),
        };
        match self.request(&command, Some(&data), rpc, stopping)? {
            RequestOutcome::Done(answer) => {
                let cid = cid_in(&answer, field)?;
                let seen_after = before.filter(|_| collections.quiet() == before);
                self.items.push(Item {
                    cid,
                    kind,
                    seed,
                    len,
                    pinned: Some(pin),
                    shared,
                    seen_after,
                    checked: false,
                });
                Ok(())
            }
            RequestOutcome::Refused(why) => bail!("{command} was refused: {why}"),
            RequestOutcome::Cut => {
                self.cut_items.push(Cut {
                    kind,
                    seed,
                    len,
                    pin,
                    shared,
                });
                Ok(())
            }
        }
    }

    fn pin(&mut self, rpc: &Rpc, stopping: &AtomicBool, collections: &Collections) -> Result<()> {
        let Some(mut item) = self.take(|item| item.pinned == Some(false)) else {
            return Ok(());
        };
        let command = format!("pin/add?arg={}", item.cid);
        match self.request(&command, None, rpc, stopping)? {
            RequestOutcome::Done(_) => item.pinned = Some(true),
            // A collection may have taken it; then it is forgotten.
            RequestOutcome::Refused(_) if !item.present_since(collections) => return Ok(()),
            RequestOutcome::Refused(why) => {
                bail!("{command} was refused though no collection ran: {why}")
            }
            RequestOutcome::Cut => item.pinned = None,
        }
        item.checked = false;
        self.items.push(item);
        Ok(())
    }

    fn unpin(&mut self, rpc: &Rpc, stopping: &AtomicBool) -> Result<()> {
        let Some(mut item) = self.take(|item| item.pinned == Some(true) && !item.shared) else {
            return Ok(());
        };
        let command = format!("pin/rm?arg={}", item.cid);
        match self.request(&command, None, rpc, stopping)? {
            RequestOutcome::Done(_) => item.pinned = Some(false),
            RequestOutcome::Refused(why) => bail!("{command} was refused: {why}"),
            RequestOutcome::Cut => item.pinned = None,
        }
        // From here on a collection that was already running may take it.
        item.seen_after = None;
        self.items.push(item);
        Ok(())
    }

    fn read_one(&mut self, rpc: &Rpc, stopping: &AtomicBool) -> Result<()> {
        let Some(item) = self.take(|item| item.pinned == Some(true)) else {
            return Ok(());
        };
        let read = item.read(rpc);
        let told = match read {
            Ok(bytes) if bytes == item.data() => Ok(()),
            Ok(bytes) => bail!("{item} was read with other bytes ({} of them)", bytes.len()),
            Err(_) if stopping.load(Ordering::SeqCst) => Ok(()),
            Err(error) => Err(error.context(format!("reading {item}"))),
        };
        self.items.push(item);
        told
    }

    fn collect(
        &mut self,
        rpc: &Rpc,
        stopping: &AtomicBool,
        collections: &Collections,
    ) -> Result<()> {
        collections.start();
        match self.request("repo/gc?silent=true", None, rpc, stopping)? {
            RequestOutcome::Done(_) => collections.end(),
            RequestOutcome::Refused(why) => bail!("repo/gc was refused: {why}"),
            // Whoever restarts the node says that it runs no more.
            RequestOutcome::Cut => {}
        }
        Ok(())
    }

    fn request(
        &mut self,
        command: &str,
        data: Option<&[u8]>,
        rpc: &Rpc,
        stopping: &AtomicBool,
    ) -> Result<RequestOutcome> {
        match rpc.request(command, data) {
            Ok(answer) if !answer.aborted => {
                let late = answer
                    .trailers
                    .get("x-stream-error")
                    .filter(|error| !error.is_empty());
                if let Some(error) = late {
                    return Ok(RequestOutcome::Refused(error.clone()));
                }
                if answer.status != 200 {
                    return Ok(RequestOutcome::Refused(format!(
                        "{} {}",
                        answer.status,
                        answer.text()
                    )));
                }
                self.answered += 1;
                Ok(RequestOutcome::Done(answer))
            }
            _ if stopping.load(Ordering::SeqCst) => {
                self.cut += 1;
                Ok(RequestOutcome::Cut)
            }
            Ok(answer) => bail!("{command}: the answer was cut: {}", answer.text()),
            Err(error) => Err(error),
        }
    }

    /// Takes one of the items that fit, at random.
    fn take(&mut self, fits: impl Fn(&Item) -> bool) -> Option<Item> {
        let places: Vec<_> = self
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| fits(item))
            .map(|(place, _)| place)
            .collect();
        let last = (places.len() as u64).checked_sub(1)?;
        let place = places.get(usize::try_from(self.choices.within(0, last)).ok()?)?;
        Some(self.items.swap_remove(*place))
    }

    /// Learns from the restarted node the outcome of the requests that the kill cut.
    pub(super) fn settle(&mut self, rpc: &Rpc, listed: &BTreeSet<String>) -> Result<()> {
        for item in &mut self.items {
            if item.pinned.is_none() {
                item.pinned = Some(listed.contains(&item.cid));
                item.checked = false;
            }
        }
        for cut in std::mem::take(&mut self.cut_items) {
            let data = crate::fixture::stream(&cut.seed, cut.len);
            let cid = match cut.kind {
                ItemKind::File => rpc.add(&data, "only-hash=true")?,
                ItemKind::Block => raw_block_cid(&data),
            };
            if listed.contains(&cid) {
                ensure!(cut.pin, "{cid} is pinned though it was put without a pin");
                let Cut {
                    kind,
                    seed,
                    len,
                    shared,
                    ..
                } = cut;
                self.items.push(Item {
                    cid,
                    kind,
                    seed,
                    len,
                    pinned: Some(true),
                    shared,
                    seen_after: None,
                    checked: false,
                });
            }
        }
        Ok(())
    }
}

fn cid_in(answer: &Answer, field: &str) -> Result<String> {
    let values = json_values(&answer.text())?;
    let cid = values.last().and_then(|value| value[field].as_str());
    cid.map(str::to_owned)
        .with_context(|| format!("no {field} in {}", answer.text()))
}

/// The CIDv1 of a raw block under SHA-256.
fn raw_block_cid(data: &[u8]) -> String {
    let digest = data_encoding::HEXLOWER
        .decode(crate::fixture::sha256_hex(data).as_bytes())
        .unwrap_or_default();
    multibase::encode(
        multibase::Base::Base32Lower,
        [&[0x01, 0x55, 0x12, 0x20], digest.as_slice()].concat(),
    )
}
