//! The pinning service: the IPFS Pinning Service API 1.0.0, declared in `cairn_wire::pinning`, and accounts beside it.

mod convert;
mod error;
mod handlers;

use std::sync::Arc;

use cairn_services::accounts::{Accounts, RateClass};
use cairn_services::pin_queue::PinQueue;
use cairn_wire::pinning::Pinning;
use cairn_wire::rest::{Fault, openapi};
use http::HeaderMap;

use crate::mount_endpoints;
use crate::rest::bearer::{self, Visitor};
use crate::rest::{Attempt, Service};

/// The state of the handlers.
#[derive(Clone, Debug)]
pub(crate) struct PinningFace {
    queue: Arc<PinQueue>,
    accounts: Arc<Accounts>,
}

impl Service for PinningFace {
    type Api = Pinning;
    type Caller = Visitor;

    async fn authenticate(
        &self,
        attempt: Attempt<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Visitor, Fault> {
        bearer::authenticate(&self.accounts, RateClass::Pinning, &attempt, headers).await
    }
}

/// The pinning service of these requests, with the accounts that may use it.
#[must_use]
pub fn service(queue: Arc<PinQueue>, accounts: Arc<Accounts>) -> crate::Service {
    let face = PinningFace {
        queue,
        accounts: Arc::clone(&accounts),
    };
    cairn_wire::pinning_endpoints!(mount_endpoints)
        .with_openapi(|| {
            openapi::joined(
                cairn_wire::pinning::openapi(),
                cairn_wire::accounts::openapi(),
            )
        })
        .into_router(face)
        .merge(crate::accounts::routes(accounts))
        .into()
}
