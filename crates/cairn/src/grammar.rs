//! The command line's grammar, made from the declarations of the endpoints.
//!
//! A command of the Kubo RPC has the words of its path, and takes what its declaration says. Nothing here names one: an
//! endpoint that is declared is a command. What only the program can do is added by [`crate::commands::OWN`].

use std::collections::BTreeMap;
use std::ffi::OsString;

use cairn_wire::Values;
use cairn_wire::kubo::{self, OptionSpec, Spec};
use cairn_wire::shape::BodyKind;
use cairn_wire::values::Kind;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use crate::commands;
use crate::error::Problem;
use crate::globals;

/// Where the paths of files are found among the matches.
const FILES: &str = "files";

/// A command line that was understood.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// What the program is called.
    pub(crate) program: &'static str,
    /// The words of the command.
    pub(crate) path: Vec<String>,
    /// The matches of each level, the program's own first.
    levels: Vec<ArgMatches>,
}

impl Invocation {
    /// Whether it is this command.
    pub(crate) fn is(&self, path: &[&str]) -> bool {
        self.path == path
    }

    /// The endpoint that is called, if it is one.
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

    /// A global option, wherever it stands; the last one counts.
    pub(crate) fn global<T: Clone + Send + Sync + 'static>(&self, id: &str) -> Option<T> {
        self.levels
            .iter()
            .rev()
            .find_map(|level| level.try_get_one::<T>(id).ok().flatten().cloned())
    }

    /// The arguments and options that were given, as a request writes them.
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

/// Understands a command line.
pub(crate) fn parse(
    program: &'static str,
    arguments: Vec<OsString>,
) -> Result<Invocation, Problem> {
    let command = command(program);
    let parsed = command.clone().try_get_matches_from(&arguments);
    let mut matches = match parsed {
        // What is missing at the end may come from standard input; whoever reads that tells what is missing then.
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

/// Commands of Kubo that this version does not have, by what they need.
const ABSENT: &[(&str, &[&str])] = &[
    ("names", &["key", "name"]),
    ("the old tar and urlstore commands", &["tar", "urlstore"]),
    ("self-updates", &["update"]),
];

/// What to say of a command of Kubo's that is not there: the name nearest to it would only mislead.
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
    for own in commands::OWN.iter().chain(commands::REST) {
        root.at(own.path).own = Some((own.command)());
    }
    let command = Command::new(program)
        .version(env!("CARGO_PKG_VERSION"))
        .about("Store content on IPFS")
        .long_about(format!("Store content on IPFS.\n\nCommands use the running daemon, or else open the repository themselves.\n{LIMITS}"))
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

/// What this version does not do, for the help and the start of the daemon.
pub(crate) const LIMITS: &str =
    "This version works offline: it does not connect to peers, and has no IPNS names yet.";

/// A word of the grammar: a command, a group of commands, or both.
#[derive(Default)]
struct Group {
    spec: Option<&'static Spec>,
    own: Option<Command>,
    children: BTreeMap<&'static str, Group>,
}

impl Group {
    fn at(&mut self, path: &'static str) -> &mut Self {
        path.split('/')
            .fold(self, |group, word| group.children.entry(word).or_default())
    }

    /// Whether help leaves it out: a group does when all below it are.
    fn is_hidden(&self) -> bool {
        match (&self.own, self.spec) {
            (Some(own), _) => own.is_hide_set(),
            (None, Some(spec)) => spec.hidden,
            (None, None) => self.children.values().all(Self::is_hidden),
        }
    }

    fn command(self, program: &'static str, name: &'static str, path: &str) -> Command {
        let mut command = match (self.own, self.spec) {
            (Some(own), None) => own,
            // Our own form of an endpoint's command takes what the endpoint takes.
            (Some(own), Some(spec)) => takes(own, spec),
            (None, Some(spec)) => takes(described(Command::new(name), program, spec), spec),
            (None, None) => Command::new(name)
                .about(group_summary(path))
                .hide(self.children.values().all(Self::is_hidden)),
        };
        command = with_globals(command);
        let pointer = format!("`{program} --help` lists the global options.");
        let examples = self.spec.map(|spec| spec.examples).unwrap_or_default();
        if command.get_after_help().is_none() {
            command = command.after_help(pointer.clone());
        }
        if !examples.is_empty() {
            let mut text = "Examples:\n".to_owned();
            for example in examples {
                text.push_str("  ");
                text.push_str(&example.replace("{program}", program));
                text.push('\n');
            }
            command = command.after_long_help(format!("{text}\n{pointer}"));
        }
        if !self.children.is_empty() {
            command = command
                .subcommand_value_name("COMMAND")
                .args_conflicts_with_subcommands(false)
                .subcommand_negates_reqs(true);
        }
        self.children
            .into_iter()
            .fold(command, |command, (name, group)| {
                command.subcommand(group.command(program, name, &format!("{path}/{name}")))
            })
    }
}

/// What a group of commands is about.
fn group_summary(path: &str) -> &'static str {
    let mut groups = kubo::GROUPS.iter().chain(commands::REST_GROUPS);
    let group = groups.find(|group| group.path == path);
    group.map_or("", |group| group.summary)
}

fn described(command: Command, program: &str, spec: &Spec) -> Command {
    let docs = text(spec.docs).replace("{program}", program);
    let (summary, _) = docs.split_once("\n\n").unwrap_or((&docs, ""));
    command
        .about(summary.trim_end_matches('.').to_owned())
        .long_about(docs.clone())
        .hide(spec.hidden)
}

fn takes(mut command: Command, spec: &Spec) -> Command {
    for argument in spec.arguments {
        let required = argument.required;
        let place = Arg::new(argument.name)
            .value_name(argument.name)
            .help(text(argument.docs))
            // Paths hold names that need not be UTF-8.
            .value_parser(clap::value_parser!(OsString))
            .required(required);
        command = command.arg(match (argument.variadic, required) {
            (true, _) => place.num_args(1..),
            (false, _) => place.num_args(1),
        });
    }
    if spec.body != BodyKind::Nothing {
        let kubo::FilesSpec { name, many, .. } = spec.files;
        let paths = Arg::new(FILES)
            .value_name(name)
            .help("Files to send; standard input for `-` or if there are none")
            .value_hint(ValueHint::AnyPath)
            .value_parser(clap::value_parser!(OsString));
        command = command.arg(if many {
            paths.num_args(0..)
        } else {
            paths.num_args(0..=1)
        });
    }
    for option in spec.options {
        command = command.arg(option_argument(option));
    }
    command
}

/// The identifier of an option: apart from arguments of the same name.
fn option_id(option: &OptionSpec) -> String {
    format!("--{}", option.name())
}

fn option_argument(option: &OptionSpec) -> Arg {
    let mut help = text(option.docs);
    match (option.default)() {
        Some(default) if shows(option.kind, &default) && !help.contains("[default") => {
            help.push_str(&format!(" [default: {default}]"));
        }
        _ => {}
    }
    let mut argument = Arg::new(option_id(option))
        .help(help)
        .value_hint(hint(option));
    for name in option.names {
        let mut letters = name.chars();
        argument = match (
            letters.next(),
            letters.next(),
            argument.get_long().is_some(),
        ) {
            (Some(letter), None, _) => argument.short(letter),
            (_, _, false) => argument.long(*name),
            (_, _, true) => argument.visible_alias(*name),
        };
    }
    match option.kind {
        Kind::Bool => argument
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL"),
        Kind::Strings => argument
            .action(ArgAction::Append)
            .num_args(1)
            .allow_hyphen_values(true)
            .value_name("STRING"),
        kind => argument
            .action(ArgAction::Set)
            .num_args(1)
            .allow_hyphen_values(true)
            .value_name(kind.name().to_uppercase()),
    }
}

/// Whether a default is worth telling: a switch that is off is not.
fn shows(kind: Kind, default: &str) -> bool {
    match kind {
        Kind::Bool => default == "true",
        _ => !default.is_empty(),
    }
}

/// What a shell completes a value with.
fn hint(option: &OptionSpec) -> ValueHint {
    if option.values.contains(&kubo::ANY_PATH) {
        ValueHint::AnyPath
    } else {
        ValueHint::Other
    }
}

/// Adds the global options whose names the command leaves free.
fn with_globals(command: Command) -> Command {
    globals::definitions()
        .into_iter()
        .fold(command, |command, global| {
            // The page of the program lists them.
            let global = global.hide(true);
            let taken = command
                .get_arguments()
                .any(|own| own.get_long() == global.get_long());
            let letter_taken = command
                .get_arguments()
                .any(|own| own.get_short().is_some() && own.get_short() == global.get_short());
            match (taken, letter_taken) {
                (true, _) => command,
                (false, true) => command.arg(global.short(None)),
                (false, false) => command.arg(global),
            }
        })
}

/// Documentation as clap prints it: links without their brackets.
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
