//! `db copy`: the database of the services, copied to another one.

use cairn_node::config::ConfigFile;
use cairn_node::{Access, NodeError, Repo};
use cairn_store::shared::{self, CopyError, DatabaseUrl};
use clap::{Arg, Command};

use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;
use crate::progress;
use crate::session::node_problem;

const FROM: &str = "from";
const TO: &str = "to";

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("copy")
        .about("Copy the database of the services to another one")
        .long_about("Copy accounts, tokens, pin requests, uploads and the cluster's pins to another database: from SQLite to PostgreSQL, or back.\n\nNo daemon may use either database. The target has to be empty; it gets everything or nothing, and the number of rows of every table is verified. The database that is copied is not changed. Afterwards set `Database.URL` to the new one.\n\nA password in a URL is visible in the process list; leave it out and set PGPASSWORD, or use a password file (PGPASSFILE).")
        .arg(
            Arg::new(TO)
                .long("to")
                .value_name("URL")
                .help("Database to copy to: `postgres://USER@HOST/NAME` or `sqlite:PATH`")
                .required(true),
        )
        .arg(
            Arg::new(FROM)
                .long("from")
                .value_name("URL")
                .help("Database to copy [default: that of the configuration]"),
        )
}

fn parse(text: &str) -> Result<DatabaseUrl, Problem> {
    text.parse().map_err(|error| Problem::from_error(&error))
}

/// Runs it.
pub(crate) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    if globals.api.is_some() {
        return Err(Problem::usage("a daemon's database cannot be copied")
            .hint("stop the daemon, and omit `--api`"));
    }
    let to = parse(&invocation.own::<String>(TO).unwrap_or_default())?;
    // Holds the lock: the daemon of this repository does not run meanwhile.
    let repo = Repo::open(globals.repository()?, Access::ReadWrite)
        .map_err(|error| node_problem(&NodeError::from(error)))?;
    let from = match invocation.own::<String>(FROM) {
        Some(from) => parse(&from)?,
        None => configured(repo.config())?,
    };
    let shown = progress::is_enabled(None);
    let mut last = String::new();
    let mut report = |table: &str, rows: u64| {
        if shown && (table != last || rows % 100_000 < 1_000) {
            eprintln!("{table}: {rows} rows");
            table.clone_into(&mut last);
        }
    };
    let copied = shared::copy(&from, &to, repo.path(), &mut report).await;
    repo.close();
    let copied = copied.map_err(|error| {
        let problem = Problem::from_error(&error);
        match error {
            CopyError::NotEmpty { .. } => problem.hint("copy to a new database"),
            _ => problem,
        }
    })?;
    let mut output = Output::stdout()?;
    for table in &copied {
        if globals.format.is_json() {
            let line = serde_json::json!({ "table": table.name, "rows": table.rows });
            output.text(&format!("{line}\n"))?;
        } else {
            output.text(&format!("{} {}\n", table.name, table.rows))?;
        }
    }
    output.flush()
}

/// The database that the configuration names.
fn configured(file: &ConfigFile) -> Result<DatabaseUrl, Problem> {
    let url = file.config().database.location();
    url.map_err(|error| Problem::from_error(&error).hint("the setting is `Database.URL`"))
}
