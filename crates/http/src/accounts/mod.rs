//! Accounts and tokens over HTTP: `cairn_wire::accounts`, mounted beside the pinning service.

mod convert;
mod error;
mod handlers;

use std::sync::Arc;

use axum::Router;
use cairn_services::accounts::{Accounts, RateClass};
use cairn_wire::accounts::Accounts as AccountsApi;
use cairn_wire::rest::Fault;
use http::HeaderMap;

pub use self::convert::{account as account_record, scopes_of, token as token_record};
use crate::mount_endpoints;
use crate::rest::bearer::{self, Visitor};
use crate::rest::{Attempt, Service};

/// The state of the handlers.
#[derive(Clone, Debug)]
pub(crate) struct AccountsFace(Arc<Accounts>);

impl Service for AccountsFace {
    type Api = AccountsApi;
    type Caller = Visitor;

    async fn authenticate(
        &self,
        attempt: Attempt<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Visitor, Fault> {
        bearer::authenticate(&self.0, RateClass::Pinning, &attempt, headers).await
    }
}

/// The routes of accounts and tokens, to be merged into the router of another API, which answers unknown paths.
pub fn routes(accounts: Arc<Accounts>) -> Router {
    cairn_wire::account_endpoints!(mount_endpoints).into_routes(AccountsFace(accounts))
}
