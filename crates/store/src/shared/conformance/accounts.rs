//! What every [`AccountRows`](super::super::AccountRows) must do.

use super::super::{AccountId, MAX_NAME, Quota, SharedError, SharedRows, Usage};
use super::{MakeRows, account};

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &MakeRows<'_>) {
    makes_finds_and_removes(&*make().await).await;
    has_quotas(&*make().await).await;
    refuses_names(&*make().await).await;
    pages(&*make().await).await;
    one_of_many_gets_a_name(make).await;
}

async fn makes_finds_and_removes(rows: &dyn SharedRows) {
    let before = rows.now().await.expect("the clock");
    let one = account(rows, "one").await;
    let two = account(rows, "naïve \u{1f5ff}'%\"").await;
    let after = rows.now().await.expect("the clock");
    assert!(one.id < two.id && !one.disabled);
    assert!(before <= one.created && one.created <= two.created && two.created <= after);
    for made in [&one, &two] {
        let found = rows.account(made.id).await.expect("reading");
        assert_eq!(found.as_ref(), Some(made));
        let found = rows.account_named(&made.name).await.expect("reading");
        assert_eq!(found.as_ref(), Some(made));
    }
    assert_eq!(rows.account_named("ONE").await.expect("reading"), None);
    assert_eq!(rows.account(AccountId(0)).await.expect("reading"), None);
    assert!(
        rows.set_account_disabled(one.id, true)
            .await
            .expect("disabling")
    );
    let found = rows.account(one.id).await.expect("reading");
    assert!(found.is_some_and(|found| found.disabled));
    assert!(
        rows.set_account_disabled(one.id, false)
            .await
            .expect("enabling")
    );
    assert_eq!(
        rows.account(one.id).await.expect("reading"),
        Some(one.clone())
    );
    assert!(rows.remove_account(one.id).await.expect("removing"));
    assert!(!rows.remove_account(one.id).await.expect("removing again"));
    assert!(
        !rows
            .set_account_disabled(one.id, true)
            .await
            .expect("disabling")
    );
    assert_eq!(rows.account(one.id).await.expect("reading"), None);
    // The name is free, and the number is not used again, not even the last one.
    assert!(rows.remove_account(two.id).await.expect("removing"));
    assert!(account(rows, "one").await.id > two.id);
}

async fn has_quotas(rows: &dyn SharedRows) {
    let one = account(rows, "one").await;
    let two = account(rows, "two").await;
    assert_eq!(one.quota, Quota::default());
    assert_eq!(one.usage, Usage::default());
    for quota in [
        Quota {
            pins: Some(0),
            bytes: Some(1 << 40),
        },
        Quota {
            pins: None,
            bytes: Some(i64::MAX.unsigned_abs()),
        },
        Quota::default(),
    ] {
        assert!(rows.set_quota(one.id, quota).await.expect("setting"));
        let found = rows.account(one.id).await.expect("reading");
        assert_eq!(found.map(|found| found.quota), Some(quota));
    }
    let found = rows.account(two.id).await.expect("reading");
    assert_eq!(found.as_ref(), Some(&two));
    let quota = Quota {
        pins: Some(7),
        bytes: Some(0),
    };
    let limited = rows.create_account_with("limited", quota).await;
    let limited = limited.expect("creating");
    assert_eq!(limited.quota, quota);
    let found = rows.account(limited.id).await.expect("reading");
    assert_eq!(found.as_ref(), Some(&limited));
    let two = limited;
    let nobody = AccountId(two.id.0 + 1);
    let set = rows.set_quota(nobody, Quota::default()).await;
    assert!(!set.expect("setting"));
}

async fn refuses_names(rows: &dyn SharedRows) {
    let longest = "n".repeat(MAX_NAME);
    account(rows, &longest).await;
    account(rows, " ").await;
    for bad in [
        "",
        ".",
        "..",
        "a\0b",
        "line\n",
        "\u{7f}",
        &format!("{longest}n"),
    ] {
        assert!(matches!(
            rows.create_account(bad).await,
            Err(SharedError::BadName { .. })
        ));
        assert_eq!(rows.account_named(bad).await.expect("reading"), None);
    }
    assert!(matches!(
        rows.create_account(" ").await,
        Err(SharedError::Taken { what: "an account" })
    ));
}

async fn pages(rows: &dyn SharedRows) {
    assert_eq!(rows.accounts(None, 10).await.expect("listing"), []);
    let mut made = Vec::new();
    for number in 0..25 {
        made.push(account(rows, &format!("{}", 1000 - number)).await);
    }
    for size in [1, 7, 25, usize::MAX] {
        let mut seen: Vec<_> = Vec::new();
        loop {
            let after = seen.last().map(|last: &super::Account| last.id);
            let page = rows.accounts(after, size).await.expect("listing");
            assert!(page.len() <= size);
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, made);
    }
    assert_eq!(rows.accounts(None, 0).await.expect("listing"), []);
}

async fn one_of_many_gets_a_name(make: &MakeRows<'_>) {
    let rows = make().await;
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let rows = std::sync::Arc::clone(&rows);
            tokio::spawn(async move {
                // One that fails beside others that are written with it.
                let own = rows.create_account(&format!("own {number}")).await;
                own.expect("a name of its own");
                rows.create_account("shared").await
            })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.expect("a writing task") {
            Ok(_) => made += 1,
            Err(error) => assert!(matches!(error, SharedError::Taken { .. }), "{error}"),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(rows.accounts(None, 100).await.expect("listing").len(), 17);
}
