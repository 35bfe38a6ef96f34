//! The nodes of the grammar, and the arguments of the commands of endpoints.

use std::collections::BTreeMap;
use std::ffi::OsString;

use cairn_wire::kubo::{self, OptionSpec, Spec};
use cairn_wire::shape::BodyKind;
use cairn_wire::values::OptionKind;
use clap::{Arg, ArgAction, Command, ValueHint};

use super::{FILES, text};
use crate::{commands, globals};

/// A node of the grammar: a command, a group of commands, or both.
#[derive(Default)]
pub(super) struct Group {
    pub(super) spec: Option<&'static Spec>,
    pub(super) own: Option<Command>,
    pub(super) children: BTreeMap<&'static str, Group>,
}

impl Group {
    pub(super) fn at(&mut self, path: &'static str) -> &mut Self {
        path.split('/')
            .fold(self, |group, word| group.children.entry(word).or_default())
    }

    /// Whether it is hidden in the help: a group is if all its commands are.
    fn is_hidden(&self) -> bool {
        match (&self.own, self.spec) {
            (Some(own), _) => own.is_hide_set(),
            (None, Some(spec)) => spec.hidden,
            (None, None) => self.children.values().all(Self::is_hidden),
        }
    }

    pub(super) fn command(self, program: &'static str, name: &'static str, path: &str) -> Command {
        let mut command = match (self.own, self.spec) {
            (Some(own), None) => own,
            // A custom command of an endpoint takes the endpoint's arguments.
            (Some(own), Some(spec)) => takes(own, spec),
            (None, Some(spec)) => takes(described(Command::new(name), program, spec), spec),
            (None, None) => Command::new(name)
                .about(group_summary(path))
                .hide(self.children.values().all(Self::is_hidden)),
        };
        command = commands::with_own_help(program, path, command);
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

/// The help line of a group.
fn group_summary(path: &str) -> &'static str {
    let mut groups = kubo::GROUPS.iter().chain(commands::own_groups());
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

/// The identifier of an option, distinct from arguments of the same name.
pub(super) fn option_id(option: &OptionSpec) -> String {
    format!("--{}", option.name())
}

fn option_argument(option: &OptionSpec) -> Arg {
    let mut help = text(option.docs);
    match (option.default)() {
        Some(default) if is_worth_showing(option.kind, &default) && !help.contains("[default") => {
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
        OptionKind::Bool => argument
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL"),
        OptionKind::Strings => argument
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

/// Whether a default is shown in the help: not for a switch that is off.
fn is_worth_showing(kind: OptionKind, default: &str) -> bool {
    match kind {
        OptionKind::Bool => default == "true",
        _ => !default.is_empty(),
    }
}

/// The completion hint of a value.
fn hint(option: &OptionSpec) -> ValueHint {
    if option.values.contains(&kubo::ANY_PATH) {
        ValueHint::AnyPath
    } else {
        ValueHint::Other
    }
}

/// Adds the global options whose names the command does not use.
fn with_globals(command: Command) -> Command {
    globals::definitions()
        .into_iter()
        .fold(command, |command, global| {
            // They are listed in the help of the program.
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
