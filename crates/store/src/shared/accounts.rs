//! Accounts of users of the services.

use futures_util::future::BoxFuture;

use super::{Millis, SharedError};

/// Id of an account: assigned in the order of creation, and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub i64);

/// A user of the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its name; no other account has it.
    pub name: String,
    /// When it was created.
    pub created: Millis,
    /// Whether all its tokens are refused.
    pub disabled: bool,
}

/// The table of accounts.
pub trait AccountRows: Send + Sync + 'static {
    /// Creates an account.
    ///
    /// # Errors
    /// [`SharedError::Taken`] when there is one of that name, [`SharedError::BadName`].
    fn create_account<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Account, SharedError>>;

    /// The account with this id.
    fn account(&self, id: AccountId) -> BoxFuture<'_, Result<Option<Account>, SharedError>>;

    /// The account with this name.
    fn account_named<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Account>, SharedError>>;

    /// Up to `limit` accounts after an id, or from the first, in the order of ids.
    fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Account>, SharedError>>;

    /// Disables or enables an account; `false` if there is none.
    fn set_account_disabled(
        &self,
        id: AccountId,
        disabled: bool,
    ) -> BoxFuture<'_, Result<bool, SharedError>>;

    /// Removes an account and its tokens; `false` if there is none.
    fn remove_account(&self, id: AccountId) -> BoxFuture<'_, Result<bool, SharedError>>;
}
