//! Accounts and tokens as text.

use cairn_wire::accounts::{AccountRecord, Scope, TokenRecord};
use cairn_wire::text::{columns, human_bytes};
use serde::Serialize;

use crate::commands::swarm_peers::shown;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;

/// Prints records: as JSON, one per line, or by a function.
pub(super) fn print<T: Serialize>(
    globals: &Globals,
    records: &[T],
    text: impl FnOnce(&[T]) -> String,
) -> Result<(), Problem> {
    let mut output = Output::stdout()?;
    if globals.format.is_json() {
        for record in records {
            let line =
                serde_json::to_string(record).map_err(|error| Problem::from_error(&error))?;
            output.text(&(line + "\n"))?;
        }
    } else {
        output.text(&text(records))?;
    }
    output.flush()
}

/// What is used of what is allowed.
fn used(used: String, most: Option<String>) -> String {
    match most {
        Some(most) => format!("{used} of {most}"),
        None => used,
    }
}

fn pins(account: &AccountRecord) -> String {
    let most = account.quota.pins.map(|most| most.to_string());
    used(account.usage.pins.to_string(), most)
}

fn bytes(account: &AccountRecord) -> String {
    let most = account.quota.bytes.map(human_bytes);
    used(human_bytes(account.usage.bytes), most)
}

/// A time without fractions of a second.
fn when(time: &str) -> String {
    match time.split_once('.') {
        Some((time, _)) => format!("{time}Z"),
        None => time.to_owned(),
    }
}

/// A table of accounts.
pub(super) fn accounts(accounts: &[AccountRecord]) -> String {
    let head = ["NAME", "CREATED", "PINS", "SIZE", "STATUS"].map(str::to_owned);
    let row = |account: &AccountRecord| {
        [
            shown(&account.name),
            when(&account.created),
            pins(account),
            bytes(account),
            status(account).to_owned(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head)
        .chain(accounts.iter().map(row))
        .collect();
    table(&rows)
}

fn status(account: &AccountRecord) -> &'static str {
    if account.disabled {
        "disabled"
    } else {
        "enabled"
    }
}

/// One account, a line for each fact.
pub(super) fn account(account: &AccountRecord) -> String {
    let fact = |name: &str, value: String| [format!("{name}:"), value];
    table(&[
        fact("Name", shown(&account.name)),
        fact("Created", when(&account.created)),
        fact("Status", status(account).to_owned()),
        fact("Pins", pins(account)),
        fact("Size", bytes(account)),
    ])
}

/// A table of tokens, with the states of those that were not revoked.
pub(super) fn tokens(tokens: &[TokenRecord], states: &[&str]) -> String {
    let head = [
        "ID", "NAME", "SCOPES", "CREATED", "EXPIRES", "USES", "STATUS",
    ]
    .map(str::to_owned);
    let row = |(token, state): (&TokenRecord, &&str)| {
        let uses = match token.max_uses {
            Some(most) => format!("{} of {most}", token.used),
            None => "unlimited".to_owned(),
        };
        let status = match &token.revoked {
            Some(time) => format!("revoked {}", when(time)),
            None => (*state).to_owned(),
        };
        [
            token.id.to_string(),
            shown(&token.name),
            scopes(&token.scopes),
            when(&token.created),
            token.expires.as_deref().map_or("never".to_owned(), when),
            uses,
            status,
        ]
    };
    let rows: Vec<_> = std::iter::once(head)
        .chain(tokens.iter().zip(states).map(row))
        .collect();
    table(&rows)
}

fn scopes(scopes: &[Scope]) -> String {
    let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
    names.join(",")
}

/// Cells with two spaces between them.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut spaced = rows.to_vec();
    for row in &mut spaced {
        for cell in row {
            cell.push(' ');
        }
    }
    let mut out = String::new();
    columns(&spaced, &mut out);
    let lines: Vec<_> = out.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}
