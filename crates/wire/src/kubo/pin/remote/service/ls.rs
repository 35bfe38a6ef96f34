//! `pin/remote/service/ls`.

use serde::{Deserialize, Serialize};

/// The configured services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoteServices {
    /// By name.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub remote_services: Vec<RemoteService>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoteService {
    /// Its name.
    pub service: String,
    /// The URL of its API.
    pub api_endpoint: String,
    /// Whether it answers; only if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stat: Option<RemoteServiceStat>,
}

/// Whether a service answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoteServiceStat {
    /// `valid` or `invalid`.
    pub status: String,
    /// Its pins, where it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_count: Option<PinCounts>,
}

/// Pins by status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PinCounts {
    /// Waiting.
    pub queued: u64,
    /// Being fetched.
    pub pinning: u64,
    /// Pinned.
    pub pinned: u64,
    /// Failed.
    pub failed: u64,
}

impl RemoteServices {
    fn table(&self, stat: bool, out: &mut String) {
        if !stat {
            let row =
                |service: &RemoteService| [service.service.clone(), service.api_endpoint.clone()];
            let rows: Vec<_> = self.remote_services.iter().map(row).collect();
            return crate::text::columns(&rows, out);
        }
        let row = |service: &RemoteService| {
            let stat = service.stat.clone().unwrap_or_default();
            let shown = match stat.pin_count {
                Some(counts) => format!(
                    "{}/{}/{}/{}",
                    counts.queued, counts.pinning, counts.pinned, counts.failed
                ),
                None => stat.status,
            };
            [service.service.clone(), service.api_endpoint.clone(), shown]
        };
        let rows: Vec<_> = self.remote_services.iter().map(row).collect();
        crate::text::columns(&rows, out);
    }
}

command! {
    /// List the remote pinning services.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-remote-service-ls>
    pub struct PinRemoteServiceLs: "pin/remote/service/ls" {
        arguments {}
        options {
            /// Include the number of pins by status.
            stat: bool = "stat", false;
        }
        body: NoBody,
        reply: One<RemoteServices>,
        safe: true,
        needs: Repository,
        text: |request, list, out| list.table(request.stat, out),
    }
}
