//! What Cairn's tests share. Development only: nothing here is linked into the program.
//!
//! - [`fixture`] makes bytes from a seed, so that no test data is kept in the repository.
//! - [`http`] is a raw HTTP/1.1 client that keeps what libraries hide: trailers, framing, aborted bodies.
//! - [`recording`] holds exchanges recorded from the real programs, [`selection`] says which of them are due,
//!   and [`replay`] runs them against any server and tells what differs.
//! - [`layers`] says which crate may depend on which.
//! - [`server`] starts, kills and restarts a program under test in a directory of its own, [`rpc`] asks it.
//! - [`wait`] waits for conditions.
//! - [`dns`] is a DNS server with a few records.
//! - [`postgres`] starts a PostgreSQL server of its own, [`nginx`] an nginx in front of another server.
//! - [`crash`] loads a node, kills it at a random moment, and checks that nothing answered was lost.

pub mod crash;
pub mod dns;
pub mod fixture;
pub mod http;
pub mod layers;
pub mod nginx;
pub mod postgres;
pub mod recording;
pub mod replay;
pub mod rpc;
pub mod selection;
pub mod server;
pub mod wait;
