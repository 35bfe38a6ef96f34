//! What answers each endpoint, one file a command group.

mod add;
mod block;
mod cat;
mod cid;
mod config;
mod dag;
mod files;
mod filestore;
mod get;
mod id;
mod key;
mod ls;
mod multibase;
mod name;
mod node;
mod pin;
mod pin_check;
mod refs;
mod repo;
mod resolve;
mod system;
mod time;
mod version;

pub use version::version_info;
