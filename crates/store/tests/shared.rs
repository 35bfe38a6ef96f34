//! Shared rows, both dialects: the shared suite, and what only one of them can do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cairn_store::shared::{
    self, DatabaseUrl, NewToken, Scopes, SharedError, SharedRows, TokenHash, conformance,
};
use cairn_testkit::postgres::Cluster;

async fn open(url: &str, folder: &Path) -> Result<Arc<dyn SharedRows>, SharedError> {
    shared::open(&url.parse()?, folder).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let number = AtomicU32::new(0);
    conformance::run(&|| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let folder = folder.path().to_owned();
        Box::pin(async move {
            open(&format!("sqlite:{number}.sqlite"), &folder)
                .await
                .unwrap()
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_conforms() {
    let Some(cluster) = Cluster::start_or_skip() else {
        return;
    };
    let cluster = Arc::new(cluster);
    conformance::run(&|| {
        let url = cluster.database().unwrap();
        Box::pin(async move { open(&url, Path::new("/")).await.unwrap() })
    })
    .await;
}

/// An account and a token, made by one opening and found by another.
async fn outlives(url: &str, folder: &Path) {
    let rows = open(url, folder).await.unwrap();
    let account = rows.create_account("kept").await.unwrap();
    let token = NewToken {
        account: account.id,
        name: "token".to_owned(),
        scopes: Scopes::READ,
        hash: TokenHash::of("text"),
        lifetime: None,
        max_uses: Some(2),
    };
    rows.create_token(token).await.unwrap();
    rows.close().await.unwrap();
    let rows = open(url, folder).await.unwrap();
    assert_eq!(rows.account_named("kept").await.unwrap(), Some(account));
    let used = rows.use_token(TokenHash::of("text")).await.unwrap();
    assert_eq!(used.unwrap().used, 1);
    rows.close().await.unwrap();
}

#[tokio::test]
async fn rows_outlive_their_process_object() {
    let folder = tempfile::tempdir().unwrap();
    outlives("sqlite:shared.sqlite", folder.path()).await;
    // A clean close leaves one file.
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["shared.sqlite"]);
    let DatabaseUrl::Sqlite(default) = DatabaseUrl::default() else {
        panic!("another default");
    };
    assert_eq!(default, Path::new("shared.sqlite"));
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.sqlite");
    // A repository's local rows are another database.
    let local = cairn_store::meta::SqliteRows::open(&path, false).unwrap();
    drop(local);
    let error = open("sqlite:rows.sqlite", folder.path())
        .await
        .err()
        .unwrap();
    assert!(matches!(error, SharedError::File(_)), "{error}");
    let newer = folder.path().join("newer.sqlite");
    let rows = open("sqlite:newer.sqlite", folder.path()).await.unwrap();
    rows.close().await.unwrap();
    rusqlite::Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = open("sqlite:newer.sqlite", folder.path())
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, SharedError::Newer { found: 99, .. }),
        "{error}"
    );
    assert!(
        open("sqlite:no/such/folder.sqlite", folder.path())
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_shared_and_may_go_away() {
    let Some(mut cluster) = Cluster::start_or_skip() else {
        return;
    };
    let url = cluster.database().unwrap();
    // Several processes that start at once on an empty database.
    let all = futures_util::future::join_all((0..4).map(|_| open(&url, Path::new("/")))).await;
    let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    let made = all[0].create_account("shared").await.unwrap();
    for rows in &all {
        assert_eq!(rows.account(made.id).await.unwrap(), Some(made.clone()));
    }
    outlives(&url, Path::new("/")).await;
    // A server that is gone is told from one that refuses, and is used again when it is back.
    cluster.stop().unwrap();
    let error = all[0].account(made.id).await.unwrap_err();
    assert!(matches!(error, SharedError::Unreachable(_)), "{error:?}");
    let error = open(&url, Path::new("/")).await.err().unwrap();
    assert!(matches!(error, SharedError::Unreachable(_)), "{error:?}");
    cluster.restart().unwrap();
    assert_eq!(all[0].account(made.id).await.unwrap(), Some(made));
    for rows in all {
        rows.close().await.unwrap();
    }
    let newer = cluster.database().unwrap();
    open(&newer, Path::new("/"))
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
    cluster
        .execute(&newer, "UPDATE cairn.version SET version = 99")
        .unwrap();
    let error = open(&newer, Path::new("/")).await.err().unwrap();
    assert!(
        matches!(error, SharedError::Newer { found: 99, .. }),
        "{error:?}"
    );
}
