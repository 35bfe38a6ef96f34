//! `cluster pin add`, `rm` and `update`.

use std::time::Duration;

use cairn_client::cluster::{ClusterError, Namespace, Peers, Pin, PinOptions, Target, Wait};
use cairn_client::{Cid, Cluster};
use clap::{Arg, ArgAction, Command};

use super::connect::{self, connect, duration, is_set, problem, values};
use super::print;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;

/// How long `--wait` waits without `--wait-timeout`: as good as forever.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// What is pinned.
enum Content {
    Cid(Cid),
    Path(Namespace, String),
}

impl Content {
    /// Reads a CID or a path such as `/ipfs/CID/a`.
    fn parse(text: &str) -> Result<Self, Problem> {
        if let Ok(cid) = text.parse() {
            return Ok(Self::Cid(cid));
        }
        let path = text.strip_prefix('/').unwrap_or(text);
        let (namespace, rest) = path.split_once('/').unwrap_or((path, ""));
        let namespace = match namespace {
            "ipfs" => Namespace::Ipfs,
            "ipns" => Namespace::Ipns,
            "ipld" => Namespace::Ipld,
            _ => {
                return Err(Problem::usage(format!(
                    "{text:?} is neither a CID nor a path"
                )));
            }
        };
        // The server would redirect a path with a slash at its end.
        let rest = rest.trim_end_matches('/');
        if rest.is_empty() {
            return Err(Problem::usage(format!("{text:?} is an incomplete path")));
        }
        Ok(Self::Path(namespace, rest.to_owned()))
    }

    async fn pin(&self, cluster: &Cluster, options: &PinOptions) -> Result<Pin, ClusterError> {
        match self {
            Self::Cid(cid) => cluster.pin(cid, options).await,
            Self::Path(namespace, path) => cluster.pin_path(*namespace, path, options).await,
        }
    }
}

/// The options of a pin that uploads have as well.
pub(super) fn with_pin_options(command: Command) -> Command {
    let value = |id, name: &'static str, help| {
        Arg::new(id)
            .long(id)
            .value_name(name)
            .num_args(1)
            .allow_hyphen_values(true)
            .help(help)
    };
    let number = |id, help| value(id, "NUMBER", help).value_parser(clap::value_parser!(i64));
    command
        .arg(value("name", "NAME", "Name of the pin").short('n'))
        .arg(
            number(
                "replication",
                "Number of peers that pin the content: -1 for all, 0 for the setting of the cluster",
            )
            .conflicts_with_all(["replication-min", "replication-max"]),
        )
        .arg(number("replication-min", "Fewest peers that pin the content").visible_alias("rmin"))
        .arg(number("replication-max", "Most peers that pin the content").visible_alias("rmax"))
        .arg(
            value("allocations", "PEER-IDS", "Peers that should pin the content")
                .visible_alias("allocs")
                .action(ArgAction::Append)
                .value_delimiter(','),
        )
        .arg(value(
            "expire-in",
            "DURATION",
            "Unpin the content after this time, such as `24h`",
        ))
        .arg(
            value("metadata", "KEY=VALUE", "Metadata of the pin; may be repeated")
                .action(ArgAction::Append),
        )
        .arg(
            value(
                "origins",
                "ADDRESSES",
                "Multiaddrs of peers that have the content, with their peer IDs",
            )
            .action(ArgAction::Append)
            .value_delimiter(','),
        )
}

/// The options of a pin on the command line.
pub(super) fn pin_options(invocation: &Invocation) -> Result<PinOptions, Problem> {
    let matches = invocation.matches();
    let number = |id| invocation.own::<i64>(id);
    let mut options = PinOptions::new()
        .named(invocation.own::<String>("name").unwrap_or_default())
        .on_peers(values(matches, "allocations"))
        .from_origins(values(matches, "origins"));
    let both = number("replication").unwrap_or(0);
    options = options.replicated(
        number("replication-min").unwrap_or(both),
        number("replication-max").unwrap_or(both),
    );
    if let Some(time) = duration(invocation, "expire-in")? {
        options = options.expiring_in(time);
    }
    for pair in values(matches, "metadata") {
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| Problem::usage(format!("--metadata: {pair:?} is not KEY=VALUE")))?;
        options = options.tagged(key, value);
    }
    Ok(options)
}

/// The options for waiting.
pub(super) fn with_wait(command: Command) -> Command {
    command
        .arg(
            Arg::new("wait")
                .long("wait")
                .action(ArgAction::SetTrue)
                .help("Wait until the peers have done it"),
        )
        .arg(
            Arg::new("wait-limit")
                .long("wait-limit")
                .visible_alias("wl")
                .value_name("PEERS")
                .value_parser(clap::value_parser!(usize))
                .requires("wait")
                .help("Wait only for this number of peers"),
        )
        .arg(
            Arg::new("wait-timeout")
                .long("wait-timeout")
                .visible_alias("wt")
                .value_name("DURATION")
                .requires("wait")
                .help("Fail after this time, such as `10m` [default: never]"),
        )
}

fn with_status(command: Command) -> Command {
    let command = with_wait(command).mut_arg("wait", |wait| wait.short('w'));
    command.arg(
        Arg::new("no-status")
            .long("no-status")
            .visible_alias("ns")
            .action(ArgAction::SetTrue)
            .help("Print the pin instead of its status"),
    )
}

fn content_argument(id: &'static str, name: &'static str) -> Arg {
    Arg::new(id)
        .value_name(name)
        .required(true)
        .help("CID, or path such as /ipfs/CID/a/b")
}

/// The grammar of `cluster pin add`.
pub(super) fn add_command() -> Command {
    let command = connect::command("add", "Pin content, or change the options of its pin")
        .arg(content_argument("content", "CID-OR-PATH"))
        .arg(
            Arg::new("mode")
                .long("mode")
                .value_name("MODE")
                .value_parser(["recursive", "direct"])
                .help("Pin the whole DAG or only its root [default: recursive]"),
        );
    let command = with_pin_options(command).mut_arg("replication", |number| number.short('r'));
    with_status(command)
}

/// Runs `cluster pin add`.
pub(super) async fn add(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let content = content(invocation, "content")?;
    let mut options = pin_options(invocation)?;
    if invocation.own::<String>("mode").as_deref() == Some("direct") {
        options = options.direct();
    }
    let cluster = connect(invocation, globals)?;
    let pin = content.pin(&cluster, &options).await;
    let pin = pin.map_err(|error| problem(&error))?;
    finish(&cluster, &pin, Target::Pinned, invocation, globals).await
}

/// The grammar of `cluster pin update`.
pub(super) fn update_command() -> Command {
    let command = connect::command("update", "Pin content with the options and peers of another pin")
        .long_about("Pin content with the options and peers of another pin.\n\nThe other pin stays; remove it with `cluster pin rm`.")
        .arg(Arg::new("from").value_name("CID").required(true).help("CID of the other pin"))
        .arg(content_argument("content", "CID-OR-PATH"))
        .arg(Arg::new("name").long("name").short('n').value_name("NAME").help("Name of the pin [default: that of the other]"))
        .arg(Arg::new("expire-in").long("expire-in").value_name("DURATION").help("Unpin the content after this time, such as `24h`"));
    with_status(command)
}

/// Runs `cluster pin update`.
pub(super) async fn update(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let content = content(invocation, "content")?;
    let from = invocation.own::<String>("from").unwrap_or_default();
    let from: Cid = from
        .parse()
        .map_err(|error| Problem::usage(format!("{from:?}: {error}")))?;
    let mut options = PinOptions::new()
        .named(invocation.own::<String>("name").unwrap_or_default())
        .updating(from);
    if let Some(time) = duration(invocation, "expire-in")? {
        options = options.expiring_in(time);
    }
    let cluster = connect(invocation, globals)?;
    let pin = content.pin(&cluster, &options).await;
    let pin = pin.map_err(|error| problem(&error))?;
    finish(&cluster, &pin, Target::Pinned, invocation, globals).await
}

/// The grammar of `cluster pin rm`.
pub(super) fn rm_command() -> Command {
    let command =
        connect::command("rm", "Unpin content").arg(content_argument("content", "CID-OR-PATH"));
    with_status(command)
}

/// Runs `cluster pin rm`.
pub(super) async fn rm(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let content = content(invocation, "content")?;
    let cluster = connect(invocation, globals)?;
    let removed = match &content {
        Content::Cid(cid) => cluster.unpin(cid).await,
        Content::Path(namespace, path) => cluster.unpin_path(*namespace, path).await,
    };
    let pin = removed.map_err(|error| problem(&error))?;
    finish(&cluster, &pin, Target::Unpinned, invocation, globals).await
}

fn content(invocation: &Invocation, id: &str) -> Result<Content, Problem> {
    Content::parse(&invocation.own::<String>(id).unwrap_or_default())
}

/// Waits if that is asked for. Returns the last status, if there is one.
pub(super) async fn wait(
    cluster: &Cluster,
    cid: &Cid,
    target: Target,
    invocation: &Invocation,
) -> Result<Option<cairn_client::cluster::GlobalPinInfo>, Problem> {
    if !is_set(invocation, "wait") {
        return Ok(None);
    }
    let limit = duration(invocation, "wait-timeout")?.unwrap_or(FOREVER);
    let mut wait = Wait::new(target, limit);
    if let Some(peers) = invocation.own::<usize>("wait-limit") {
        wait = wait.on_peers(peers);
    }
    let status = cluster.wait(cid, &wait).await;
    status.map(Some).map_err(|error| problem(&error))
}

/// Prints a pin or its status, after waiting for it if that is asked for.
async fn finish(
    cluster: &Cluster,
    pin: &Pin,
    target: Target,
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let waited = wait(cluster, &pin.cid, target, invocation).await?;
    if is_set(invocation, "no-status") {
        return print::one(pin, globals, |pin| {
            print::rows(print::PIN, vec![print::pin(pin)])
        });
    }
    let status = match waited {
        Some(status) => status,
        None => {
            let status = cluster.status(&pin.cid, Peers::All).await;
            status.map_err(|error| problem(&error))?
        }
    };
    print::one(&status, globals, print::status)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CID: &str = "bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna";

    #[test]
    fn content_is_a_cid_or_a_path() {
        assert!(matches!(Content::parse(CID), Ok(Content::Cid(_))));
        for text in [format!("/ipfs/{CID}/a/"), format!("ipfs/{CID}/a")] {
            match Content::parse(&text) {
                Ok(Content::Path(Namespace::Ipfs, path)) => assert_eq!(path, format!("{CID}/a")),
                _ => panic!("{text}"),
            }
        }
        for wrong in ["", "/ipfs", "/ipfs/", "/home/a", "nope"] {
            assert!(Content::parse(wrong).is_err(), "{wrong}");
        }
    }
}
