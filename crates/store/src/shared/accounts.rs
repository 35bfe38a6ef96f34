//! Accounts: who uses the services.

use futures_util::future::BoxFuture;

use super::{Millis, SharedError};

/// Number of an account; grows in the order of making, and is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub i64);

/// Somebody who uses the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its name; no other account has it.
    pub name: String,
    /// When it was made.
    pub created: Millis,
    /// Whether all its tokens are refused.
    pub disabled: bool,
}

/// The table of accounts.
pub trait AccountRows: Send + Sync + 'static {
    /// Makes an account.
    ///
    /// # Errors
    /// [`SharedError::Taken`] when there is one of that name, [`SharedError::BadName`].
    fn create_account<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Account, SharedError>>;

    /// The account of a number.
    fn account(&self, id: AccountId) -> BoxFuture<'_, Result<Option<Account>, SharedError>>;

    /// The account of a name.
    fn account_named<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Account>, SharedError>>;

    /// Up to `limit` accounts behind a number, or from the first on, in the order of their numbers.
    fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Account>, SharedError>>;

    /// Disables or enables an account; `false` when there is none.
    fn set_account_disabled(
        &self,
        id: AccountId,
        disabled: bool,
    ) -> BoxFuture<'_, Result<bool, SharedError>>;

    /// Removes an account and its tokens; `false` when there is none.
    fn remove_account(&self, id: AccountId) -> BoxFuture<'_, Result<bool, SharedError>>;
}
