//! `init`: a new repository.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::Path;

use cairn_node::config::Config;
use cairn_node::keystore::NewKey;
use cairn_node::{InitOptions, Repo};
use cairn_primitives::PeerId;
use cairn_primitives::keys::DEFAULT_RSA_BITS;
use clap::{Arg, ArgAction, Command, value_parser};

use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;
use crate::session::node_problem;

/// Maximum size of a configuration, in bytes.
const CONFIG_LIMIT: u64 = 1024 * 1024;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("init")
        .about("Create a repository")
        .arg(
            Arg::new("config")
                .value_name("default-config")
                .help("Initial configuration file; `-` for standard input")
                .value_parser(value_parser!(OsString)),
        )
        .arg(
            Arg::new("profile")
                .long("profile")
                .short('p')
                .value_name("PROFILES")
                .help("Configuration profiles to apply, separated by commas"),
        )
        .arg(
            Arg::new("empty-repo")
                .long("empty-repo")
                .short('e')
                .value_name("BOOL")
                .help("Do not add the welcome text [default: true]")
                .action(ArgAction::Set)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(value_parser!(bool))
                .hide_possible_values(true),
        )
        .arg(
            Arg::new("algorithm")
                .long("algorithm")
                .short('a')
                .value_name("ALGORITHM")
                .help("Key type, `ed25519` or `rsa` [default: ed25519]"),
        )
        .arg(
            Arg::new("bits")
                .long("bits")
                .short('b')
                .value_name("BITS")
                .help("Size of an RSA key, in bits [default: 2048]")
                .value_parser(value_parser!(usize)),
        )
}

/// Runs it.
pub(crate) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let key = new_key(
        invocation.own::<String>("algorithm").as_deref(),
        invocation.own::<usize>("bits"),
    )?;
    let config = invocation
        .own::<OsString>("config")
        .map(|path| read_config(&path))
        .transpose()?;
    let empty_repo = invocation.own::<bool>("empty-repo").unwrap_or(true);
    make(
        globals,
        InitOptions {
            profile: invocation.own("profile"),
            empty_repo,
            config,
            key,
        },
    )
    .await
}

/// The type of key that options ask for.
pub(crate) fn new_key(algorithm: Option<&str>, bits: Option<usize>) -> Result<NewKey, Problem> {
    match algorithm {
        None | Some("ed25519") => Ok(NewKey::Ed25519),
        Some("rsa") => Ok(NewKey::Rsa(bits.unwrap_or(DEFAULT_RSA_BITS))),
        Some(other) => Err(Problem::usage(format!(
            "unrecognized key type: {other}; expected `ed25519` or `rsa`"
        ))),
    }
}

/// Kubo's message about a generated key.
pub(crate) fn made_key(key: NewKey, id: &PeerId) -> String {
    let made = match key {
        NewKey::Ed25519 => "ED25519 keypair".to_owned(),
        NewKey::Rsa(bits) => format!("{bits}-bit RSA keypair"),
    };
    format!("generating {made}...done\npeer identity: {id}\n")
}

/// Creates the repository and prints Kubo's messages, which scripts read.
pub(crate) async fn make(globals: &Globals, options: InitOptions) -> Result<(), Problem> {
    let repository = globals.repository()?;
    let path = std::path::absolute(repository).unwrap_or_else(|_| repository.to_owned());
    let made = Repo::init(&path, &options)
        .await
        .map_err(|error| node_problem(&error))?;
    let mut output = Output::stdout()?;
    let given = options
        .config
        .is_some_and(|config| !config.identity.priv_key.is_empty());
    if !given {
        output.text(&made_key(options.key, &made.peer_id))?;
    }
    output.text(&format!("initializing IPFS node at {}\n", path.display()))?;
    if let Some(welcome) = made.welcome {
        output.text(&format!(
            "to get started, enter:\n\n\tipfs cat /ipfs/{welcome}/readme\n\n"
        ))?;
    }
    output.flush()
}

/// Reads an initial configuration.
pub(crate) fn read_config(path: &std::ffi::OsStr) -> Result<Config, Problem> {
    let failed = |error: &dyn std::error::Error| {
        Problem::failed(format!("cannot read the configuration {}", path.display())).because(error)
    };
    let mut text = String::new();
    let read = if path == "-" {
        std::io::stdin()
            .take(CONFIG_LIMIT)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(Path::new(path))
            .and_then(|file| file.take(CONFIG_LIMIT).read_to_string(&mut text))
    };
    read.map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}
