//! Accounts and tokens: the command line, the HTTP API, and what is refused.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use cairn_http::accounts::routes;
use cairn_services::accounts::{
    AccountSettings, Accounts, Limit, TOKEN_PREFIX, TokenForm, WantedToken,
};
use cairn_store::shared::{AccountId, DatabaseUrl, Scopes, SharedRows};
use cairn_testkit::server::Repository;
use cairn_wire::rest::{Access, Endpoint, Spec};
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The accounts API on rows of its own.
struct Face {
    rows: Arc<dyn SharedRows>,
    accounts: Arc<Accounts>,
    router: Router,
    _folder: tempfile::TempDir,
}

struct Answered {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Face {
    async fn new(settings: &AccountSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rows = cairn_store::shared::open(&DatabaseUrl::default(), folder.path())
            .await
            .unwrap();
        let accounts = Arc::new(Accounts::new(Arc::clone(&rows), settings));
        let router = routes(Arc::clone(&accounts));
        Self {
            rows,
            accounts,
            router,
            _folder: folder,
        }
    }

    async fn account(&self, name: &str) -> AccountId {
        self.rows.create_account(name).await.unwrap().id
    }

    async fn token(&self, account: AccountId, name: &str, scopes: Scopes) -> String {
        let wanted = WantedToken {
            account,
            name: name.to_owned(),
            scopes,
            lifetime: None,
            max_uses: None,
        };
        self.make(wanted).await
    }

    async fn make(&self, wanted: WantedToken) -> String {
        let made = self.accounts.create_token(wanted, TokenForm::Random).await;
        made.unwrap().1.reveal().to_owned()
    }

    async fn send(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        authorization: Option<&str>,
        body: Option<&Value>,
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let body = match body {
            Some(body) => Body::from(body.to_string()),
            None => Body::empty(),
        };
        let (head, body) = self.send(request.body(body).unwrap()).await.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answered {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    async fn with(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answered {
        let bearer = format!("Bearer {token}");
        self.call(method, path, Some(&bearer), body.as_ref()).await
    }
}

macro_rules! specs {
    ($($endpoint:path),+ $(,)?) => { [$( <$endpoint as Endpoint>::SPEC ),+] };
}

/// A path of an endpoint, with values for its parameters.
fn path(spec: &Spec) -> String {
    spec.path
        .replace("{account}", "owner")
        .replace("{token}", "1")
}

#[tokio::test]
async fn every_endpoint_refuses_what_it_should() {
    let face = Face::new(&AccountSettings::default()).await;
    let owner = face.account("owner").await;
    let disabled = face.account("disabled").await;
    let admin = Scopes::ADMIN;
    let revoked = face.token(owner, "revoked", admin).await;
    let token = face.rows.token_named(owner, "revoked").await.unwrap();
    face.rows
        .revoke_token(owner, token.unwrap().id)
        .await
        .unwrap();
    let of_disabled = face.token(disabled, "one", admin).await;
    face.rows
        .set_account_disabled(disabled, true)
        .await
        .unwrap();
    let wanted = |name: &str| WantedToken {
        account: owner,
        name: name.to_owned(),
        scopes: admin,
        lifetime: None,
        max_uses: None,
    };
    let expired = face
        .make(WantedToken {
            lifetime: Some(Duration::from_millis(1)),
            ..wanted("expired")
        })
        .await;
    let expires = face.rows.now().await.unwrap() + 1;
    while face.rows.now().await.unwrap() <= expires {
        tokio::task::yield_now().await;
    }
    let spent = face
        .make(WantedToken {
            max_uses: Some(1),
            ..wanted("spent")
        })
        .await;
    assert_eq!(face.with(&spent, "GET", "/account", None).await.status, 200);
    let unscoped = face
        .token(
            owner,
            "user",
            Scopes::PIN.and(Scopes::UPLOAD).and(Scopes::READ),
        )
        .await;
    let elsewhere = Face::new(&AccountSettings::default()).await;
    let stranger = elsewhere.account("stranger").await;
    let unknown = elsewhere.token(stranger, "unknown", admin).await;
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    let cases = [
        ("none", None, 401, "UNAUTHORIZED"),
        ("empty", bearer(""), 401, "UNAUTHORIZED"),
        ("garbage", bearer("garbage"), 401, "UNAUTHORIZED"),
        ("a bad text", bearer(&unknown[..20]), 401, "UNAUTHORIZED"),
        ("unknown", bearer(&unknown), 401, "UNAUTHORIZED"),
        (
            "basic",
            Some("Basic b3duZXI6eA==".to_owned()),
            401,
            "UNAUTHORIZED",
        ),
        ("no scheme", Some(unknown.clone()), 401, "UNAUTHORIZED"),
        ("revoked", bearer(&revoked), 401, "UNAUTHORIZED"),
        ("expired", bearer(&expired), 401, "UNAUTHORIZED"),
        ("spent", bearer(&spent), 401, "UNAUTHORIZED"),
        ("disabled", bearer(&of_disabled), 403, "FORBIDDEN"),
        ("wrong scope", bearer(&unscoped), 403, "FORBIDDEN"),
    ];
    for spec in cairn_wire::account_endpoints!(specs) {
        for (case, authorization, status, reason) in &cases {
            if *case == "wrong scope" && spec.access == Access::Scope("accounts:self") {
                continue;
            }
            let body = json!({});
            let answer = face
                .call(
                    spec.method,
                    &path(&spec),
                    authorization.as_deref(),
                    Some(&body),
                )
                .await;
            let told = (answer.status, answer.body["error"]["reason"].as_str());
            assert_eq!(told, (*status, Some(*reason)), "{} with {case}", spec.id);
            if *status == 401 {
                assert_eq!(answer.headers["www-authenticate"], "Bearer");
            }
            let said = answer.body.to_string();
            assert!(!said.contains(TOKEN_PREFIX), "{said}");
        }
    }
    // Nothing was changed.
    assert_eq!(face.rows.accounts(None, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_administrator_manages_accounts() {
    let face = Face::new(&AccountSettings::default()).await;
    let operator = face.account("operator").await;
    let admin = face.token(operator, "admin", Scopes::ADMIN).await;
    let made = json!({ "name": "ann/é", "quota": { "pins": 5 } });
    let made = face.with(&admin, "POST", "/accounts", Some(made)).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.body["quota"], json!({ "pins": 5 }));
    let again = json!({ "name": "ann/é" });
    let again = face.with(&admin, "POST", "/accounts", Some(again)).await;
    assert_eq!(
        (again.status, &again.body["error"]["reason"]),
        (409, &json!("CONFLICT"))
    );
    for bad in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": "a", "x": 1 }),
    ] {
        let bad = face.with(&admin, "POST", "/accounts", Some(bad)).await;
        assert_eq!(bad.status, 400);
    }
    let ann = "/accounts/ann%2F%C3%A9";
    let change = json!({ "quota": { "bytes": 1_000_000 } });
    let changed = face.with(&admin, "PATCH", ann, Some(change)).await;
    assert_eq!(changed.body["quota"], json!({ "bytes": 1_000_000 }));
    let page = face.with(&admin, "GET", "/accounts?limit=1", None).await;
    assert_eq!(page.body["accounts"][0]["name"], "operator");
    let next = format!("/accounts?after={}", page.body["next"]);
    let page = face.with(&admin, "GET", &next, None).await;
    assert_eq!(page.body["accounts"][0]["name"], "ann/é");
    assert_eq!(page.body["next"], Value::Null);

    let tokens = format!("{ann}/tokens");
    let wanted =
        json!({ "name": "app", "scopes": ["pin", "read"], "expires_in": 60, "form": "jwt" });
    let token = face.with(&admin, "POST", &tokens, Some(wanted)).await;
    assert_eq!(token.status, 201);
    assert_eq!(token.body["token"]["scopes"], json!(["pin", "read"]));
    let secret = token.body["secret"].as_str().unwrap();
    let own = face.with(secret, "GET", "/account", None).await;
    assert_eq!(own.body["name"], "ann/é");
    assert_eq!(own.headers["x-ratelimit-limit"], "10000");
    for bad in [
        json!({ "name": "b", "scopes": [] }),
        json!({ "name": "b", "scopes": ["all"] }),
        json!({ "name": "b", "scopes": ["pin"], "expires_in": 0 }),
        json!({ "name": "b", "scopes": ["pin"], "expires_in": u64::MAX }),
        json!({ "name": "b", "scopes": ["pin"], "max_uses": 0 }),
    ] {
        let bad = face.with(&admin, "POST", &tokens, Some(bad)).await;
        assert_eq!(bad.status, 400);
    }
    let list = face.with(&admin, "GET", &tokens, None).await;
    assert_eq!(list.body["tokens"][0]["name"], "app");
    assert!(!list.body.to_string().contains(secret));
    let one = format!("{tokens}/{}", list.body["tokens"][0]["id"]);
    assert_eq!(face.with(&admin, "DELETE", &one, None).await.status, 204);
    assert_eq!(face.with(&admin, "DELETE", &one, None).await.status, 404);
    assert_eq!(face.with(secret, "GET", "/account", None).await.status, 401);
    assert_eq!(face.with(&admin, "DELETE", ann, None).await.status, 204);
    for path in [ann, tokens.as_str()] {
        assert_eq!(face.with(&admin, "GET", path, None).await.status, 404);
    }
}

#[tokio::test]
async fn a_rate_is_told_and_kept() {
    let mut settings = AccountSettings::default();
    settings.pinning_rate = Some(Limit {
        requests: NonZeroU32::new(2).unwrap(),
        // So long that nothing becomes available during the test.
        period: Duration::from_secs(1_000_000),
    });
    let face = Face::new(&settings).await;
    let owner = face.account("owner").await;
    let token = face.token(owner, "one", Scopes::PIN).await;
    for left in ["1", "0"] {
        let answer = face.with(&token, "GET", "/account", None).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["x-ratelimit-limit"], "2");
        assert_eq!(answer.headers["x-ratelimit-remaining"], left);
    }
    let refused = face.with(&token, "GET", "/account", None).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body["error"]["reason"], "TOO_MANY_REQUESTS");
    assert_eq!(refused.headers["x-ratelimit-remaining"], "0");
    let number = |name: &str| -> u64 { refused.headers[name].to_str().unwrap().parse().unwrap() };
    assert!(number("retry-after") > 0);
    assert!(number("x-ratelimit-reset") > 1_700_000_000);
}

#[tokio::test]
async fn browsers_ask_before_they_call() {
    let face = Face::new(&AccountSettings::default()).await;
    let ask = |path: &str| {
        Request::builder()
            .method("OPTIONS")
            .uri(path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization")
            .body(Body::empty())
            .unwrap()
    };
    let answer = face.send(ask("/account")).await;
    assert_eq!(answer.status(), 204);
    let headers = answer.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("authorization"));
    // A refusal can be read by the page too.
    let call = Request::builder()
        .uri("/account")
        .header("origin", "https://app.example")
        .body(Body::empty())
        .unwrap();
    let answer = face.send(call).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let exposed = answer.headers()["access-control-expose-headers"].to_str();
    assert!(exposed.unwrap().contains("retry-after"));
}

#[test]
fn the_command_line_manages_accounts_and_tokens() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let run = |arguments: &[&str]| repository.run(arguments).unwrap();
    let fails = |arguments: &[&str]| {
        let output = repository.output(arguments, b"").unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!(run(&["token", "list", "--json"]), "");
    let token = run(&["token", "create", "first"]);
    assert!(
        token.starts_with(TOKEN_PREFIX) && token.trim().len() == 64,
        "{token}"
    );
    let told = fails(&["token", "create", "first"]);
    assert!(
        told.contains("has a token of that name") && told.contains("hint:"),
        "{told}"
    );
    let jwt = run(&[
        "token", "create", "jwt", "--format", "jwt", "--scope", "upload",
    ]);
    assert_eq!(jwt.split('.').count(), 3);
    let told = fails(&["token", "create", "x", "--account", "nobody"]);
    assert!(told.contains("there is no account \"nobody\""), "{told}");
    for wrong in [
        &["token", "create", "x", "--scope", "everything"][..],
        &["token", "create", "x", "--expires", "soon"],
        &["token", "create", "x", "--max-uses", "0"],
        &["account", "create", "x", "--pins", "many"],
    ] {
        fails(wrong);
    }
    run(&[
        "account", "create", "team", "--pins", "10", "--bytes", "1GB",
    ]);
    let listed: Value = serde_json::from_str(&run(&["account", "show", "team", "--json"])).unwrap();
    assert_eq!(
        listed["quota"],
        json!({ "pins": 10, "bytes": 1_000_000_000 })
    );
    run(&["account", "quota", "team", "--pins", "unlimited"]);
    let table = run(&["account", "list"]);
    assert!(
        table.contains("team") && table.contains("of 1.0 GB"),
        "{table}"
    );

    // The same beside a running daemon.
    let daemon = repository.start(&["--offline"]).unwrap();
    let once = run(&[
        "token",
        "create",
        "once",
        "--account",
        "team",
        "--max-uses",
        "1",
        "--expires",
        "30d",
        "--json",
    ]);
    let once: Value = serde_json::from_str(&once).unwrap();
    assert_eq!(once["token"]["max_uses"], 1);
    run(&["token", "revoke", "once", "--account", "team"]);
    let told = fails(&["token", "revoke", "once", "--account", "team"]);
    assert!(told.contains("revoked before"), "{told}");
    let listed = run(&["token", "list", "--account", "team"]);
    assert!(
        listed.contains("once") && listed.contains("revoked"),
        "{listed}"
    );
    run(&["account", "disable", "team"]);
    assert!(run(&["account", "list"]).contains("disabled"));
    run(&["account", "remove", "team"]);
    fails(&["account", "show", "team"]);
    // Secrets were shown once, and nowhere else.
    let log = daemon.log();
    for secret in [token.trim(), jwt.trim(), once["secret"].as_str().unwrap()] {
        assert!(!log.contains(secret));
    }
    for entry in std::fs::read_dir(repository.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes
                .windows(token.trim().len())
                .any(|window| window == token.trim().as_bytes());
            assert!(!found, "{} has a token", path.display());
        }
    }
}
