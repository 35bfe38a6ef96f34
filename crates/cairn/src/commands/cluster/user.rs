//! `cluster user`: who may use the REST API of this node's cluster.
//!
//! As the commands of accounts, they use the database of `Database.URL` directly.

use std::io::Read as _;

use cairn_services::cluster::set_user;
use cairn_store::shared::MAX_PAGE;
use clap::{Arg, Command};

use super::super::accounts::{finish, open};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

const NAME: &str = "name";

/// Maximum length of a password, in bytes.
const MAX_PASSWORD: u64 = 4 << 10;

fn with_name(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).arg(
        Arg::new(NAME)
            .value_name("NAME")
            .help("Name of the user")
            .required(true),
    )
}

pub(super) fn add_command() -> Command {
    with_name("add", "Create a user of the REST API, or change the password").long_about(
        "Create a user of the REST API, or change the password.\n\nThe password is read from the standard input, without the line \
         end. A new password makes all tokens of the user invalid. While there is no user, the API asks for no credentials, and the \
         daemon listens on this machine only.",
    )
}

pub(super) fn ls_command() -> Command {
    Command::new("ls").about("List the users of the REST API")
}

pub(super) fn rm_command() -> Command {
    with_name("rm", "Remove a user of the REST API")
        .long_about("Remove a user of the REST API. Password and tokens are refused at once.")
}

fn name(invocation: &Invocation) -> String {
    invocation.own::<String>(NAME).unwrap_or_default()
}

/// The password on the standard input.
fn password() -> Result<String, Problem> {
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_PASSWORD + 1)
        .read_to_string(&mut text)
        .map_err(|error| Problem::failed("cannot read the password").because(&error))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() || u64::try_from(text.len()).is_ok_and(|length| length > MAX_PASSWORD) {
        return Err(Problem::usage("the password is empty or too long").hint(
            "write it to the standard input, as in `{program} cluster user add NAME < FILE`",
        ));
    }
    Ok(password.to_owned())
}

pub(super) async fn add(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let password = password()?;
    let rows = open(globals).await?;
    let made = set_user(&*rows, &name(invocation), &password).await;
    let made = made.map_err(|error| Problem::from_error(&error));
    finish(&*rows, made).await?;
    Ok(())
}

pub(super) async fn ls(globals: &Globals) -> Result<(), Problem> {
    let rows = open(globals).await?;
    let listing = async {
        let mut names: Vec<String> = Vec::new();
        loop {
            let after = names.last().map(String::as_str);
            let page = rows.cluster_users(after, MAX_PAGE).await?;
            if page.is_empty() {
                return Ok(names);
            }
            names.extend(page.into_iter().map(|user| user.name));
        }
    };
    let listed = listing.await;
    let mut output = Output::stdout()?;
    for name in finish(&*rows, listed).await? {
        output.text(&(name + "\n"))?;
    }
    output.flush()
}

pub(super) async fn rm(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let name = name(invocation);
    let rows = open(globals).await?;
    let removed = rows.remove_cluster_user(&name).await;
    if finish(&*rows, removed.map_err(Problem::from)).await? {
        return Ok(());
    }
    Err(Problem::failed(format!("there is no user {name:?}"))
        .hint("run `{program} cluster user ls` for all users"))
}
