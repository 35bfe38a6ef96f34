//! The bytes of a file, as they are read and as a crash may leave them.

use std::collections::BTreeMap;

use super::Rng;

const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Inode {
    pub(super) live: Vec<u8>,
    pub(super) durable: Vec<u8>,
    /// Versions of each sector since the last sync, oldest first, without the durable one.
    pub(super) dirty: BTreeMap<usize, Vec<Vec<u8>>>,
}

fn sector(bytes: &[u8], number: usize) -> Vec<u8> {
    let mut out = vec![0; SECTOR];
    let from = bytes.get(number * SECTOR..).unwrap_or_default();
    let len = from.len().min(SECTOR);
    out[..len].copy_from_slice(&from[..len]);
    out
}

impl Inode {
    pub(super) fn write(&mut self, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        if self.live.len() < end {
            self.live.resize(end, 0);
        }
        self.live[offset..end].copy_from_slice(data);
        if data.is_empty() {
            return;
        }
        for number in offset / SECTOR..=(end - 1) / SECTOR {
            let version = sector(&self.live, number);
            self.dirty.entry(number).or_default().push(version);
        }
    }

    pub(super) fn set_len(&mut self, len: usize) {
        let before = self.live.len();
        self.live.resize(len, 0);
        // What was cut away reads as zeros if the file grows again.
        if len < before {
            for number in len / SECTOR..=(before - 1) / SECTOR {
                let version = sector(&self.live, number);
                self.dirty.entry(number).or_default().push(version);
            }
        }
    }

    pub(super) fn settle(&mut self, rng: &mut Rng) {
        let len = if rng.one_in(2) {
            self.live.len()
        } else {
            self.durable.len()
        };
        self.durable.resize(len, 0);
        // Some crashes keep nearly everything, some nearly nothing, some each sector by a coin.
        let bias = rng.below(4);
        for (number, versions) in std::mem::take(&mut self.dirty) {
            let pick = match bias {
                0 => versions.len(),
                1 => 0,
                _ => rng.index(versions.len() + 1),
            };
            let Some(version) = pick.checked_sub(1).and_then(|at| versions.get(at)) else {
                continue;
            };
            let from = number * SECTOR;
            if from < self.durable.len() {
                let end = (from + SECTOR).min(self.durable.len());
                self.durable[from..end].copy_from_slice(&version[..end - from]);
            }
        }
    }

    pub(super) fn sync(&mut self) {
        self.durable.resize(self.live.len(), 0);
        for number in std::mem::take(&mut self.dirty).into_keys() {
            let from = (number * SECTOR).min(self.live.len());
            let end = (from + SECTOR).min(self.live.len());
            self.durable[from..end].copy_from_slice(&self.live[from..end]);
        }
    }
}
