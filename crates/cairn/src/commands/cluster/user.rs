//! `cluster user`: who may use the REST API of this node's cluster.
//!
//! As the commands of accounts, they use the database of `Database.URL` directly.

use cairn_services::cluster::set_user;
use cairn_store::shared::MAX_PAGE;
use clap::{Arg, Command};

use super::super::accounts::{finish, open};
use super::super::pins::missing;
use super::password;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

const NAME: &str = "name";

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
        "Create a user of the REST API, or change the password.\n\nThe password is asked for twice on a terminal, and \
         otherwise read from the standard input, without the line end. A new password makes all tokens of the user invalid.\n\nWhile \
         there has never been a user, the API asks for no credentials, and the daemon listens on this machine only. Removing all \
         users does not bring that back.",
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

pub(super) async fn add(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let name = name(invocation);
    if name.is_empty() {
        return Err(missing("NAME"));
    }
    let password = password::read().await?;
    let rows = open(globals).await?;
    let made = set_user(&*rows, &name, &password).await;
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
