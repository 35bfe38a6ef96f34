//! What is written is read back, for every format at the base.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod round_trips;
