//! Compares the answers of a store with the model.

use std::sync::Arc;

use cairn_primitives::Multihash;

use super::super::super::traits::BlockError;
use super::super::engine::Engine;
use super::Outcome;
use super::model::{BLOCKS, BlockState, Model};

impl Model {
    pub(super) fn look(&mut self, engine: &Arc<Engine>) -> Outcome {
        let at = self.rng.index(BLOCKS);
        self.check_block(engine, at, false)?;
        self.check_many(engine, at)
    }

    /// Reads a block and those after it at once.
    fn check_many(&self, engine: &Engine, at: usize) -> Outcome {
        let which: Vec<usize> = (at..BLOCKS.min(at + 6)).collect();
        let keys: Vec<Multihash> = which
            .iter()
            .map(|at| self.blocks[*at].cid.hash().clone())
            .collect();
        // What fails alone was looked at alone.
        let Ok(found) = engine.get_many(&keys) else {
            return Ok(());
        };
        for (at, got) in which.into_iter().zip(found) {
            match (self.known[at], got) {
                (BlockState::Present, None) => {
                    return Err(format!("block {at} is lost among many"));
                }
                (BlockState::Absent, Some(_)) => {
                    return Err(format!("block {at} is back among many"));
                }
                (_, Some(got)) if got != self.blocks[at].data => {
                    return Err(format!("block {at} has other bytes among many"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_block(&mut self, engine: &Engine, at: usize, settle: bool) -> Outcome {
        let got = match engine.get(self.blocks[at].cid.hash()) {
            Ok(got) => got,
            Err(error @ BlockError::Damaged { .. }) => {
                return Err(format!("block {at} ({:?}): {error}", self.known[at]));
            }
            Err(error) if settle => {
                return Err(format!(
                    "block {at} cannot be read: {error} {:?}",
                    std::error::Error::source(&error)
                ));
            }
            Err(_) => return Ok(()),
        };
        if got.as_ref().is_some_and(|got| *got != self.blocks[at].data) {
            return Err(format!("block {at} has other bytes"));
        }
        match (self.known[at], got.is_some()) {
            (BlockState::Present, false) => Err(format!("block {at} is lost")),
            (BlockState::Absent, true) => Err(format!("block {at} was removed, and is back")),
            (BlockState::Unknown, found) if settle => {
                self.known[at] = if found {
                    BlockState::Present
                } else {
                    BlockState::Absent
                };
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Compares everything with the store, and settles what was unknown.
    pub(super) fn check(&mut self, engine: &Engine) -> Outcome {
        for at in 0..BLOCKS {
            self.check_block(engine, at, true)?;
        }
        if let Some(lost) = self
            .pinned()
            .into_iter()
            .find(|at| self.known[*at] != BlockState::Present)
        {
            return Err(format!("pinned block {lost} is lost"));
        }
        engine
            .check_entries()
            .map_err(|error| format!("{error}: {:?}", std::error::Error::source(&error)))?;
        let stat = engine.stat().map_err(|error| error.to_string())?;
        let present = self
            .known
            .iter()
            .filter(|known| **known == BlockState::Present)
            .count() as u64;
        if stat.blocks != present {
            return Err(format!(
                "{} blocks are counted, and {present} are there",
                stat.blocks
            ));
        }
        Ok(())
    }
}
