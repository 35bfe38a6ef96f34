//! The exchange of blocks with peers.

pub mod ledger;
pub mod stat;
pub mod wantlist;
