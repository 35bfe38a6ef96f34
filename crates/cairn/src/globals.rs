//! The options that every command takes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_node::config::{DurationError, GoDuration};
use clap::{Arg, ArgAction};

use crate::environment::Environment;
use crate::error::Problem;
use crate::grammar::Invocation;
use crate::output::Format;

/// The options, with what the environment says where they are silent.
#[derive(Clone, Debug)]
pub(crate) struct Globals {
    /// The repository; `None` where none is named and there is no home directory.
    repository: Option<PathBuf>,
    /// The server, when one is named.
    pub(crate) api: Option<String>,
    /// The secret for the server.
    pub(crate) api_auth: Option<String>,
    /// The PEM file of those whose certificates the server may show; `None` for those that the system trusts.
    pub(crate) api_ca: Option<PathBuf>,
    /// Log everything.
    pub(crate) debug: bool,
    /// What is logged, when told.
    pub(crate) log: Option<String>,
    /// Log as JSON lines.
    pub(crate) log_json: bool,
    /// How records are printed.
    pub(crate) format: Format,
    /// Longest time for the command.
    pub(crate) timeout: Option<Duration>,
    /// What the server is told as it was given.
    pub(crate) passed_on: Vec<(&'static str, String)>,
    /// `$VISUAL` or `$EDITOR`.
    pub(crate) editor: Option<OsString>,
}

/// An option with its names. The identifier keeps it apart from a command's own options.
fn option(id: &'static str, long: &'static str, help: &'static str) -> Arg {
    Arg::new(id)
        .long(long)
        .help(help)
        .help_heading("Global options")
}

/// The definitions, in the order of the help.
pub(crate) fn definitions() -> Vec<Arg> {
    let value = |id, long, name: &'static str, help| {
        option(id, long, help)
            .value_name(name)
            .num_args(1)
            .allow_hyphen_values(true)
    };
    let flag = |id, long, help| {
        option(id, long, help)
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(clap::value_parser!(bool))
            .hide_possible_values(true)
            .value_name("BOOL")
    };
    vec![
        value(
            "global:api",
            "api",
            "ADDRESS",
            "Talk to the server at this multiaddr or URL",
        ),
        value(
            "global:api-auth",
            "api-auth",
            "SECRET",
            "Authorization for that server: `basic:USER:PASSWORD` or `bearer:TOKEN`",
        ),
        value(
            "global:api-ca",
            "api-ca",
            "FILE",
            "Trust a server by the certificates in this PEM file alone [default: $CAIRN_API_CA, or the system's]",
        )
        .value_parser(clap::value_parser!(PathBuf)),
        value(
            "global:repo-dir",
            "repo-dir",
            "PATH",
            "The repository [default: $IPFS_PATH, or ~/.cairn]",
        )
        .value_parser(clap::value_parser!(PathBuf)),
        value(
            "global:config",
            "config-file",
            "PATH",
            "The file `config` of the repository",
        )
        .alias("config")
        .short('c')
        .value_parser(clap::value_parser!(PathBuf))
        .hide(true),
        flag("global:offline", "offline", "Ask no peers"),
        flag("global:local", "local", "The older way to say --offline")
            .short('L')
            .hide(true),
        value(
            "global:timeout",
            "timeout",
            "DURATION",
            "Give up after this time, as in `30s` or `1m30s`",
        ),
        flag("global:json", "json", "Print records as JSON, one a line"),
        value(
            "global:encoding",
            "encoding",
            "ENCODING",
            "Print records as `text` or `json`",
        )
        .visible_alias("enc"),
        value(
            "global:cid-base",
            "cid-base",
            "BASE",
            "Print CIDs of version 1 in this multibase",
        ),
        flag(
            "global:upgrade",
            "upgrade-cidv0-in-output",
            "Print CIDs of version 0 as version 1",
        ),
        flag(
            "global:stream-channels",
            "stream-channels",
            "Without effect: answers always stream",
        )
        .hide(true),
        flag("global:debug", "debug", "Log everything").short('D'),
        value(
            "global:log-format",
            "log-format",
            "FORMAT",
            "Write logs as `text` or as `json`, one record a line [default: $CAIRN_LOG_FORMAT, or text]",
        ),
    ]
}

impl Globals {
    /// Reads the options of a command line.
    pub(crate) fn read(
        invocation: &Invocation,
        environment: &Environment,
    ) -> Result<Self, Problem> {
        let text = |id: &str| invocation.global::<String>(id);
        let flag = |id: &str| invocation.global::<bool>(id).unwrap_or(false);
        let config = invocation
            .global::<PathBuf>("global:config")
            .map(|path| folder_of_config(&path))
            .transpose()?;
        let named = invocation.global::<PathBuf>("global:repo-dir").or(config);
        let repository = named
            .or_else(|| environment.repository.clone())
            .or_else(|| environment.home.as_ref().map(|home| home.join(".cairn")));
        let format = match text("global:encoding").as_deref() {
            _ if flag("global:json") => Format::Json,
            None | Some("text") => Format::Text,
            Some("json") => Format::Json,
            Some(other) => {
                return Err(Problem::usage(format!("invalid encoding: {other}"))
                    .hint("records are printed as `text` or `json`"));
            }
        };
        let timeout = match text("global:timeout") {
            None => None,
            Some(given) => {
                let limit: GoDuration = given.parse().map_err(|error: DurationError| {
                    Problem::usage(format!("--timeout: {error}"))
                        .hint("a time is written as in `30s` or `1m30s`")
                })?;
                Some(limit.to_std())
            }
        };
        let log_json = match text("global:log-format").as_deref() {
            Some("json") => true,
            Some("text") => false,
            Some(other) => {
                return Err(Problem::usage(format!("invalid log format: {other}"))
                    .hint("logs are written as `text` or `json`"));
            }
            // Kubo's variable knows other formats: they are text.
            None => environment.log_format.as_deref() == Some("json"),
        };
        let offline = flag("global:offline") || flag("global:local");
        let mut passed_on = Vec::new();
        passed_on.extend(text("global:timeout").map(|given| ("timeout", given)));
        passed_on.extend(text("global:cid-base").map(|base| ("cid-base", base)));
        passed_on.extend(
            invocation
                .global::<bool>("global:upgrade")
                .map(|given| ("upgrade-cidv0-in-output", given.to_string())),
        );
        passed_on.extend(offline.then(|| ("offline", "true".to_owned())));
        Ok(Self {
            repository,
            api: text("global:api"),
            api_auth: text("global:api-auth"),
            api_ca: invocation
                .global::<PathBuf>("global:api-ca")
                .or_else(|| environment.api_ca.clone()),
            debug: flag("global:debug"),
            log: environment.log.clone(),
            log_json,
            format,
            timeout,
            passed_on,
            editor: environment.editor.clone(),
        })
    }
}

impl Globals {
    /// Where the repository is, or would be.
    pub(crate) fn repository(&self) -> Result<&Path, Problem> {
        self.repository.as_deref().ok_or_else(|| {
            Problem::failed("there is no home directory to keep the repository in")
                .hint("name a repository with IPFS_PATH or `--repo-dir`")
        })
    }
}

/// The repository whose configuration is named: the two are not kept apart.
fn folder_of_config(path: &Path) -> Result<PathBuf, Problem> {
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let folder = path
        .parent()
        .filter(|_| path.file_name().is_some_and(|name| name == "config"));
    let refused = || {
        Problem::usage("a configuration apart from its repository is not supported")
            .hint("name the repository with `--repo-dir`")
    };
    folder
        .map(|folder| {
            if folder.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                folder.to_owned()
            }
        })
        .ok_or_else(refused)
}
