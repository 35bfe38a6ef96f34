//! What answers each command: a file for a command, or for a group with few lines a command.

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
mod ls;
mod multibase;
mod pin;
mod refs;
mod repo;
mod resolve;
mod shutdown;
mod version;

pub use version::version_info;
