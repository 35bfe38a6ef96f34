//! One node, composed: its repository, configuration, block store, rows and tasks.

pub mod config;
mod durable;
mod identity;

pub use identity::{Identity, IdentityError};
