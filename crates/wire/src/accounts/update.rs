//! `PATCH /accounts/{account}`.

use super::{AccountChange, AccountRecord, Accounts};
use crate::shape::Json;

endpoint! {
    /// Disable or enable an account, or set its quota.
    pub struct UpdateAccount: PATCH "/accounts/{account}" as "updateAccount" of Accounts {
        path {
            /// The name of the account.
            account: String = "account";
        }
        query {}
        body: Json<AccountChange>,
        reply: 200 One<AccountRecord>,
        errors: [400, 401, 403, 404],
        access: Scope("accounts:admin"),
        safe: false,
        command: "accounts/update",
    }
}
