//! Accounts and tokens: an API of Cairn's own, for administrators. One file per endpoint.
//!
//! It is served by the listener of the pinning service. Except for [`GetOwnAccount`], its endpoints need a token with
//! the scope `admin`.

mod account;
mod create;
mod delete;
mod list;
mod own;
mod records;
mod tokens;
mod update;

pub use self::account::GetAccount;
pub use self::create::CreateAccount;
pub use self::delete::DeleteAccount;
pub use self::list::ListAccounts;
pub use self::own::GetOwnAccount;
pub use self::records::{
    AccountChange, AccountPage, AccountRecord, CreatedToken, NewAccount, NewToken, QuotaRecord,
    Scope, TokenForm, TokenPage, TokenRecord, UsageRecord,
};
pub use self::tokens::{CreateToken, ListTokens, RevokeToken};
pub use self::update::UpdateAccount;
use crate::pinning::{Failure, FailureError, Pinning};
use crate::rest::openapi::Document;
use crate::rest::{Api, Cors, Fault, Info, Scheme};

/// Calls a macro with every endpoint of the API.
#[macro_export]
macro_rules! account_endpoints {
    ($($callback:ident)::+) => {
        $($callback)::+! {
            $crate::accounts::CreateAccount,
            $crate::accounts::CreateToken,
            $crate::accounts::DeleteAccount,
            $crate::accounts::GetAccount,
            $crate::accounts::GetOwnAccount,
            $crate::accounts::ListAccounts,
            $crate::accounts::ListTokens,
            $crate::accounts::RevokeToken,
            $crate::accounts::UpdateAccount,
        }
    };
}

crate::account_endpoints!(list_endpoints);

/// The API's OpenAPI document.
#[must_use]
pub fn openapi() -> serde_json::Value {
    let document: Document = crate::account_endpoints!(describe_endpoints);
    document.finish::<Accounts>()
}

/// The API.
#[derive(Debug)]
pub enum Accounts {}

impl Api for Accounts {
    const INFO: Info = Info {
        title: "Cairn accounts",
        version: "1",
        spec: "https://github.com/cairn-storage/cairn/blob/main/docs/accounts.md",
    };

    const SCHEMES: &'static [Scheme] = &[Scheme::Bearer];

    const CORS: Option<Cors> = match Pinning::CORS {
        Some(cors) => Some(Cors {
            methods: &["GET", "POST", "PATCH", "DELETE"],
            ..cors
        }),
        None => None,
    };

    const ERROR_RANGES: &'static [&'static str] = Pinning::ERROR_RANGES;

    type Error = Failure;

    fn fault(fault: &Fault) -> (u16, Failure) {
        Pinning::fault(fault)
    }

    fn message(error: &Failure) -> String {
        let FailureError { reason, details } = &error.error;
        details.clone().unwrap_or_else(|| reason.clone())
    }
}
