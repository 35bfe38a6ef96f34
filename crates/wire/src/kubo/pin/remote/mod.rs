//! Pins at remote pinning services.
//!
//! Reference of their API: <https://ipfs.github.io/pinning-services-api-spec/>

use serde::{Deserialize, Serialize};

use crate::text::escaped;

pub mod add;
pub mod ls;
pub mod rm;
pub mod service;

/// A pin at a remote pinning service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemotePin {
    /// `queued`, `pinning`, `pinned` or `failed`.
    pub status: String,
    /// The CID.
    pub cid: String,
    /// Its name; empty when it has none.
    pub name: String,
}

impl RemotePin {
    fn shown_name(&self) -> String {
        let mut name = String::new();
        escaped(&self.name, &mut name);
        name
    }
}
