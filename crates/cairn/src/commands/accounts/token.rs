//! `token`.

use std::sync::Arc;

use cairn_http::accounts::{scopes_of, token_record};
use cairn_services::accounts::{AccountSettings, Accounts, TokenForm, WantedToken};
use cairn_store::shared::{Account, MAX_PAGE, Millis, SharedError, SharedRows, Token, TokenId};
use cairn_wire::accounts::{CreatedToken, Scope};
use clap::{Arg, Command, value_parser};

use super::{DEFAULT_ACCOUNT, durations, finish, named, open, table};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;

const NAME: &str = "name";
const ACCOUNT: &str = "account";
const SCOPE: &str = "scope";
const EXPIRES: &str = "expires";
const MAX_USES: &str = "max-uses";
const FORM: &str = "format";

fn with_account(command: Command) -> Command {
    command.arg(
        Arg::new(ACCOUNT)
            .long("account")
            .value_name("ACCOUNT")
            .help("Name of the account")
            .default_value(DEFAULT_ACCOUNT),
    )
}

pub(super) fn create_command() -> Command {
    with_account(Command::new("create"))
        .about("Create a token and print it")
        .long_about("Create a token for the pinning service and the upload API, and print it.\n\nThe token is not stored and cannot be shown again. Clients send it as `Authorization: Bearer TOKEN`.\n\nThe account `default` is created when it is first used.")
        .arg(
            Arg::new(NAME)
                .value_name("NAME")
                .help("Name of the token, which no other token of the account may have")
                .required(true),
        )
        .arg(
            Arg::new(SCOPE)
                .long("scope")
                .value_name("SCOPES")
                .help("What the token allows, separated by commas: `pin`, `upload`, `read` (only read pins and uploads), `admin` (manage all accounts and tokens)")
                .default_value("pin,upload")
                .value_delimiter(','),
        )
        .arg(
            Arg::new(EXPIRES)
                .long("expires")
                .value_name("TIME")
                .help("Lifetime, such as `30d` or `12h` [default: unlimited]"),
        )
        .arg(
            Arg::new(MAX_USES)
                .long("max-uses")
                .value_name("NUMBER")
                .help("Maximum number of requests [default: unlimited]")
                .value_parser(value_parser!(u64).range(1..=i64::MAX.unsigned_abs())),
        )
        .arg(
            Arg::new(FORM)
                .long("format")
                .value_name("FORMAT")
                .help("`random`, or `jwt` for a JSON Web Token like those of nft.storage")
                .default_value("random")
                .value_parser(["random", "jwt"]),
        )
}

pub(super) fn list_command() -> Command {
    with_account(Command::new("list"))
        .about("List the tokens of an account")
        .long_about("List the tokens of an account, without their texts, which are not stored.")
}

pub(super) fn revoke_command() -> Command {
    with_account(Command::new("revoke"))
        .about("Revoke a token")
        .long_about("Revoke a token. It is refused from then on, also by running daemons.")
        .arg(
            Arg::new(NAME)
                .value_name("TOKEN")
                .help("Name or number of the token")
                .required(true),
        )
}

fn text(invocation: &Invocation, id: &str) -> String {
    invocation.own::<String>(id).unwrap_or_default()
}

fn read_scopes(invocation: &Invocation) -> Result<Vec<Scope>, Problem> {
    let mut scopes = Vec::new();
    let given = invocation
        .matches()
        .and_then(|matches| matches.get_many::<String>(SCOPE))
        .into_iter()
        .flatten();
    for name in given {
        let known = Scope::ALL.into_iter().find(|scope| scope.name() == name);
        let scope = known.ok_or_else(|| {
            Problem::usage(format!("unknown scope {name:?}"))
                .hint("the scopes are `pin`, `upload`, `read` and `admin`")
        })?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

/// The account of the options. The default account is created.
async fn owner(rows: &dyn SharedRows, name: &str) -> Result<Account, Problem> {
    if name != DEFAULT_ACCOUNT {
        return named(rows, name).await;
    }
    match rows.create_account(name).await {
        Ok(account) => Ok(account),
        Err(SharedError::Taken { .. }) => named(rows, name).await,
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn create(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let scopes = read_scopes(invocation)?;
    let lifetime = invocation.own::<String>(EXPIRES);
    let lifetime = lifetime.as_deref().map(durations::parse).transpose()?;
    let form = match text(invocation, FORM).as_str() {
        "jwt" => TokenForm::Jwt,
        _ => TokenForm::Random,
    };
    let rows = open(globals).await?;
    let work = async {
        let account = owner(&*rows, &text(invocation, ACCOUNT)).await?;
        let wanted = WantedToken {
            account: account.id,
            name: text(invocation, NAME),
            scopes: scopes_of(&scopes),
            lifetime,
            max_uses: invocation.own::<u64>(MAX_USES),
        };
        let accounts = Accounts::new(Arc::clone(&rows), &AccountSettings::default());
        let made = accounts.create_token(wanted, form).await;
        made.map_err(|error| match error {
            SharedError::Taken { .. } => Problem::failed("the account has a token of that name")
                .hint("choose another name, or revoke the token first"),
            error => error.into(),
        })
    };
    let (token, secret) = finish(&*rows, work.await).await?;
    let record = CreatedToken {
        token: token_record(token),
        secret: secret.reveal().to_owned(),
    };
    table::print(globals, &[record], |records| {
        records
            .iter()
            .map(|record| format!("{}\n", record.secret))
            .collect()
    })
}

/// All tokens of an account.
async fn tokens(rows: &dyn SharedRows, account: &Account) -> Result<Vec<Token>, Problem> {
    let mut all: Vec<Token> = Vec::new();
    loop {
        let after = all.last().map(|last| last.id);
        let page = rows.tokens(account.id, after, MAX_PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

pub(super) async fn list(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let rows = open(globals).await?;
    let name = text(invocation, ACCOUNT);
    let work = async {
        let all = match rows.account_named(&name).await? {
            Some(account) => tokens(&*rows, &account).await?,
            // It is created with its first token.
            None if name == DEFAULT_ACCOUNT => Vec::new(),
            None => {
                let missing = named(&*rows, &name).await.err();
                return Err(missing.unwrap_or_else(|| {
                    Problem::failed("the account was just created").hint("run the command again")
                }));
            }
        };
        Ok((all, rows.now().await?))
    };
    let (all, now) = finish(&*rows, work.await).await?;
    let states: Vec<_> = all.iter().map(|token| state(token, now)).collect();
    let records: Vec<_> = all.into_iter().map(token_record).collect();
    table::print(globals, &records, |records| table::tokens(records, &states))
}

/// Whether a token that was not revoked is still accepted.
fn state(token: &Token, now: Millis) -> &'static str {
    if token.expires.is_some_and(|expires| expires <= now) {
        "expired"
    } else if token.max_uses.is_some_and(|most| token.used >= most) {
        "used up"
    } else {
        "active"
    }
}

pub(super) async fn revoke(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let rows = open(globals).await?;
    let wanted = text(invocation, NAME);
    let work = async {
        let account = named(&*rows, &text(invocation, ACCOUNT)).await?;
        let id = match rows.token_named(account.id, &wanted).await? {
            Some(token) => Some(token.id),
            None => wanted.parse().ok().map(TokenId),
        };
        let revoked = match id {
            Some(id) => rows.revoke_token(account.id, id).await?,
            None => false,
        };
        if revoked {
            return Ok(());
        }
        Err(Problem::failed(format!(
            "the account has no token {wanted:?}, or it was revoked before"
        ))
        .hint("run `{program} token list` for all tokens of an account"))
    };
    finish(&*rows, work.await).await
}

#[cfg(test)]
mod tests {
    use cairn_store::shared::{AccountId, Scopes};

    use super::*;

    #[test]
    fn tokens_end_with_their_time_or_their_uses() {
        let token = |expires, max_uses, used| Token {
            id: TokenId(1),
            account: AccountId(1),
            name: "ci".to_owned(),
            scopes: Scopes::PIN,
            created: 0,
            expires,
            max_uses,
            used,
            revoked: None,
        };
        for (token, wanted) in [
            (token(None, None, 0), "active"),
            (token(Some(1001), Some(2), 1), "active"),
            (token(Some(1000), Some(2), 2), "expired"),
            (token(None, Some(2), 2), "used up"),
        ] {
            assert_eq!(state(&token, 1000), wanted);
        }
    }
}
