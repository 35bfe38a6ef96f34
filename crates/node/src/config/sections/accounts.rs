//! Accounts of the pinning and upload faces.

use serde::{Deserialize, Serialize};

use crate::config::RequestRate;
use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::none;

/// Limits of requests with tokens. Only in Cairn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Accounts {
    /// Requests to the upload API with one token, such as `30/10s` (default), or `unlimited`.
    #[serde(skip_serializing_if = "none")]
    pub upload_rate: Option<RequestRate>,
    /// Requests to the pinning service with one token; by default `10000/10s`.
    #[serde(skip_serializing_if = "none")]
    pub pinning_rate: Option<RequestRate>,
    /// Failed attempts of one address, after which only tokens that were accepted before are accepted from there; by
    /// default `600/1m`. Clients behind a proxy have its address.
    #[serde(skip_serializing_if = "none")]
    pub failure_rate: Option<RequestRate>,
}

impl Section for Accounts {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}
