//! `DELETE /accounts/{account}`.

use super::Accounts;
use crate::shape::NoBody;

endpoint! {
    /// Delete an account with its tokens, pin requests and uploads. What no other account uses is unpinned.
    pub struct DeleteAccount: DELETE "/accounts/{account}" as "deleteAccount" of Accounts {
        path {
            /// The name of the account.
            account: String = "account";
        }
        query {}
        body: NoBody,
        reply: 204 Nothing,
        errors: [400, 401, 403, 404],
        access: Scope("accounts:admin"),
        safe: false,
        command: "accounts/rm",
    }
}
