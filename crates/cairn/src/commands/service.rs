//! Services that commands use: their addresses and access tokens.

use std::path::PathBuf;

use cairn_client::rest::{RestBuilder, RestClient, SetupError};
use cairn_client::{Address, Retry};
use cairn_node::config::{ConfigFile, Face};
use cairn_node::{Config, repo};
use clap::{Arg, ArgMatches, Command};

use crate::error::Problem;
use crate::globals::{self, Globals};
use crate::session;

const SERVICE: &str = "service:service";
const TOKEN: &str = "service:token";
const TOKEN_FILE: &str = "service:token-file";
const TOKEN_COMMAND: &str = "service:token-command";

/// Maximum size of the output of a command that prints a token, in bytes.
const TOKEN_LIMIT: usize = 64 * 1024;

/// Adds the options that name a service and the access token for it.
pub(crate) fn options(command: Command, face: Face) -> Command {
    let heading = "Service";
    let service = match face {
        Face::Pinning => {
            "URL of the service, or its name in `pin remote service ls` [default: that of the running daemon]"
        }
        _ => "URL of the server [default: that of the running daemon]",
    };
    command
        .arg(
            Arg::new(SERVICE)
                .long("service")
                .value_name("URL")
                .help(service)
                .help_heading(heading),
        )
        .arg(
            Arg::new(TOKEN)
                .long("token")
                .value_name("TOKEN")
                .conflicts_with_all([TOKEN_FILE, TOKEN_COMMAND])
                .help("Access token; other users of this machine may see it, unlike with the following [default: $CAIRN_SERVICE_TOKEN]")
                .help_heading(heading),
        )
        .arg(
            Arg::new(TOKEN_FILE)
                .long("token-file")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .conflicts_with(TOKEN_COMMAND)
                .help("Read the access token from this file")
                .help_heading(heading),
        )
        .arg(
            Arg::new(TOKEN_COMMAND)
                .long("token-command")
                .value_name("COMMAND")
                .help("Run this command with `sh`, and use its output as the access token")
                .help_heading(heading),
        )
}

/// Builds a client of the service that the command line names.
pub(crate) fn connect<C: RestClient>(
    matches: &ArgMatches,
    globals: &Globals,
    face: Face,
) -> Result<Connected<C>, Problem> {
    let named = matches.get_one::<String>(SERVICE).map(String::as_str);
    let target = match named {
        Some(text) if text.contains("://") || text.starts_with('/') => Target {
            address: text
                .parse()
                .map_err(|error: cairn_client::address::AddressError| {
                    Problem::usage(format!("--service: {error}"))
                })?,
            token: None,
            is_local: false,
        },
        Some(name) => configured(name, globals, face)?,
        None => local(globals, face)?,
    };
    let given = token(matches)?.or(target.token);
    let mut builder = RestBuilder::<C>::new(&target.address)
        // Whoever types a command ends it as well, but wants to see an error soon.
        .retry(Retry::SERVICES.at_most(5));
    if let Some(roots) = session::roots(&target.address, globals)? {
        builder = builder.roots(roots);
    }
    if let Some(token) = given.as_ref().or(globals.service_token.as_ref()) {
        builder = builder.token(token);
    }
    let client = builder.build().map_err(|error| match error {
        SetupError::Header { .. } => {
            Problem::usage("the access token contains characters that are invalid in a header")
        }
        SetupError::Transport(error) => error.into(),
        other => Problem::from_error(&other),
    })?;
    Ok(Connected {
        client,
        is_local: target.is_local,
    })
}

/// A client and what it is connected to.
pub(crate) struct Connected<C> {
    pub(crate) client: C,
    /// Whether the service is that of the daemon of the repository.
    pub(crate) is_local: bool,
}

/// A service that was found.
struct Target {
    address: Address,
    token: Option<String>,
    is_local: bool,
}

/// A service that was added with `pin remote service add`.
fn configured(name: &str, globals: &Globals, face: Face) -> Result<Target, Problem> {
    let unknown = || {
        Problem::usage(format!(
            "--service: {name:?} is neither a URL nor the name of a service"
        ))
    };
    if face != Face::Pinning {
        return Err(unknown());
    }
    let config = config(globals).map_err(|_| unknown())?;
    let services = config.pinning.remote_services.as_ref();
    let found = services
        .and_then(|services| services.get(name))
        .ok_or_else(|| unknown().hint("`{program} pin remote service ls` lists the names"))?;
    let endpoint = &found.api.endpoint;
    Ok(Target {
        address: endpoint.parse().map_err(|error| {
            Problem::failed(format!("the service {name:?} has an invalid URL")).because(&error)
        })?,
        token: Some(found.api.key.expose().to_owned()).filter(|token| !token.is_empty()),
        is_local: false,
    })
}

/// The service of the daemon of the repository.
fn local(globals: &Globals, face: Face) -> Result<Target, Problem> {
    let (key, name) = match face {
        Face::Pinning => ("Addresses.Pinning", "pinning service"),
        Face::Upload => ("Addresses.Upload", "upload server"),
        Face::Cluster => ("Addresses.Cluster", "cluster API"),
    };
    let hint = format!("name another one with `--service URL`, or set {key} in the configuration");
    let running = repo::running_face(globals.repository()?, face);
    let running = running.map_err(|error| Problem::from_error(&error))?;
    // Without a daemon the configured one, whose refusal tells that none runs.
    let configured = config(globals)?.addresses.face(face);
    let Some(address) = running.or_else(|| configured.into_iter().next()) else {
        return Err(Problem::failed(format!("the {name} of this node is turned off")).hint(hint));
    };
    if address.ends_with("/tcp/0") {
        return Err(Problem::failed(format!(
            "the address of the {name} of this node is not known: its port is chosen when the daemon starts, and none is running"
        ))
        .hint(hint));
    }
    let address: Address = address
        .parse()
        .map_err(|error| Problem::failed(format!("{key} is not an address")).because(&error))?;
    Ok(Target {
        address,
        token: None,
        is_local: true,
    })
}

fn config(globals: &Globals) -> Result<std::sync::Arc<Config>, Problem> {
    let path = globals.repository()?.join("config");
    let file = ConfigFile::load(&path).map_err(|error| {
        Problem::from_error(&error).hint(
            "name the service with `--service URL`, or create a repository with `{program} init`",
        )
    })?;
    Ok(file.config())
}

/// The access token of the command line.
fn token(matches: &ArgMatches) -> Result<Option<String>, Problem> {
    if let Some(token) = matches.get_one::<String>(TOKEN) {
        return Ok(Some(token.clone()));
    }
    if let Some(path) = matches.get_one::<PathBuf>(TOKEN_FILE) {
        return globals::read_secret(path).map(Some);
    }
    let command = matches.get_one::<String>(TOKEN_COMMAND);
    command.map(|command| run(command)).transpose()
}

/// Runs a command that prints a token.
fn run(command: &str) -> Result<String, Problem> {
    let failed = || Problem::failed(format!("the token command {command:?} failed"));
    let output = std::process::Command::new("sh")
        .args(["-c", command])
        .stdin(std::process::Stdio::inherit())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| failed().because(&error))?;
    if !output.status.success() {
        return Err(failed());
    }
    let text = output
        .stdout
        .get(..output.stdout.len().min(TOKEN_LIMIT))
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or_default();
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(Problem::failed(format!(
            "the token command {command:?} printed no token"
        ))),
        token => Ok(token.to_owned()),
    }
}

/// Adds what a user can do about a refused request. `scope` says whether it was refused for the scope of the token: the
/// status of such a refusal is also that of others, such as a disabled account.
pub(crate) fn with_hint(
    problem: Problem,
    status: Option<http::StatusCode>,
    scope: bool,
    is_local: bool,
) -> Problem {
    match status.map(|status| status.as_u16()) {
        Some(401) if is_local => problem.hint(
            "create an access token with `{program} token create NAME`, and give it with CAIRN_SERVICE_TOKEN or `--token-file`",
        ),
        Some(401) => {
            problem.hint("give the access token with `--token-file` or CAIRN_SERVICE_TOKEN")
        }
        Some(403) if scope => problem.hint("the access token does not have the scope for this command"),
        Some(429) => problem.hint("the service limits the rate of requests: try again later"),
        _ => problem,
    }
}
