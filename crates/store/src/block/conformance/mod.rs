//! What every block store must do; each backend runs all of it.
//!
//! `make` is called once for each case and gives an empty store. The cases panic on failure, as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]

mod access;
mod blocks;
mod collection;
mod races;
mod slow;
mod walks;

use std::sync::Arc;

use cairn_primitives::{Block, Multihash};

pub use self::blocks::{FixedRoots, deep, made_up, node, parent, raw};
pub use self::slow::{Slow, slow_reads_wait_together};
pub use self::walks::deep_chain;
use super::traits::{BlockStore, Collected, Root};
pub use super::wait::wait;

/// A store under test.
pub type Store = Arc<dyn BlockStore>;

/// Runs all cases.
pub fn all(make: &dyn Fn() -> Store) {
    access::put_and_get(&*make());
    access::futures_agree(&*make());
    access::futures_agree_on_a_runtime(&make());
    slow_reads_wait_together(make(), 100);
    access::empty_and_identity(&*make());
    access::many_codecs_are_one_block(&*make());
    access::write_then_sync(&*make());
    access::too_big(&*make());
    access::removes(&*make());
    access::keys_and_stat(&*make());
    walks::links_and_walk(&*make());
    collection::collects(&*make());
    collection::refuses_what_it_cannot_see(&*make());
    collection::collects_with_holds(&make());
    collection::collects_through_identity(&*make());
    collection::keeps_either_codec(&*make());
    collection::aborts_on_undecodable(&*make());
    collection::rows_of_links_do_not_outlive_ids(&*make());
    deep_chain(&*make(), 3000);
    access::foreign_holds(&*make(), &*make());
    races::collections_beside_writers(&make());
    access::verifies(&*make());
    access::closes(&*make());
}

fn put(store: &dyn BlockStore, blocks: &[&Block]) {
    let hold = store.hold();
    wait(store.put(&hold, blocks.iter().map(|block| (*block).clone()).collect())).unwrap();
}

fn has(store: &dyn BlockStore, block: &Block) -> bool {
    store.has_blocking(block.cid.hash()).unwrap()
}

fn collect(store: &dyn BlockStore, roots: Vec<Root>) -> (Collected, Vec<Multihash>) {
    let mut collector = FixedRoots {
        roots,
        removed: Vec::new(),
    };
    let done = store.collect(&mut collector).unwrap();
    (done, collector.removed)
}
