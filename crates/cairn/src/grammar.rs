//! The command line's grammar, made from the declarations of the endpoints.
//!
//! A command of the Kubo RPC is named by its path and takes the arguments of its declaration. No command is named
//! here: every declared endpoint is a command. Commands without an endpoint are in [`crate::commands::OWN`].

mod group;

use std::ffi::OsString;

use cairn_wire::Values;
use cairn_wire::kubo::{self, Spec};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command};

use self::group::{Group, option_id};
use crate::commands;
use crate::error::Problem;
use crate::globals;

/// The identifier of the file arguments.
const FILES: &str = "files";

/// A parsed command line.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The name of the program.
    pub(crate) program: &'static str,
    /// The name of the command, in words.
    pub(crate) path: Vec<String>,
    /// The matches of each level, the program's own first.
    levels: Vec<ArgMatches>,
}

impl Invocation {
    /// Whether it is this command.
    pub(crate) fn is(&self, path: &[&str]) -> bool {
        self.path == path
    }

    /// The endpoint of the command, if it has one.
    pub(crate) fn endpoint(&self) -> Option<&'static Spec> {
        let path = self.path.join("/");
        kubo::SPECS
            .iter()
            .find(|spec| spec.path == path || spec.aliases.contains(&path.as_str()))
    }

    /// The command's own matches.
    pub(crate) fn matches(&self) -> Option<&ArgMatches> {
        self.levels.last()
    }

    /// An option of one of our own commands.
    pub(crate) fn own<T: Clone + Send + Sync + 'static>(&self, id: &str) -> Option<T> {
        self.matches()?.try_get_one::<T>(id).ok().flatten().cloned()
    }

    /// A global option at any position; the last one counts.
    pub(crate) fn global<T: Clone + Send + Sync + 'static>(&self, id: &str) -> Option<T> {
        self.levels
            .iter()
            .rev()
            .find_map(|level| level.try_get_one::<T>(id).ok().flatten().cloned())
    }

    /// The given arguments and options, as in a request.
    pub(crate) fn values(&self, spec: &Spec) -> Values {
        let mut values = Values::default();
        let Some(matches) = self.matches() else {
            return values;
        };
        for argument in spec.arguments {
            for value in matches
                .get_many::<OsString>(argument.name)
                .into_iter()
                .flatten()
            {
                values.argument(value.as_encoded_bytes());
            }
        }
        for option in spec.options {
            for value in matches
                .get_many::<String>(&option_id(option))
                .into_iter()
                .flatten()
            {
                values.option(option.name(), value.clone());
            }
        }
        values
    }

    /// The paths of the files to send.
    pub(crate) fn files(&self) -> Vec<OsString> {
        self.matches()
            .and_then(|matches| matches.try_get_many::<OsString>(FILES).ok().flatten())
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

/// Parses a command line.
pub(crate) fn parse(
    program: &'static str,
    arguments: Vec<OsString>,
) -> Result<Invocation, Problem> {
    let command = command(program);
    let parsed = command.clone().try_get_matches_from(&arguments);
    let mut matches = match parsed {
        // A missing last argument may come from standard input; it is checked when that is read.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            relaxed(command).try_get_matches_from(arguments)?
        }
        Err(error) => return Err(absent(&error).unwrap_or_else(|| error.into())),
        Ok(matches) => matches,
    };
    let mut path = Vec::new();
    let mut levels = Vec::new();
    while let Some((name, next)) = matches.remove_subcommand() {
        path.push(name);
        levels.push(std::mem::replace(&mut matches, next));
    }
    levels.push(matches);
    Ok(Invocation {
        program,
        path,
        levels,
    })
}

/// The help of a command: short as `-h` prints it, or long as `--help` does.
pub(crate) fn help(program: &'static str, path: &[String], long: bool) -> String {
    let mut command = command(program);
    command.build();
    for name in path {
        if let Some(found) = command.find_subcommand(name).cloned() {
            command = found;
        }
    }
    let help = if long {
        command.render_long_help()
    } else {
        command.render_help()
    };
    help.to_string()
}

/// The same grammar with no positional argument required.
fn relaxed(command: Command) -> Command {
    command
        .mut_args(|argument| {
            if argument.is_positional() {
                argument.required(false)
            } else {
                argument
            }
        })
        .mut_subcommands(relaxed)
}

/// Commands of Kubo that this version does not have, by the feature they need.
const ABSENT: &[(&str, &[&str])] = &[
    ("the old tar and urlstore commands", &["tar", "urlstore"]),
    ("self-updates", &["update"]),
];

/// The error for a missing command of Kubo: suggesting a similar name would mislead.
fn absent(error: &clap::Error) -> Option<Problem> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let (what, _) = ABSENT
        .iter()
        .find(|(_, words)| words.contains(&word.as_str()))?;
    Some(
        Problem::usage(format!(
            "there is no command `{word}`: this version does not have {what} yet"
        ))
        .hint("`{program} --help` lists the commands"),
    )
}

/// The whole grammar.
pub(crate) fn command(program: &'static str) -> Command {
    let mut root = Group::default();
    for spec in kubo::SPECS {
        for path in std::iter::once(&spec.path).chain(spec.aliases) {
            root.at(path).spec = Some(spec);
        }
    }
    for own in commands::own_commands() {
        root.at(own.path).own = Some((own.command)());
    }
    let command = Command::new(program)
        .version(env!("CARGO_PKG_VERSION"))
        .about("Store content on IPFS")
        .long_about("Store content on IPFS.\n\nCommands use the running daemon, or else open the repository themselves.")
        .after_help(format!("`{program} --help` also lists the global options; `{program} COMMAND --help` explains a command."))
        .after_long_help(format!("Examples:\n  {program} daemon\n  {program} add -r photos\n  {program} cat CID/1.jpg > 1.jpg\n  {program} pin ls\n\n`{program} COMMAND --help` explains a command."))
        .subcommand_value_name("COMMAND")
        .subcommand_help_heading("Commands")
        .args(globals::definitions().into_iter().map(|global| global.hide_short_help(true)));
    root.children
        .into_iter()
        .fold(command, |command, (name, group)| {
            command.subcommand(group.command(program, name, name))
        })
}

/// Documentation for clap: links without brackets.
pub(crate) fn text(docs: &[&str]) -> String {
    let lines: Vec<&str> = docs
        .iter()
        .map(|line| {
            let line = line.trim();
            let link = line
                .strip_prefix('<')
                .and_then(|line| line.strip_suffix('>'));
            link.unwrap_or(line)
        })
        .collect();
    let joined = lines.join("\n");
    let one_line = !joined.contains('\n');
    if one_line {
        joined.trim_end_matches('.').to_owned()
    } else {
        joined
    }
}
