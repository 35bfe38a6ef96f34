//! What all shared rows must do: a suite a table group, which each dialect runs in its tests.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test suite reports by panicking"
)]

pub mod accounts;
pub mod cluster;
pub mod pins;
pub mod releases;
pub mod secrets;
pub mod tokens;
pub mod uploads;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Account, AccountId, NewToken, Scopes, SharedError, SharedRows, TokenHash};

/// Makes empty rows.
pub type MakeRows<'a> = dyn Fn() -> BoxFuture<'static, Arc<dyn SharedRows>> + 'a;

/// Runs the suite of every group, and what concerns all of them; each case on rows of its own that `make` answers empty.
pub async fn run(make: &MakeRows<'_>) {
    accounts::run(make).await;
    tokens::run(make).await;
    cluster::run(make).await;
    has_an_identity(make).await;
    secrets::run(make).await;
    releases::run(make).await;
    pins::run(make).await;
    uploads::run(make).await;
    closes(&*make().await).await;
}

async fn has_an_identity(make: &MakeRows<'_>) {
    let (one, other) = (make().await, make().await);
    let id = one.identity().await.expect("the identity");
    assert_eq!(id.len(), 32);
    assert_eq!(one.identity().await.expect("the identity"), id);
    assert_ne!(other.identity().await.expect("the identity"), id);
}

async fn account(rows: &dyn SharedRows, name: &str) -> Account {
    rows.create_account(name).await.expect("making an account")
}

/// A token without limits, whose text is its name.
fn token(account: AccountId, name: &str) -> NewToken {
    NewToken {
        account,
        name: name.to_owned(),
        scopes: Scopes::PIN.and(Scopes::READ),
        hash: TokenHash::of(name),
        lifetime: None,
        max_uses: None,
    }
}

async fn closes(rows: &dyn SharedRows) {
    let made = account(rows, "late").await;
    let first = rows.now().await.expect("the clock");
    assert!(first >= made.created && first - made.created < 600_000);
    rows.close().await.expect("closing");
    rows.close().await.expect("closing again");
    assert!(matches!(rows.now().await, Err(SharedError::Closed)));
    assert!(matches!(
        rows.account(made.id).await,
        Err(SharedError::Closed)
    ));
    assert!(matches!(
        rows.create_account("later").await,
        Err(SharedError::Closed)
    ));
    assert!(matches!(
        rows.create_token(token(made.id, "later")).await,
        Err(SharedError::Closed)
    ));
    assert!(matches!(
        rows.use_token(TokenHash::of("later"), Scopes::PIN).await,
        Err(SharedError::Closed)
    ));
}
