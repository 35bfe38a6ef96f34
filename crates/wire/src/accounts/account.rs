//! `GET /accounts/{account}`.

use super::{AccountRecord, Accounts};
use crate::shape::NoBody;

endpoint! {
    /// Get an account: its quota and what it uses.
    pub struct GetAccount: GET "/accounts/{account}" as "getAccount" of Accounts {
        path {
            /// The name of the account.
            account: String = "account";
        }
        query {}
        body: NoBody,
        reply: 200 One<AccountRecord>,
        errors: [400, 401, 403, 404],
        access: Scope("accounts:admin"),
        safe: true,
        command: "accounts/get",
    }
}
