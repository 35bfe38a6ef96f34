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
    /// What it may use.
    pub quota: Quota,
    /// What it uses.
    pub usage: Usage,
}

/// What an account may use; unlimited where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Maximum number of pin requests and uploads.
    pub pins: Option<u64>,
    /// Maximum size of their content, in bytes.
    pub bytes: Option<u64>,
}

/// A change of an account. What is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Whether all its tokens are refused.
    pub disabled: Option<bool>,
    /// What it may use. What it already uses stays, even beyond the quota.
    pub quota: Option<Quota>,
}

/// What an account uses, counted by the transactions that change its pin requests and uploads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The number of its pin requests and uploads.
    pub pins: u64,
    /// The size of their content, in bytes. Content that two of them share counts twice.
    pub bytes: u64,
}

/// An account in the numbers of the tables: the columns `id, name, created, disabled, max_pins, max_bytes, used_pins,
/// used_bytes`.
pub(super) type Columns = (i64, String, i64, bool, Option<i64>, Option<i64>, i64, i64);

/// The account of a row.
pub(super) fn from_columns(
    (id, name, created, disabled, max_pins, max_bytes, used_pins, used_bytes): Columns,
) -> Account {
    // The tables refuse negative numbers.
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Account {
        id: AccountId(id),
        name,
        created,
        disabled,
        quota: Quota {
            pins: max_pins.map(count),
            bytes: max_bytes.map(count),
        },
        usage: Usage {
            pins: count(used_pins),
            bytes: count(used_bytes),
        },
    }
}

impl Quota {
    /// Its numbers, as the tables take them. What is larger than they can hold is no limit.
    pub(super) fn columns(self) -> (Option<i64>, Option<i64>) {
        let column = |most: Option<u64>| most.and_then(|most| i64::try_from(most).ok());
        (column(self.pins), column(self.bytes))
    }
}

/// The table of accounts.
pub trait AccountRows: Send + Sync + 'static {
    /// Creates an account that may use this much.
    ///
    /// # Errors
    /// [`SharedError::Taken`] when there is one of that name, [`SharedError::BadName`].
    fn create_account_with<'a>(
        &'a self,
        name: &'a str,
        quota: Quota,
    ) -> BoxFuture<'a, Result<Account, SharedError>>;

    /// Creates an account without limits.
    ///
    /// # Errors
    /// As [`AccountRows::create_account_with`].
    fn create_account<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Account, SharedError>> {
        self.create_account_with(name, Quota::default())
    }

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

    /// Changes an account; `false` if there is none.
    fn change_account(
        &self,
        id: AccountId,
        change: AccountChange,
    ) -> BoxFuture<'_, Result<bool, SharedError>>;

    /// Disables or enables an account; `false` if there is none.
    fn set_account_disabled(
        &self,
        id: AccountId,
        disabled: bool,
    ) -> BoxFuture<'_, Result<bool, SharedError>> {
        let change = AccountChange {
            disabled: Some(disabled),
            ..AccountChange::default()
        };
        self.change_account(id, change)
    }

    /// Sets what an account may use; `false` if there is none. What it already uses stays, even beyond the quota.
    fn set_quota(&self, id: AccountId, quota: Quota) -> BoxFuture<'_, Result<bool, SharedError>> {
        let change = AccountChange {
            quota: Some(quota),
            ..AccountChange::default()
        };
        self.change_account(id, change)
    }

    /// Removes an account and its tokens; `false` if there is none.
    fn remove_account(&self, id: AccountId) -> BoxFuture<'_, Result<bool, SharedError>>;
}
