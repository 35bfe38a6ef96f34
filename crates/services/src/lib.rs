//! What serves many users: accounts and tokens, pin requests, uploads, the cluster's pinset.
//!
//! Their data is in shared rows ([`cairn_store::shared`]), which several processes can use; their content is in a
//! [`backend`]: this node, or an external Kubo. Faces convert between these types and those of the APIs.

pub mod accounts;
pub mod backend;
pub mod cluster;
mod context;
mod locks;
pub mod pin_queue;
pub mod releases;
mod services;
mod supervise;
mod time;
pub mod uploads;

pub use context::Context;
pub use locks::CidLock;
pub use services::{ServiceSettings, Services};
pub use time::format_time;
