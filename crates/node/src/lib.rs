//! A node composed of its repository, configuration, block store, rows, pins and tasks.
//!
//! [`Repo::init`](repo::Repo::init) creates a repository, [`Node::open`] opens one with all its parts, and
//! [`Node::shutdown`] closes them in order.

pub mod announce;
pub mod bootstrap;
pub mod check;
pub mod config;
pub mod denylists;
pub mod dns;
mod durable;
mod error;
mod files;
mod identity;
mod import;
mod init;
pub mod keystore;
pub mod metrics;
pub mod names;
mod node;
pub mod online;
mod parts;
mod peers;
pub mod remote_services;
pub mod repo;
pub mod swarm_filters;
pub mod tasks;

pub use config::Config;
pub use error::NodeError;
pub use files::ChrootError;
pub use identity::{Identity, IdentityError};
pub use init::{InitOptions, Initialized, SeedError};
pub use metrics::{Metrics, MetricsForm};
pub use node::{Node, NodeOptions};
pub use online::OnlineError;
pub use repo::{Access, ReadKeyError, Repaired, Repo, RepoError, RotateError};
