//! `pin/remote/service`: the services in the configuration.

use std::sync::Arc;

use cairn_node::remote_services;
use cairn_wire::kubo::pin::remote::service::add::PinRemoteServiceAdd;
use cairn_wire::kubo::pin::remote::service::ls::{
    PinCounts, PinRemoteServiceLs, RemoteService, RemoteServiceStat, RemoteServices,
};
use cairn_wire::kubo::pin::remote::service::rm::PinRemoteServiceRm;
use cairn_wire::pinning::{GetPins, Status};
use futures_util::StreamExt as _;

use super::super::super::{Answer, Call, Failure, Handler};
use super::Service;

/// Number of concurrent requests to services.
const AT_ONCE: usize = 8;

impl Handler for PinRemoteServiceAdd {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let file = Arc::clone(call.node().config_file());
        let added = tokio::task::spawn_blocking(move || {
            remote_services::add(&file, &self.service, &self.endpoint, &self.key)
        });
        added
            .await
            .map_err(|_| Failure::normal("the write was interrupted"))??;
        Ok(())
    }
}

impl Handler for PinRemoteServiceRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let file = Arc::clone(call.node().config_file());
        let removed =
            tokio::task::spawn_blocking(move || remote_services::remove(&file, &self.service));
        removed
            .await
            .map_err(|_| Failure::normal("the write was interrupted"))??;
        Ok(())
    }
}

impl Handler for PinRemoteServiceLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let services = remote_services::list(call.node().config_file());
        let call = &call;
        let listed = services.into_iter().map(|service| async move {
            let stat = if self.stat {
                Some(stat(call, &service.name).await)
            } else {
                None
            };
            RemoteService {
                service: service.name,
                api_endpoint: service.endpoint,
                stat,
            }
        });
        let remote_services = futures_util::stream::iter(listed)
            .buffered(AT_ONCE)
            .collect()
            .await;
        Ok(RemoteServices { remote_services })
    }
}

/// Requests the number of pins of a service by status. `pin/remote/ls` states why a service does not answer.
async fn stat(call: &Call, name: &str) -> RemoteServiceStat {
    let counts = counts(call, name).await.ok();
    let status = if counts.is_some() { "valid" } else { "invalid" };
    RemoteServiceStat {
        status: status.to_owned(),
        pin_count: counts,
    }
}

async fn counts(call: &Call, name: &str) -> Result<PinCounts, Failure> {
    let service = Service::named(call, Some(name))?;
    let count = async |status| {
        // The count is of all that match, however short the page is.
        let request = GetPins {
            status: vec![status],
            limit: 1,
            ..GetPins::new()
        };
        service.client.list(&service.at, request).await
    };
    let (queued, pinning, pinned, failed) = tokio::try_join!(
        count(Status::Queued),
        count(Status::Pinning),
        count(Status::Pinned),
        count(Status::Failed),
    )?;
    Ok(PinCounts {
        queued: queued.count,
        pinning: pinning.count,
        pinned: pinned.count,
        failed: failed.count,
    })
}
