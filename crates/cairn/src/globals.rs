//! The global options.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_node::config::{DurationError, GoDuration};
use clap::{Arg, ArgAction};

use crate::environment::Environment;
use crate::error::Problem;
use crate::grammar::Invocation;
use crate::output::Format;

/// The global options, with defaults from the environment.
#[derive(Clone, Debug)]
pub(crate) struct Globals {
    /// The repository; `None` if none is named and there is no home directory.
    repository: Option<PathBuf>,
    /// The server, if one is named.
    pub(crate) api: Option<String>,
    /// The credential for the server.
    pub(crate) api_auth: Option<String>,
    /// PEM file of trusted certificates; `None` for those of the system.
    pub(crate) api_ca: Option<PathBuf>,
    /// Log everything.
    pub(crate) debug: bool,
    /// The log filter, if set.
    pub(crate) log: Option<String>,
    /// Log as JSON lines.
    pub(crate) log_json: bool,
    /// The output format of records.
    pub(crate) format: Format,
    /// Whether colors may be used on a terminal.
    pub(crate) colour: bool,
    /// The repository named on the command line, for hints that repeat the command.
    pub(crate) named_repository: Option<PathBuf>,
    /// Timeout of the command.
    pub(crate) timeout: Option<Duration>,
    /// Options passed on to the server.
    pub(crate) passed_on: Vec<(&'static str, String)>,
    /// Whether no peer is contacted.
    pub(crate) offline: bool,
    /// `$LIBP2P_FORCE_PNET`.
    pub(crate) force_private: bool,
    /// `$CAIRN_SERVICE_TOKEN`.
    pub(crate) service_token: Option<String>,
    /// The cluster of the environment.
    pub(crate) cluster: ClusterDefaults,
    /// `$VISUAL` or `$EDITOR`.
    pub(crate) editor: Option<OsString>,
}

/// What the environment says about the cluster.
#[derive(Clone, Default)]
pub(crate) struct ClusterDefaults {
    /// `$CAIRN_CLUSTER_HOST`: addresses of peers, separated by commas.
    pub(crate) hosts: Option<String>,
    /// `$CLUSTER_CREDENTIALS`: `NAME:PASSWORD`.
    pub(crate) credentials: Option<String>,
}

impl std::fmt::Debug for ClusterDefaults {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The credentials are a secret.
        out.debug_struct("ClusterDefaults")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// An option with its names. The identifier distinguishes it from a command's own options.
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
            "Use the RPC at this multiaddr or URL",
        ),
        value(
            "global:api-auth",
            "api-auth",
            "SECRET",
            "Credentials for the RPC: `bearer:TOKEN` or `basic:USER:PASSWORD`; other users see it in the process list [default: $CAIRN_API_AUTH]",
        ),
        value(
            "global:api-auth-file",
            "api-auth-file",
            "FILE",
            "Read the credentials for the RPC from this file [default: $CAIRN_API_AUTH_FILE]",
        )
        .value_parser(clap::value_parser!(PathBuf)),
        value(
            "global:api-ca",
            "api-ca",
            "FILE",
            "Trust only the certificates in this PEM file [default: $CAIRN_API_CA, or the system's]",
        )
        .value_parser(clap::value_parser!(PathBuf)),
        value(
            "global:repo-dir",
            "repo-dir",
            "PATH",
            "Path of the repository [default: $IPFS_PATH, or ~/.cairn]",
        )
        .value_parser(clap::value_parser!(PathBuf)),
        value(
            "global:config",
            "config-file",
            "PATH",
            "Path of the configuration file",
        )
        .alias("config")
        .short('c')
        .value_parser(clap::value_parser!(PathBuf))
        .hide(true),
        flag("global:offline", "offline", "Run without contacting peers"),
        flag("global:local", "local", "Deprecated: use --offline")
            .short('L')
            .hide(true),
        value(
            "global:timeout",
            "timeout",
            "DURATION",
            "Timeout of the command, as in `30s` or `1m30s`",
        ),
        flag("global:json", "json", "Print JSON, one object per line, and errors as JSON"),
        value(
            "global:encoding",
            "encoding",
            "ENCODING",
            "Output encoding: `text` or `json` as the RPC sends it",
        )
        .visible_alias("enc"),
        value(
            "global:cid-base",
            "cid-base",
            "BASE",
            "Multibase encoding of CIDv1 in the output",
        ),
        flag(
            "global:upgrade",
            "upgrade-cidv0-in-output",
            "Convert CIDv0 to CIDv1 in the output",
        ),
        flag(
            "global:stream-channels",
            "stream-channels",
            "No effect: output always streams",
        )
        .hide(true),
        flag("global:debug", "debug", "Enable debug logging").short('D'),
        value(
            "global:log-format",
            "log-format",
            "FORMAT",
            "Log format: `text` or `json` [default: $CAIRN_LOG_FORMAT, or text]",
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
            .clone()
            .or_else(|| environment.repository.clone())
            .or_else(|| environment.home.as_ref().map(|home| home.join(".cairn")));
        let format = match text("global:encoding").as_deref() {
            _ if flag("global:json") => Format::JsonLines,
            None | Some("text") => Format::Text,
            Some("json") => Format::Json,
            Some(other) => {
                return Err(Problem::usage(format!("invalid encoding: {other}"))
                    .hint("the encodings are `text` and `json`"));
            }
        };
        let timeout = match text("global:timeout") {
            None => None,
            Some(given) => {
                let limit: GoDuration = given.parse().map_err(|error: DurationError| {
                    Problem::usage(format!("--timeout: {error}")).hint("examples: `30s`, `1m30s`")
                })?;
                Some(limit.to_std())
            }
        };
        let log_json = match text("global:log-format").as_deref() {
            Some("json") => true,
            Some("text") => false,
            Some(other) => {
                return Err(Problem::usage(format!("invalid log format: {other}"))
                    .hint("the log formats are `text` and `json`"));
            }
            // Kubo's other formats are treated as text.
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
            api_auth: secret(
                text("global:api-auth"),
                invocation.global::<PathBuf>("global:api-auth-file"),
                environment,
            )?,
            api_ca: invocation
                .global::<PathBuf>("global:api-ca")
                .or_else(|| environment.api_ca.clone()),
            debug: flag("global:debug"),
            log: environment.log.clone(),
            log_json,
            format,
            colour: !environment.no_color,
            named_repository: named,
            timeout,
            passed_on,
            offline,
            force_private: environment.force_private,
            service_token: environment.service_token.clone(),
            cluster: ClusterDefaults {
                hosts: environment.cluster_hosts.clone(),
                credentials: environment.cluster_credentials.clone(),
            },
            editor: environment.editor.clone(),
        })
    }
}

impl Globals {
    /// The path of the repository.
    pub(crate) fn repository(&self) -> Result<&Path, Problem> {
        self.repository.as_deref().ok_or_else(|| {
            Problem::failed("there is no home directory for the repository")
                .hint("name a repository with IPFS_PATH or `--repo-dir`")
        })
    }
}

/// The credential for the server: options have precedence over the environment, a credential over a file.
fn secret(
    given: Option<String>,
    file: Option<PathBuf>,
    environment: &Environment,
) -> Result<Option<String>, Problem> {
    if given.is_some() {
        return Ok(given);
    }
    let path = match (file, &environment.api_auth) {
        (Some(path), _) => path,
        (None, Some(secret)) => return Ok(Some(secret.clone())),
        (None, None) => match &environment.api_auth_file {
            Some(path) => path.clone(),
            None => return Ok(None),
        },
    };
    read_secret(&path).map(Some)
}

/// Reads a secret from a file, without a trailing line end.
pub(crate) fn read_secret(path: &Path) -> Result<String, Problem> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(SECRET_LIMIT).read_to_string(&mut text))
        .map_err(|error| {
            Problem::failed(format!("cannot read the secret in {}", path.display())).because(&error)
        })?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(Problem::failed(format!(
            "{} contains no secret",
            path.display()
        )));
    }
    Ok(secret.to_owned())
}

/// Maximum size of a secret file, in bytes.
const SECRET_LIMIT: u64 = 64 * 1024;

/// The repository of the named configuration file: they cannot be in different places.
fn folder_of_config(path: &Path) -> Result<PathBuf, Problem> {
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let folder = path
        .parent()
        .filter(|_| path.file_name().is_some_and(|name| name == "config"));
    let refused = || {
        Problem::usage("a configuration file outside of its repository is not supported")
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
