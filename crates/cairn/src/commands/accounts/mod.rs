//! `account` and `token`: who may use the pinning service and the upload API.
//!
//! They use the database of `Database.URL` directly, beside a running daemon or without one: every change is one
//! transaction, and the daemon asks the database about each request, so that a change counts at once.

mod account;
mod durations;
mod table;
mod token;

use std::sync::Arc;

use cairn_node::config::ConfigFile;
use cairn_store::shared::{Account, SharedRows};

use super::OwnCommand;
use crate::error::Problem;
use crate::globals::Globals;

/// The account that is used when none is named.
const DEFAULT_ACCOUNT: &str = "default";

/// The commands.
pub(crate) const COMMANDS: &[OwnCommand] = &[
    OwnCommand {
        path: "account/create",
        command: account::create_command,
        run: |invocation, globals| Box::pin(account::create(invocation, globals)),
    },
    OwnCommand {
        path: "account/list",
        command: account::list_command,
        run: |_, globals| Box::pin(account::list(globals)),
    },
    OwnCommand {
        path: "account/show",
        command: account::show_command,
        run: |invocation, globals| Box::pin(account::show(invocation, globals)),
    },
    OwnCommand {
        path: "account/quota",
        command: account::quota_command,
        run: |invocation, globals| Box::pin(account::quota(invocation, globals)),
    },
    OwnCommand {
        path: "account/disable",
        command: account::disable_command,
        run: |invocation, globals| Box::pin(account::set_disabled(invocation, globals, true)),
    },
    OwnCommand {
        path: "account/enable",
        command: account::enable_command,
        run: |invocation, globals| Box::pin(account::set_disabled(invocation, globals, false)),
    },
    OwnCommand {
        path: "account/remove",
        command: account::remove_command,
        run: |invocation, globals| Box::pin(account::remove(invocation, globals)),
    },
    OwnCommand {
        path: "token/create",
        command: token::create_command,
        run: |invocation, globals| Box::pin(token::create(invocation, globals)),
    },
    OwnCommand {
        path: "token/list",
        command: token::list_command,
        run: |invocation, globals| Box::pin(token::list(invocation, globals)),
    },
    OwnCommand {
        path: "token/revoke",
        command: token::revoke_command,
        run: |invocation, globals| Box::pin(token::revoke(invocation, globals)),
    },
];

/// Opens the shared rows that the configuration names.
pub(super) async fn open(globals: &Globals) -> Result<Arc<dyn SharedRows>, Problem> {
    if globals.api.is_some() {
        return Err(Problem::usage(
            "accounts of a remote node cannot be changed through its RPC",
        )
        .hint("run the command on the machine of the node, or use its HTTP API with a token of the scope `admin`"));
    }
    let folder = globals.repository()?;
    let file = ConfigFile::load(folder.join("config")).map_err(|error| {
        Problem::from_error(&error).hint("run `{program} init` to create a repository")
    })?;
    let url = file.config().database.location();
    let url = url.map_err(|error| Problem::from(error).hint("the setting is `Database.URL`"))?;
    Ok(cairn_store::shared::open(&url, folder).await?)
}

/// The account with this name.
async fn named(rows: &dyn SharedRows, name: &str) -> Result<Account, Problem> {
    rows.account_named(name).await?.ok_or_else(|| {
        Problem::failed(format!("there is no account {name:?}"))
            .hint("run `{program} account list` for all accounts")
    })
}

/// Closes the rows after a command.
pub(super) async fn finish<T>(
    rows: &dyn SharedRows,
    outcome: Result<T, Problem>,
) -> Result<T, Problem> {
    let closed = rows.close().await;
    let value = outcome?;
    closed?;
    Ok(value)
}
