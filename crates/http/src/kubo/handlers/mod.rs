//! The handlers: one file per command, or per group of short commands.

mod add;
mod bitswap;
mod block;
mod bootstrap;
mod cat;
mod cid;
mod commands;
mod config;
mod dag;
mod diag;
mod files;
mod filestore;
mod get;
mod id;
mod log;
mod ls;
mod mount;
mod multibase;
mod object;
mod p2p;
mod pin;
mod pin_remote;
mod ping;
mod profile;
mod provide;
mod pubsub;
mod refs;
mod repo;
mod resolve;
mod routing;
mod shutdown;
mod stats;
mod swarm;
mod version;

pub use version::version_info;
