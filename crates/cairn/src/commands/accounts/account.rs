//! `account`.

use cairn_http::accounts::account_record;
use cairn_node::config::parse_size;
use cairn_store::shared::{Account, MAX_PAGE, Quota};
use clap::{Arg, ArgAction, Command};

use super::{finish, named, open, table};
use crate::commands::swarm_peers::shown;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

const NAME: &str = "name";
const PINS: &str = "pins";
const BYTES: &str = "bytes";
const FORCE: &str = "force";

/// A command with the name of an account.
fn with_name(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).arg(
        Arg::new(NAME)
            .value_name("NAME")
            .help("Name of the account")
            .required(true),
    )
}

fn with_quota(command: Command) -> Command {
    command
        .arg(
            Arg::new(PINS)
                .long("pins")
                .value_name("NUMBER")
                .help("Maximum number of pins and uploads, or `unlimited`"),
        )
        .arg(
            Arg::new(BYTES)
                .long("bytes")
                .value_name("SIZE")
                .help("Maximum size of their content, such as `10GB`, or `unlimited`"),
        )
}

pub(super) fn create_command() -> Command {
    with_quota(with_name("create", "Create an account")).long_about("Create an account of the pinning service and the upload API.\n\nIt has no token yet: `token create` makes one.")
}

pub(super) fn list_command() -> Command {
    Command::new("list").about("List accounts with their quotas and what they use")
}

pub(super) fn show_command() -> Command {
    with_name("show", "Show an account with its quota and what it uses")
}

pub(super) fn quota_command() -> Command {
    with_quota(with_name("quota", "Set what an account may use")).long_about("Set what an account may use.\n\nWhat it already uses is kept, even if that is more. Options that are left out leave their limit as it is.")
}

pub(super) fn disable_command() -> Command {
    with_name("disable", "Refuse all tokens of an account")
        .long_about("Refuse all tokens of an account, from now on. Its content is kept.")
}

pub(super) fn enable_command() -> Command {
    with_name("enable", "Accept the tokens of a disabled account again")
}

pub(super) fn remove_command() -> Command {
    with_name("remove", "Remove an account with its tokens, pins and uploads")
        .long_about("Remove an account with its tokens, pins and uploads.\n\nContent that no other account and no user of the node has pinned is unpinned; the next garbage collection removes it.")
        .arg(
            Arg::new(FORCE)
                .long("force")
                .short('f')
                .help("Also if it has pins or uploads")
                .action(ArgAction::SetTrue),
        )
}

fn name(invocation: &Invocation) -> String {
    invocation.own::<String>(NAME).unwrap_or_default()
}

/// The quota of the options, for an account that has this one.
fn read_quota(invocation: &Invocation, before: Quota) -> Result<Quota, Problem> {
    let wrong = |text: &str| Problem::usage(format!("invalid limit {text:?}"));
    let pins = match invocation.own::<String>(PINS).as_deref() {
        None => before.pins,
        Some("unlimited") => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| wrong(text).hint("expected a number, or `unlimited`"))?,
        ),
    };
    let bytes = match invocation.own::<String>(BYTES).as_deref() {
        None => before.bytes,
        Some("unlimited") => None,
        Some(text) => Some(parse_size(text).map_err(|error| wrong(text).because(&error))?),
    };
    Ok(Quota { pins, bytes })
}

fn print_one(globals: &Globals, account: Account) -> Result<(), Problem> {
    table::print(globals, &[account_record(account)], |records| {
        records.iter().map(table::account).collect()
    })
}

pub(super) async fn create(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let quota = read_quota(invocation, Quota::default())?;
    let rows = open(globals).await?;
    let work = async {
        let made = rows.create_account_with(&name(invocation), quota).await;
        Ok(made?)
    };
    let account = finish(&*rows, work.await).await?;
    print_one(globals, account)
}

pub(super) async fn list(globals: &Globals) -> Result<(), Problem> {
    let rows = open(globals).await?;
    let work = async {
        let mut all: Vec<Account> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id);
            let page = rows.accounts(after, MAX_PAGE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    };
    let all = finish(&*rows, work.await).await?;
    let records: Vec<_> = all.into_iter().map(account_record).collect();
    table::print(globals, &records, table::accounts)
}

pub(super) async fn show(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let rows = open(globals).await?;
    let found = named(&*rows, &name(invocation)).await;
    let account = finish(&*rows, found).await?;
    print_one(globals, account)
}

pub(super) async fn quota(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    // Wrong options are refused before anything is opened.
    read_quota(invocation, Quota::default())?;
    let rows = open(globals).await?;
    let work = async {
        let mut account = named(&*rows, &name(invocation)).await?;
        account.quota = read_quota(invocation, account.quota)?;
        rows.set_quota(account.id, account.quota).await?;
        Ok(account)
    };
    let account = finish(&*rows, work.await).await?;
    print_one(globals, account)
}

pub(super) async fn set_disabled(
    invocation: &Invocation,
    globals: &Globals,
    disabled: bool,
) -> Result<(), Problem> {
    let rows = open(globals).await?;
    let work = async {
        let mut account = named(&*rows, &name(invocation)).await?;
        rows.set_account_disabled(account.id, disabled).await?;
        account.disabled = disabled;
        Ok(account)
    };
    let account = finish(&*rows, work.await).await?;
    print_one(globals, account)
}

pub(super) async fn remove(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let rows = open(globals).await?;
    let work = async {
        let account = named(&*rows, &name(invocation)).await?;
        let force = invocation.own::<bool>(FORCE).unwrap_or(false);
        if account.usage.pins > 0 && !force {
            return Err(Problem::failed(format!(
                "the account {:?} has {} pins and uploads",
                account.name, account.usage.pins
            ))
            .hint("add `--force` to remove them too"));
        }
        rows.remove_account(account.id).await?;
        Ok(account)
    };
    let account = finish(&*rows, work.await).await?;
    if globals.format.is_json() {
        return print_one(globals, account);
    }
    let mut output = Output::stdout()?;
    output.text(&format!("removed the account {}\n", shown(&account.name)))?;
    output.flush()
}
