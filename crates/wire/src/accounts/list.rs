//! `GET /accounts`.

use super::{AccountPage, Accounts};
use crate::shape::NoBody;

endpoint! {
    /// List accounts, the oldest first.
    pub struct ListAccounts: GET "/accounts" as "listAccounts" of Accounts {
        path {}
        query {
            /// Only accounts behind this number: `next` of the page before.
            after: Option<i64> = Value "after";
            /// Maximum number of accounts.
            limit: u32 = Value "limit", 1..=1000, default 100;
        }
        body: NoBody,
        reply: 200 One<AccountPage>,
        errors: [400, 401, 403],
        access: Scope("accounts:admin"),
        safe: true,
        command: "accounts/ls",
    }
}
