//! Accounts of users of the services.

use futures_util::future::BoxFuture;

use super::{Millis, SharedError, check_name};

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
    /// Its numbers, as the tables take them.
    ///
    /// # Errors
    /// [`SharedError::Range`] for one that is larger than they can hold: it must not become unlimited.
    pub(super) fn columns(self) -> Result<(Option<i64>, Option<i64>), SharedError> {
        let column = |most: Option<u64>, what: &'static str| {
            most.map(i64::try_from)
                .transpose()
                .map_err(|_| SharedError::Range { what })
        };
        Ok((
            column(self.pins, "the quota on pins (at most 9223372036854775807)")?,
            column(
                self.bytes,
                "the quota on bytes (at most 9223372036854775807)",
            )?,
        ))
    }
}

/// Refuses names that [`check_name`] refuses, and those that no URL can have as a segment: clients remove these from
/// the path (<https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4>), and could not address the account.
pub(super) fn check_account_name(name: &str) -> Result<(), SharedError> {
    if matches!(name, "." | "..") {
        return Err(SharedError::BadName {
            reason: "is `.` or `..`, which cannot be a segment of a URL",
        });
    }
    check_name(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_beyond_the_numbers_of_the_tables_are_refused() {
        let most = i64::MAX.unsigned_abs();
        for (pins, bytes, refused) in [
            (None, None, None),
            (Some(0), Some(most), None),
            (Some(most), None, None),
            (Some(most + 1), None, Some("pins")),
            (Some(1), Some(u64::MAX), Some("bytes")),
        ] {
            let columns = Quota { pins, bytes }.columns();
            match (columns, refused) {
                (Ok((max_pins, max_bytes)), None) => {
                    assert_eq!(max_pins.map(i64::unsigned_abs), pins);
                    assert_eq!(max_bytes.map(i64::unsigned_abs), bytes);
                }
                (Err(error), Some(name)) => {
                    let expected = format!("the quota on {name} (at most {most}) is out of range");
                    assert_eq!(error.to_string(), expected);
                }
                (columns, _) => panic!("{pins:?} {bytes:?}: {columns:?}"),
            }
        }
    }

    #[test]
    fn names_can_be_segments_of_urls() {
        for (name, is_good) in [
            (".", false),
            ("..", false),
            ("", false),
            ("...", true),
            (".a", true),
            ("a/..", true),
        ] {
            assert_eq!(check_account_name(name).is_ok(), is_good, "{name:?}");
        }
    }
}
