//! Which peer is asked, and with which credentials.

use std::path::PathBuf;
use std::time::Duration;

use cairn_client::cluster::{Builder, ClusterError, DEFAULT_ADDR};
use cairn_client::{Address, Cluster, Roots, TransportError};
use cairn_node::config::Face;
use cairn_node::repo;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use crate::error::Problem;
use crate::globals::{self, Globals};
use crate::grammar::Invocation;

const HOST: &str = "cluster:host";
const BASIC: &str = "cluster:basic-auth";
const TOKEN: &str = "cluster:token-file";

/// A command with the options for connecting to a peer.
pub(super) fn command(name: &'static str, about: &'static str) -> Command {
    let value = |id, long, name| Arg::new(id).long(long).value_name(name).num_args(1);
    Command::new(name)
        .about(about)
        .arg(
            value(HOST, "host", "ADDRESS")
                .action(ArgAction::Append)
                .value_delimiter(',')
                .help(format!(
                    "Multiaddr or URL of a peer; give several to use the next if one fails [default: $CAIRN_CLUSTER_HOST, or the running daemon, or {DEFAULT_ADDR}]"
                )),
        )
        .arg(value(BASIC, "basic-auth", "USER:PASSWORD").help(
            "Name and password of a user; other users see it in the process list [default: $CLUSTER_CREDENTIALS]",
        ))
        .arg(
            value(TOKEN, "token-file", "FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .conflicts_with(BASIC)
                .help("Read a token from this file, as `cluster token` prints it"),
        )
}

/// The client of the peers that the command line and the environment name.
pub(super) fn connect(invocation: &Invocation, globals: &Globals) -> Result<Cluster, Problem> {
    let mut hosts = values(invocation.matches(), HOST);
    if hosts.is_empty() {
        let named = globals.cluster.hosts.clone();
        let named = named.or_else(|| own_address(globals));
        let named = named.as_deref().unwrap_or(DEFAULT_ADDR);
        hosts = named.split(',').map(str::to_owned).collect();
    }
    let mut builder: Option<Builder> = None;
    for host in hosts {
        let address: Address = host
            .parse()
            .map_err(|error| Problem::usage(format!("--host: {error}")))?;
        builder = Some(match builder {
            None => Cluster::builder(address),
            Some(builder) => builder.peer(address),
        });
    }
    let builder = builder.ok_or_else(|| Problem::usage("--host: an address is missing"))?;
    let builder = authorized(builder, invocation, globals)?;
    let builder = trusting(builder, globals)?;
    let builder = match globals.timeout {
        // Whoever types a command ends it as well.
        None => builder.no_timeout(),
        Some(limit) => builder.timeout(limit),
    };
    builder.build().map_err(|error| problem(&error))
}

/// The address of the daemon of the repository, if one runs.
fn own_address(globals: &Globals) -> Option<String> {
    let running = repo::running_face(globals.repository().ok()?, Face::Cluster);
    running.ok().flatten()
}

fn authorized(
    builder: Builder,
    invocation: &Invocation,
    globals: &Globals,
) -> Result<Builder, Problem> {
    if let Some(path) = invocation.own::<PathBuf>(TOKEN) {
        return Ok(builder.bearer(&globals::read_secret(&path)?));
    }
    let given = invocation.own::<String>(BASIC);
    Ok(
        match given.or_else(|| globals.cluster.credentials.clone()) {
            None => builder,
            Some(pair) => {
                let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
                builder.basic(user, password)
            }
        },
    )
}

/// With the certificates of `--api-ca`.
fn trusting(builder: Builder, globals: &Globals) -> Result<Builder, Problem> {
    let Some(path) = &globals.api_ca else {
        return Ok(builder);
    };
    let failed = |error: &dyn std::error::Error| {
        Problem::failed(format!("cannot read certificates from {}", path.display())).because(error)
    };
    let text = std::fs::read(path).map_err(|error| failed(&error))?;
    let roots = Roots::from_pem(&text).map_err(|error| failed(&error))?;
    Ok(builder.roots(roots))
}

/// The error of a failed call.
pub(super) fn problem(error: &ClusterError) -> Problem {
    let problem = Problem::from_error(error);
    match error {
        error if error.is_unauthorized() => problem.hint(
            "give a user's name and password with CLUSTER_CREDENTIALS or `--basic-auth`, or a token with `--token-file`",
        ),
        ClusterError::Connection(TransportError::Certificate { .. }) => problem.hint(
            "if the peer's certificate is self-signed or from a private authority, name its PEM file with `--api-ca`",
        ),
        ClusterError::Connection(_) | ClusterError::Unreachable { .. } => {
            problem.hint("name a peer of the cluster with `--host`")
        }
        _ => problem,
    }
}

/// The values of an option that may be repeated.
pub(super) fn values(matches: Option<&ArgMatches>, id: &str) -> Vec<String> {
    let found = matches.and_then(|matches| matches.try_get_many::<String>(id).ok().flatten());
    found.into_iter().flatten().cloned().collect()
}

/// The option for the answering peer alone.
pub(super) fn local() -> Arg {
    Arg::new("local")
        .long("local")
        .action(ArgAction::SetTrue)
        .help("Only on the answering peer")
}

/// Whether a switch is on.
pub(super) fn is_set(invocation: &Invocation, id: &str) -> bool {
    invocation.own::<bool>(id).unwrap_or(false)
}

/// A duration of the command line, in Go's notation.
pub(super) fn duration(invocation: &Invocation, id: &str) -> Result<Option<Duration>, Problem> {
    let Some(text) = invocation.own::<String>(id) else {
        return Ok(None);
    };
    let parsed = text.parse::<cairn_node::config::GoDuration>();
    let limit = parsed.map_err(|error| {
        Problem::usage(format!("--{id}: {error}")).hint("examples: `30s`, `1h30m`")
    })?;
    Ok(Some(limit.to_std()))
}
