//! What every [`TokenRows`](super::super::TokenRows) must do.

use std::sync::Arc;
use std::time::Duration;

use super::super::{
    AccountId, NewToken, Scopes, SharedError, SharedRows, Token, TokenHash, TokenId, TokenRefusal,
};
use super::{MakeRows, account, token};

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &MakeRows<'_>) {
    makes_and_uses(&*make().await).await;
    refuses(&*make().await).await;
    keeps_accounts_apart(&*make().await).await;
    expires(&*make().await).await;
    counts_uses_of_many_at_once(make().await).await;
    pages(&*make().await).await;
}

async fn create(rows: &dyn SharedRows, new: NewToken) -> Token {
    rows.create_token(new).await.expect("making a token")
}

async fn used(rows: &dyn SharedRows, text: &str) -> Result<Token, TokenRefusal> {
    rows.use_token(TokenHash::of(text), Scopes::default())
        .await
        .expect("asking")
}

async fn makes_and_uses(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    assert_eq!(used(rows, "one").await, Err(TokenRefusal::Unknown));
    let one = create(rows, token(owner.id, "one")).await;
    assert_eq!(one.account, owner.id);
    assert_eq!(one.name, "one");
    assert!(one.scopes.allow(Scopes::PIN) && !one.scopes.allow(Scopes::PIN.and(Scopes::ADMIN)));
    assert!(one.created >= owner.created);
    assert_eq!((one.expires, one.max_uses, one.used), (None, None, 0));
    for _ in 0..3 {
        assert_eq!(used(rows, "one").await, Ok(one.clone()));
    }
    // One of several scopes is enough, and one of them is needed.
    for (needed, expected) in [
        (Scopes::PIN, Ok(one.clone())),
        (Scopes::UPLOAD.and(Scopes::READ), Ok(one.clone())),
        (Scopes::UPLOAD, Err(TokenRefusal::Scope)),
        (Scopes::UPLOAD.and(Scopes::ADMIN), Err(TokenRefusal::Scope)),
    ] {
        let found = rows.use_token(TokenHash::of("one"), needed).await;
        assert_eq!(found.expect("asking"), expected);
    }
    // Disabling the account refuses it, and is taken back.
    rows.set_account_disabled(owner.id, true)
        .await
        .expect("disabling");
    assert_eq!(used(rows, "one").await, Err(TokenRefusal::Disabled));
    rows.set_account_disabled(owner.id, false)
        .await
        .expect("enabling");
    assert_eq!(used(rows, "one").await, Ok(one.clone()));
    // Revoking it does at once, and for good; its name is free then, its hash is not.
    let named = rows.token_named(owner.id, "one").await.expect("reading");
    assert_eq!(named, Some(one.clone()));
    assert!(rows.revoke_token(owner.id, one.id).await.expect("revoking"));
    for name in ["one", "", "a\0b"] {
        let named = rows.token_named(owner.id, name).await.expect("reading");
        assert_eq!(named, None);
    }
    assert_eq!(used(rows, "one").await, Err(TokenRefusal::Revoked));
    assert!(!rows.revoke_token(owner.id, one.id).await.expect("revoking"));
    let again = NewToken {
        hash: TokenHash::of("other text"),
        ..token(owner.id, "one")
    };
    let again = create(rows, again).await;
    assert!(again.id > one.id);
    // An account takes its tokens along.
    assert!(rows.remove_account(owner.id).await.expect("removing"));
    assert_eq!(used(rows, "other text").await, Err(TokenRefusal::Unknown));
    assert_eq!(rows.tokens(owner.id, None, 9).await.expect("listing"), []);
}

async fn refuses(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await.id;
    create(rows, token(owner, "one")).await;
    let same_name = NewToken {
        hash: TokenHash::of("another"),
        ..token(owner, "one")
    };
    let same_hash = NewToken {
        name: "another".to_owned(),
        ..token(owner, "one")
    };
    for taken in [same_name, same_hash] {
        assert!(matches!(
            rows.create_token(taken).await,
            Err(SharedError::Taken { what: "a token" })
        ));
    }
    assert!(matches!(
        rows.create_token(token(AccountId(owner.0 + 1), "lost"))
            .await,
        Err(SharedError::Missing { what: "account" })
    ));
    assert!(matches!(
        rows.create_token(token(owner, "\n")).await,
        Err(SharedError::BadName { .. })
    ));
    for (lifetime, max_uses) in [
        (Some(Duration::MAX), None),
        (None, Some(0)),
        (None, Some(u64::MAX)),
    ] {
        let new = NewToken {
            lifetime,
            max_uses,
            ..token(owner, "range")
        };
        assert!(matches!(
            rows.create_token(new).await,
            Err(SharedError::Range { .. })
        ));
    }
    // What failed left nothing.
    assert_eq!(rows.tokens(owner, None, 9).await.expect("listing").len(), 1);
    let most = NewToken {
        scopes: Scopes(u32::MAX),
        lifetime: Some(Duration::from_secs(100 * 366 * 86_400)),
        max_uses: Some(i64::MAX.unsigned_abs()),
        ..token(owner, "most")
    };
    let most = create(rows, most).await;
    assert_eq!(most.scopes, Scopes(u32::MAX));
    assert_eq!(most.max_uses, Some(i64::MAX.unsigned_abs()));
}

async fn keeps_accounts_apart(rows: &dyn SharedRows) {
    let one = account(rows, "one").await.id;
    let two = account(rows, "two").await.id;
    let named = create(rows, token(one, "name")).await;
    let other = NewToken {
        hash: TokenHash::of("two's"),
        ..token(two, "name")
    };
    let other = create(rows, other).await;
    assert_eq!(
        rows.tokens(one, None, 9).await.expect("listing"),
        std::slice::from_ref(&named)
    );
    assert_eq!(
        rows.tokens(two, None, 9).await.expect("listing"),
        std::slice::from_ref(&other)
    );
    assert!(!rows.revoke_token(two, named.id).await.expect("revoking"));
    assert!(used(rows, "name").await.is_ok());
    assert!(rows.remove_account(one).await.expect("removing"));
    assert_eq!(used(rows, "two's").await, Ok(other));
}

async fn expires(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await.id;
    let short = NewToken {
        lifetime: Some(Duration::from_millis(1)),
        max_uses: Some(5),
        ..token(owner, "short")
    };
    let short = create(rows, short).await;
    assert_eq!(short.expires, Some(short.created + 1));
    let long = NewToken {
        lifetime: Some(Duration::from_secs(3600)),
        ..token(owner, "long")
    };
    let long = create(rows, long).await;
    assert_eq!(long.expires, Some(long.created + 3_600_000));
    while rows.now().await.expect("the clock") <= short.created + 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(used(rows, "short").await, Err(TokenRefusal::Expired));
    assert_eq!(used(rows, "long").await, Ok(long));
    let listed = rows.tokens(owner, None, 1).await.expect("listing");
    assert_eq!(listed, [short]);
}

async fn counts_uses_of_many_at_once(rows: Arc<dyn SharedRows>) {
    let owner = account(&*rows, "owner").await.id;
    let limited = NewToken {
        max_uses: Some(10),
        ..token(owner, "limited")
    };
    create(&*rows, limited).await;
    // A refused request is no use.
    let refused = rows
        .use_token(TokenHash::of("limited"), Scopes::ADMIN)
        .await;
    assert_eq!(refused.expect("asking"), Err(TokenRefusal::Scope));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let rows = Arc::clone(&rows);
            tokio::spawn(async move {
                let mut counts = Vec::new();
                for _ in 0..3 {
                    match used(&*rows, "limited").await {
                        Ok(token) => counts.push(token.used),
                        Err(refusal) => assert_eq!(refusal, TokenRefusal::Spent),
                    }
                }
                counts
            })
        })
        .collect();
    let mut counts = Vec::new();
    for task in tasks {
        counts.extend(task.await.expect("a task"));
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=10).collect::<Vec<u64>>());
    let listed = rows.tokens(owner, None, 9).await.expect("listing");
    assert_eq!(listed.first().map(|token| token.used), Some(10));
}

async fn pages(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await.id;
    let other = account(rows, "other").await.id;
    let mut made = Vec::new();
    for number in 0..20 {
        made.push(create(rows, token(owner, &format!("mine {}", 50 - number))).await);
        create(rows, token(other, &format!("theirs {number}"))).await;
    }
    for size in [1, 6, 20, usize::MAX] {
        let mut seen: Vec<Token> = Vec::new();
        loop {
            let after: Option<TokenId> = seen.last().map(|last| last.id);
            let page = rows.tokens(owner, after, size).await.expect("listing");
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, made);
    }
}
