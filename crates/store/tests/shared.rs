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
use sqlx::Connection as _;

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
    let used = rows
        .use_token(TokenHash::of("text"), Scopes::default())
        .await
        .unwrap();
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
    let empty = cluster.database().unwrap();
    cluster.stop().unwrap();
    let error = all[0].account(made.id).await.unwrap_err();
    assert!(matches!(error, SharedError::Unreachable(_)), "{error:?}");
    let error = open(&url, Path::new("/")).await.err().unwrap();
    assert!(matches!(error, SharedError::Unreachable(_)), "{error:?}");
    // One that was away at the start is connected to, and migrated, when it is used first.
    let late = shared::open_or_wait(&empty.parse().unwrap(), Path::new("/")).await;
    let late = late.unwrap();
    let error = late.now().await.unwrap_err();
    assert!(matches!(error, SharedError::Unreachable(_)), "{error:?}");
    cluster.restart().unwrap();
    assert_eq!(late.create_account("late").await.unwrap().name, "late");
    late.close().await.unwrap();
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

/// Waits until an operation waits for a lock.
async fn until_waiting(connection: &mut sqlx::PgConnection) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    loop {
        let (count,): (i64,) = sqlx::query_as(waiting)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        if count > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// A release locks the accounts of a CID one after the other. Somebody else locks them the other way round, and never gives
/// way: the release does, and is done in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_resolved_by_trying_again() {
    let Some(cluster) = Cluster::start_or_skip() else {
        return;
    };
    let url = cluster.database().unwrap();
    let rows = open(&url, Path::new("/")).await.unwrap();
    let cid: cairn_primitives::Cid = "bafkqabtimvwgy3yk".parse().unwrap();
    let mut accounts = Vec::new();
    for name in ["one", "two"] {
        let account = rows.create_account(name).await.unwrap();
        let new = shared::NewPin {
            account: account.id,
            cid: cid.clone(),
            cid_text: cid.to_string(),
            name: None,
            origins: Vec::new(),
            meta: Default::default(),
            idempotency: None,
        };
        rows.insert_pin(new).await.unwrap();
        accounts.push(account.id.0);
    }
    for leased in rows
        .lease_pins("peer", 2, std::time::Duration::from_secs(60))
        .await
        .unwrap()
    {
        let end = shared::PinEnd::Pinned {
            dag_size: 1,
            raw_size: None,
            details: None,
        };
        rows.finish_pin(leased.lease, end).await.unwrap();
    }
    let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
    let mut watcher = sqlx::PgConnection::connect(&url).await.unwrap();
    let lock = "SELECT FROM cairn.account WHERE id = $1 FOR UPDATE";
    // Only the operation looks for circles.
    for sql in ["SET deadlock_timeout = '10min'", "BEGIN"] {
        sqlx::query(sql).execute(&mut other).await.unwrap();
    }
    let second = sqlx::query(lock).bind(accounts[1]);
    second.execute(&mut other).await.unwrap();
    let requeued = tokio::spawn({
        let (rows, cid) = (Arc::clone(&rows), cid.clone());
        async move { rows.requeue_pins("peer", &cid).await }
    });
    until_waiting(&mut watcher).await;
    let first = sqlx::query(lock).bind(accounts[0]);
    first.execute(&mut other).await.unwrap();
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(requeued.await.unwrap().unwrap(), 2);
    rows.close().await.unwrap();
}

/// What a database has, row by row.
async fn content(rows: &dyn SharedRows) -> String {
    let mut found = Vec::new();
    found.push(format!("{:?}", rows.identity().await.unwrap()));
    found.push(format!("{:?}", rows.secret("a", [9; 32]).await.unwrap()));
    for account in rows.accounts(None, 1000).await.unwrap() {
        found.push(format!("{account:?}"));
        found.push(format!("{:?}", rows.tokens(account.id, None, 1000).await));
    }
    found.join("\n")
}

/// Rows with odd names, numbers and times, of which some are gone.
async fn fill(rows: &dyn SharedRows) {
    rows.secret("a", [7; 32]).await.unwrap();
    for name in ["one", "a\\b\\N '\"ü\u{1f5ff}", "\\N", "last"] {
        let account = rows.create_account(name).await.unwrap();
        let quota = shared::Quota {
            pins: Some(5),
            bytes: None,
        };
        rows.set_quota(account.id, quota).await.unwrap();
        for number in 0..300 {
            let new = NewToken {
                account: account.id,
                name: format!("{number}"),
                scopes: Scopes::READ,
                hash: TokenHash::of(&format!("{name}{number}")),
                lifetime: (number % 2 == 0).then_some(std::time::Duration::from_secs(9)),
                max_uses: (number % 3 == 0).then_some(7),
            };
            rows.create_token(new).await.unwrap();
        }
        if name == "one" {
            rows.set_account_disabled(account.id, true).await.unwrap();
        }
        if name == "last" {
            rows.remove_account(account.id).await.unwrap();
        }
    }
}

/// Copies a filled database to an empty one; what the copy has.
async fn copies(from: &str, to: &str, folder: &Path, next: i64) {
    let rows = open(from, folder).await.unwrap();
    let before = content(&*rows).await;
    rows.close().await.unwrap();
    let (source, target) = (from.parse().unwrap(), to.parse().unwrap());
    let mut told = 0;
    let copied = shared::copy(&source, &target, folder, &mut |_, rows| told += rows)
        .await
        .unwrap();
    let tokens = copied.iter().find(|table| table.name == "token").unwrap();
    assert_eq!(tokens.rows, 900);
    assert!(told >= 900);
    let rows = open(to, folder).await.unwrap();
    assert_eq!(content(&*rows).await, before);
    // Numbers go on where they were, also that of a row that is gone.
    let made = rows.create_account("next").await.unwrap();
    assert_eq!(made.id.0, next);
    rows.remove_account(made.id).await.unwrap();
    rows.close().await.unwrap();
    let again = shared::copy(&source, &target, folder, &mut |_, _| ()).await;
    assert!(matches!(again, Err(shared::CopyError::NotEmpty { .. })));
    let rows = open(to, folder).await.unwrap();
    assert_eq!(content(&*rows).await, before);
    rows.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let rows = open("sqlite:from.sqlite", folder.path()).await.unwrap();
    fill(&*rows).await;
    rows.close().await.unwrap();
    copies("sqlite:from.sqlite", "sqlite:to.sqlite", folder.path(), 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_are_copied_to_postgres_and_back() {
    let Some(cluster) = Cluster::start_or_skip() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let rows = open("sqlite:from.sqlite", folder.path()).await.unwrap();
    fill(&*rows).await;
    rows.close().await.unwrap();
    let (one, two) = (cluster.database().unwrap(), cluster.database().unwrap());
    copies("sqlite:from.sqlite", &one, folder.path(), 5).await;
    copies(&one, &two, folder.path(), 6).await;
    copies(&two, "sqlite:to.sqlite", folder.path(), 7).await;
}
