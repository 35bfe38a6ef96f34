//! `daemon`: runs the node with its faces until it is stopped.

mod faces;
mod services;
mod stop;

use std::ffi::OsString;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use cairn_node::online::OnlineOptions;
use cairn_node::{InitOptions, Node, NodeOptions, repo};
use clap::{Arg, ArgAction, Command, value_parser};
use tokio_util::sync::CancellationToken;

use self::faces::Faces;
use self::services::RunningServices;
use super::init;
use crate::allocator;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::session::node_problem;

/// Maximum time from the stop request to the end of the process.
const STOP_LIMIT: Duration = Duration::from_millis(4800);

/// Its grammar: Kubo's options that have a meaning here.
pub(crate) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .help(help)
            .value_name("BOOL")
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(value_parser!(bool))
            .hide_possible_values(true)
    };
    let value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).help(help).value_name(value)
    };
    Command::new("daemon")
        .about("Run the node with its RPC and gateway")
        .long_about("Run the node with its RPC and gateway until SIGTERM, Ctrl-C or `shutdown`.\n\nCreates the repository if there is none. The addresses are configured under `Addresses`; once they are open, `Daemon is ready` is printed. With `--offline`, it does not connect to peers.")
        .arg(flag("init", "No effect: the repository is created anyway"))
        .arg(value("init-config", "FILE", "Initial configuration file of a new repository").value_parser(value_parser!(OsString)))
        .arg(value("init-profile", "PROFILES", "Configuration profiles of a new repository, separated by commas"))
        .arg(flag("enable-gc", "Run garbage collection when the store exceeds `Datastore.StorageGCWatermark`"))
        .arg(flag("insecure-open", "Allow listening on public addresses without credentials"))
        .arg(flag("enable-pubsub-experiment", "Enable pubsub, as `Pubsub.Enabled`"))
        .arg(flag("enable-namesys-pubsub", "Enable IPNS over pubsub, as `Ipns.UsePubsub`"))
        .arg(flag("manage-fdlimit", "Raise the limit of open files to the maximum [default: true]"))
        .arg(flag("migrate", "Without effect: this repository needs none").hide(true))
        .arg(value("routing", "KIND", "As `Routing.Type`").hide(true))
        .arg(value("agent-version-suffix", "TEXT", "As `Version.AgentSuffix`").hide(true))
        .arg(flag("mount", "Mount file systems").hide(true))
        .arg(flag("unrestricted-api", "Without effect").hide(true))
        .arg(flag("enable-mplex-experiment", "Without effect").hide(true))
        .arg(flag("disable-transport-encryption", "Without effect").hide(true))
}

/// Runs it.
pub(crate) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let flag = |name: &str| invocation.own::<bool>(name);
    if flag("mount") == Some(true) {
        return Err(Problem::usage("mounting file systems is not supported").hint("omit `--mount`"));
    }
    print_line("Initializing daemon...");
    print_line(concat!("Cairn version: ", env!("CARGO_PKG_VERSION")));
    if flag("manage-fdlimit") != Some(false) {
        raise_file_limit();
    }
    if !repo::is_initialized(globals.repository()?) {
        let config = invocation
            .own::<OsString>("init-config")
            .map(|path| init::read_config(&path))
            .transpose()?;
        init::make(
            globals,
            InitOptions {
                profile: invocation.own("init-profile"),
                config,
                ..InitOptions::default()
            },
        )
        .await?;
    }
    let options = NodeOptions {
        gc: flag("enable-gc").unwrap_or(false),
        ..NodeOptions::default()
    };
    let node = Node::open(globals.repository()?, options)
        .await
        .map_err(|error| node_problem(&error))?;
    let node = Arc::new(node);
    if let Some(table) = std::env::var_os("IPFS_NS_MAP") {
        let table = table.to_string_lossy();
        let mapped = node.name_system().map_domains(&table);
        mapped.map_err(|error| {
            Problem::from_error(&error)
                .hint("correct or unset the environment variable IPFS_NS_MAP")
        })?;
    }
    for key in node.config_file().unknown_keys() {
        tracing::warn!(key, "the configuration has an unknown key");
    }
    let idle = node.config().idle_keys();
    if !idle.is_empty() {
        tracing::warn!(keys = idle.join(", "), "settings that have no effect yet");
    }
    let served = async {
        if globals.offline {
            print_line("Swarm not listening, running in offline mode.");
        } else {
            let options = OnlineOptions {
                force_private: globals.force_private,
                routing: invocation.own("routing"),
                pubsub: flag("enable-pubsub-experiment"),
                name_topics: flag("enable-namesys-pubsub"),
                agent_suffix: invocation.own("agent-version-suffix"),
            };
            connect(&node, &options).await?;
        }
        let mut services = Box::pin(RunningServices::open(&node)).await?;
        let insecure_open = flag("insecure-open") == Some(true);
        let served = Box::pin(serve(&node, &mut services, insecure_open)).await;
        services.stop().await;
        served
    };
    let served = Box::pin(served).await;
    let closed = node.shutdown().await.map_err(|error| node_problem(&error));
    served.and(closed)
}

/// Connects the node to its peers.
async fn connect(node: &Node, options: &OnlineOptions) -> Result<(), Problem> {
    let online = Box::pin(node.go_online(options)).await.map_err(|error| {
        let problem = Problem::from_error(&error);
        match error.hint() {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    })?;
    if let Some(fingerprint) = online.key_fingerprint() {
        print_line("Swarm is limited to private network of peers with the swarm key");
        print_line(&format!("Swarm key fingerprint: {fingerprint}"));
    }
    for socket in online.listening() {
        print_line(&format!("Swarm listening on {socket}"));
    }
    print_line("Run 'cairn id' to inspect announced and discovered multiaddrs of this node.");
    Ok(())
}

/// Opens the faces and serves them until the daemon is stopped.
async fn serve(
    node: &Arc<Node>,
    services: &mut RunningServices,
    insecure_open: bool,
) -> Result<(), Problem> {
    let stop = CancellationToken::new();
    // Before the daemon is announced: from then on it must stop cleanly.
    let mut signals = stop::Signals::new()
        .map_err(|error| Problem::failed("cannot listen for signals").because(&error))?;
    let faces = Box::pin(Faces::open(node, services.services(), insecure_open, &stop)).await?;
    services.run();
    for line in faces.lines() {
        print_line(line);
    }
    let mut served = faces.serve(&stop);
    let thrift = tokio::spawn(allocator::trim_when_idle());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), repository = %node.repo().path().display(), "the daemon is ready");
    print_line("Daemon is ready");

    tokio::select! {
        biased;
        () = stop.cancelled() => print_line("Received shutdown request, shutting down..."),
        () = signals.next() => print_line("\nReceived interrupt signal, shutting down..."),
        _ = served.join_next() => tracing::error!("a face has ended unexpectedly"),
    }
    stop.cancel();
    services.begin_stop();
    stop::limit(STOP_LIMIT, signals);
    while served.join_next().await.is_some() {}
    thrift.abort();
    Ok(())
}

/// Prints a line, if standard output is still open.
fn print_line(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Raises the limit of open files to the maximum.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    if let Err(error) = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    ) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}
