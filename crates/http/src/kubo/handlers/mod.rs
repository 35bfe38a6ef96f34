//! What answers each endpoint, one file a command group.

mod add;
mod block;
mod cat;
mod config;
mod dag;
mod get;
mod id;
mod ls;
mod pin;
mod repo;
mod time;
mod version;
