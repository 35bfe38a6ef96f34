use std::num::NonZeroU32;

use cairn_store::shared::{DatabaseUrl, SharedRows};

use super::*;

struct Made {
    accounts: Accounts,
    rows: Arc<dyn SharedRows>,
    _folder: tempfile::TempDir,
}

async fn make(settings: &AccountSettings) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let rows = cairn_store::shared::open(&DatabaseUrl::default(), folder.path())
        .await
        .unwrap();
    Made {
        accounts: Accounts::new(Arc::clone(&rows), settings),
        rows,
        _folder: folder,
    }
}

fn limit(requests: u32) -> Option<Limit> {
    Some(Limit {
        requests: NonZeroU32::new(requests).unwrap(),
        // So long that nothing becomes available during a test.
        period: Duration::from_secs(1_000_000),
    })
}

fn wanted(account: AccountId, name: &str) -> WantedToken {
    WantedToken {
        account,
        name: name.to_owned(),
        scopes: Scopes::PIN,
        lifetime: None,
        max_uses: None,
    }
}

#[tokio::test]
async fn both_forms_of_tokens_are_accepted_and_revoked() {
    let made = make(&AccountSettings::default()).await;
    let owner = made.rows.create_account("owner").await.unwrap().id;
    for form in [TokenForm::Random, TokenForm::Jwt] {
        let (token, text) = made
            .accounts
            .create_token(wanted(owner, "mine"), form)
            .await
            .unwrap();
        let caller = made.accounts.authenticate(text.reveal(), Scopes::PIN).await;
        assert_eq!(caller.unwrap(), Caller::from(token.clone()));
        let wrong = made
            .accounts
            .authenticate(text.reveal(), Scopes::UPLOAD.and(Scopes::ADMIN))
            .await;
        assert!(matches!(wrong, Err(AuthError::Scope)), "{wrong:?}");
        // Of another database with other secrets.
        let elsewhere = make(&AccountSettings::default()).await;
        let foreign = elsewhere
            .accounts
            .authenticate(text.reveal(), Scopes::PIN)
            .await;
        match form {
            TokenForm::Random => assert!(matches!(foreign, Err(AuthError::Unknown))),
            TokenForm::Jwt => assert!(matches!(foreign, Err(AuthError::Malformed))),
        }
        made.rows.set_account_disabled(owner, true).await.unwrap();
        let refused = made.accounts.authenticate(text.reveal(), Scopes::PIN).await;
        assert!(matches!(refused, Err(AuthError::Disabled)));
        made.rows.set_account_disabled(owner, false).await.unwrap();
        made.rows.revoke_token(owner, token.id).await.unwrap();
        let refused = made.accounts.authenticate(text.reveal(), Scopes::PIN).await;
        assert!(matches!(refused, Err(AuthError::Revoked)));
    }
    let (_, text) = made
        .accounts
        .create_token(wanted(owner, "last"), TokenForm::Jwt)
        .await
        .unwrap();
    assert!(made.rows.remove_account(owner).await.unwrap());
    let refused = made.accounts.authenticate(text.reveal(), Scopes::PIN).await;
    assert!(matches!(refused, Err(AuthError::Unknown)));
}

#[tokio::test]
async fn signed_tokens_outlive_the_process() {
    let made = make(&AccountSettings::default()).await;
    let owner = made.rows.create_account("owner").await.unwrap().id;
    let (_, text) = made
        .accounts
        .create_token(wanted(owner, "mine"), TokenForm::Jwt)
        .await
        .unwrap();
    let again = Accounts::new(Arc::clone(&made.rows), &AccountSettings::default());
    assert!(again.authenticate(text.reveal(), Scopes::PIN).await.is_ok());
}

#[tokio::test]
async fn texts_that_cannot_be_tokens_are_malformed() {
    let made = make(&AccountSettings::default()).await;
    for text in ["x", "cairn_x", "a.b.c", "..", &"a".repeat(1 << 20)] {
        let refused = made.accounts.authenticate(text, Scopes::PIN).await;
        assert!(matches!(refused, Err(AuthError::Malformed)), "{text}");
    }
    let refused = made.accounts.authenticate("", Scopes::PIN).await;
    assert!(matches!(refused, Err(AuthError::Missing)));
}

#[tokio::test]
async fn a_token_has_a_rate_for_each_api() {
    let settings = AccountSettings {
        upload_rate: limit(3),
        pinning_rate: None,
        ..AccountSettings::default()
    };
    let made = make(&settings).await;
    let owner = made.rows.create_account("owner").await.unwrap().id;
    let once = WantedToken {
        max_uses: Some(4),
        ..wanted(owner, "mine")
    };
    let (_, text) = made
        .accounts
        .create_token(once, TokenForm::Random)
        .await
        .unwrap();
    let call = |class| made.accounts.admit(text.reveal(), Scopes::PIN, class, None);
    for left in [2, 1, 0] {
        let admission = call(RateClass::Upload).await;
        assert!(admission.outcome.is_ok());
        assert_eq!(admission.rate.unwrap().remaining, left);
    }
    let refused = call(RateClass::Upload).await;
    assert!(matches!(
        refused.outcome,
        Err(AuthError::RateLimited { limit: 3, .. })
    ));
    // What was refused for its rate is no use: one is left.
    let other = call(RateClass::Pinning).await;
    assert!(other.outcome.is_ok() && other.rate.is_none());
    let spent = call(RateClass::Pinning).await;
    assert!(matches!(spent.outcome, Err(AuthError::Spent)));
}

#[tokio::test]
async fn an_address_that_fails_often_is_limited_and_known_tokens_go_on() {
    let settings = AccountSettings {
        failures: limit(5),
        ..AccountSettings::default()
    };
    let made = make(&settings).await;
    let owner = made.rows.create_account("owner").await.unwrap().id;
    let mut texts = Vec::new();
    for name in ["known", "new"] {
        let made = made
            .accounts
            .create_token(wanted(owner, name), TokenForm::Random)
            .await;
        texts.push(made.unwrap().1);
    }
    let call = |text: &str, client: &str| {
        let (text, client) = (text.to_owned(), client.parse().unwrap());
        let accounts = &made.accounts;
        async move {
            accounts
                .admit(&text, Scopes::PIN, RateClass::Pinning, Some(client))
                .await
                .outcome
        }
    };
    let here = "2001:db8::1";
    assert!(call(texts[0].reveal(), here).await.is_ok());
    for at in 0..6_u8 {
        let guess = TokenText::new([at; 32]);
        let refused = call(guess.reveal(), here).await;
        if at < 5 {
            assert!(matches!(refused, Err(AuthError::Unknown)), "{refused:?}");
        } else {
            assert!(matches!(refused, Err(AuthError::RateLimited { .. })));
        }
    }
    // The same network, right or wrong.
    for text in [texts[1].reveal(), "garbage"] {
        let refused = call(text, "2001:db8::ffff").await;
        assert!(matches!(refused, Err(AuthError::RateLimited { .. })));
    }
    assert!(call(texts[0].reveal(), here).await.is_ok());
    assert!(call(texts[1].reveal(), "2001:db8:0:1::1").await.is_ok());
}
