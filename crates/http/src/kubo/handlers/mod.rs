//! The handlers: one file per command, or per group of short commands.

mod add;
mod block;
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
mod key;
mod ls;
mod multibase;
mod name;
mod pin;
mod refs;
mod repo;
mod resolve;
mod shutdown;
mod version;

pub use version::version_info;
