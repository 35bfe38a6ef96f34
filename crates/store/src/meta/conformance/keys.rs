//! What every [`KeyRows`] must do.

use std::sync::Arc;

use super::super::{KeyBytes, KeyRows, MAX_KEY, MAX_KEY_NAME, RenameOutcome, RowError};

/// Runs every case, each on an empty keystore that `make` answers.
pub async fn run(make: &dyn Fn() -> Arc<dyn KeyRows>) {
    adds_and_removes(&*make()).await;
    renames(&*make()).await;
    refuses(&*make()).await;
}

fn key(text: &str) -> KeyBytes {
    KeyBytes(text.as_bytes().to_vec())
}

async fn adds_and_removes(rows: &dyn KeyRows) {
    assert_eq!(rows.keys().expect("listing"), Vec::<String>::new());
    assert_eq!(rows.key("absent").expect("reading"), None);
    assert!(!rows.remove_key("absent").await.expect("removing"));
    let longest = "n".repeat(MAX_KEY_NAME);
    let mut names = ["b", "a", "B", "../a", "naïve \u{1f5ff}\0", ".", &longest];
    for name in names {
        assert!(rows.add_key(name, key(name)).await.expect("adding"));
    }
    names.sort_unstable();
    assert_eq!(rows.keys().expect("listing"), names);
    for name in names {
        // The first one stays.
        assert!(!rows.add_key(name, key("other")).await.expect("adding"));
        assert_eq!(rows.key(name).expect("reading"), Some(key(name)));
    }
    for name in names {
        assert!(rows.remove_key(name).await.expect("removing"));
        assert_eq!(rows.key(name).expect("reading"), None);
    }
    assert_eq!(rows.keys().expect("listing"), Vec::<String>::new());
}

async fn renames(rows: &dyn KeyRows) {
    for name in ["one", "two"] {
        rows.add_key(name, key(name)).await.expect("adding");
    }
    let rename = |from: &'static str, to: &'static str, replace| async move {
        rows.rename_key(from, to, replace).await.expect("renaming")
    };
    assert_eq!(rename("three", "four", false).await, RenameOutcome::Missing);
    assert_eq!(rename("one", "two", false).await, RenameOutcome::Taken);
    assert_eq!(rows.key("two").expect("reading"), Some(key("two")));
    assert_eq!(rename("one", "three", false).await, RenameOutcome::Done);
    assert_eq!(rename("three", "two", true).await, RenameOutcome::Done);
    assert_eq!(rows.keys().expect("listing"), ["two"]);
    assert_eq!(rows.key("two").expect("reading"), Some(key("one")));
    assert_eq!(rename("two", "two", true).await, RenameOutcome::Done);
    assert_eq!(rows.key("two").expect("reading"), Some(key("one")));
}

async fn refuses(rows: &dyn KeyRows) {
    let long = "n".repeat(MAX_KEY_NAME + 1);
    rows.add_key("good", key("good")).await.expect("adding");
    for name in ["", &long] {
        let added = rows.add_key(name, key("key")).await;
        assert!(matches!(added, Err(RowError::BadKey { .. })));
        let renamed = rows.rename_key("good", name, true).await;
        assert!(matches!(renamed, Err(RowError::BadKey { .. })));
        assert_eq!(rows.key(name).expect("reading"), None);
        assert!(!rows.remove_key(name).await.expect("removing"));
    }
    for len in [0, MAX_KEY + 1] {
        let added = rows.add_key("length", KeyBytes(vec![1; len])).await;
        assert!(matches!(added, Err(RowError::BadKey { .. })));
    }
    assert_eq!(rows.keys().expect("listing"), ["good"]);
    // Secrets are not shown.
    assert!(!format!("{:?}", rows.key("good")).contains("103"));
}
