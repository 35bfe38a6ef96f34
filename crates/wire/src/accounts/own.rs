//! `GET /account`.

use super::{AccountRecord, Accounts};
use crate::shape::NoBody;

endpoint! {
    /// Get the account of the token that the request is sent with. Every token may.
    pub struct GetOwnAccount: GET "/account" as "getOwnAccount" of Accounts {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<AccountRecord>,
        errors: [401, 403],
        access: Scope("accounts:self"),
        safe: true,
        command: "accounts/own",
    }
}
