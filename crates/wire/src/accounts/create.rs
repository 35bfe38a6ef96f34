//! `POST /accounts`.

use super::{AccountRecord, Accounts, NewAccount};
use crate::shape::Json;

endpoint! {
    /// Create an account.
    pub struct CreateAccount: POST "/accounts" as "createAccount" of Accounts {
        path {}
        query {}
        body: Json<NewAccount>,
        reply: 201 One<AccountRecord>,
        errors: [400, 401, 403, 409],
        access: Scope("accounts:admin"),
        safe: false,
        command: "accounts/add",
    }
}
