//! `completions`: shell completion scripts.

use cairn_node::config::{Config, Document, Profile};
use cairn_wire::kubo::{self, ANY_PATH};
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, value_parser};
use clap_complete::Shell;
use serde_json::Value;

use crate::error::Problem;
use crate::globals;
use crate::grammar::{self, Invocation};
use crate::output::Output;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("completions")
        .about("Print a shell completion script")
        .after_help("Examples:\n  cairn completions bash > ~/.local/share/bash-completion/completions/cairn\n  cairn completions fish > ~/.config/fish/completions/cairn.fish\n  cairn completions zsh > \"${fpath[1]}/_cairn\"")
        .arg(Arg::new("shell").value_name("SHELL").help("Shell to print the script for").required(true).value_parser(value_parser!(Shell)))
}

/// Runs it.
pub(crate) fn run(invocation: &Invocation) -> Result<(), Problem> {
    let Some(shell) = invocation.own::<Shell>("shell") else {
        return Err(Problem::usage("the argument \"SHELL\" is required")
            .hint("`{program} completions --help` lists the shells"));
    };
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut completion_grammar(invocation.program),
        invocation.program,
        &mut script,
    );
    let mut output = Output::stdout()?;
    output.bytes(&script)?;
    output.flush()
}

/// The grammar for completions: without hidden commands, and with the values of the declarations.
pub(crate) fn completion_grammar(program: &'static str) -> Command {
    let global: Vec<String> = globals::definitions()
        .iter()
        .filter(|global| !global.is_hide_set())
        .map(|global| global.get_id().to_string())
        .collect();
    pruned(&grammar::command(program), &global, "")
}

fn pruned(command: &Command, global: &[String], path: &str) -> Command {
    let spec = kubo::SPECS.iter().find(|spec| spec.path == path);
    let arguments = command.get_arguments().filter_map(|argument| {
        let id = argument.get_id().as_str();
        let is_global = global.iter().any(|global| global == id);
        if argument.is_hide_set() && !is_global {
            return None;
        }
        let values = spec
            .into_iter()
            .flat_map(|spec| spec.options)
            .find(|option| id.strip_prefix("--") == Some(option.name()))
            .map(|option| option.values.to_vec())
            .unwrap_or_default();
        let argument = argument.clone().hide(false).required(false);
        Some(match (path, id) {
            ("config", "key") => argument.value_parser(PossibleValuesParser::new(keys())),
            ("config/profile/apply", "profile") => {
                argument.value_parser(PossibleValuesParser::new(Profile::names()))
            }
            _ if values.is_empty() || values.contains(&ANY_PATH) => argument,
            _ => argument.value_parser(PossibleValuesParser::new(values)),
        })
    });
    let shown = command.get_subcommands();
    let shown = shown.filter(|below| !below.is_hide_set());
    let commands = shown.map(|below| {
        let name = below.get_name();
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}/{name}")
        };
        pruned(below, global, &path)
    });
    let mut new = Command::new(command.get_name().to_owned());
    if let Some(about) = command.get_about() {
        new = new.about(about.clone());
    }
    if let Some(version) = command.get_version() {
        new = new.version(version.to_owned());
    }
    new.args(arguments).subcommands(commands)
}

/// The dotted keys of all sections of the configuration.
fn keys() -> Vec<String> {
    fn collect(value: &Value, path: &str, keys: &mut Vec<String>) {
        let Value::Object(map) = value else {
            return;
        };
        for (key, value) in map {
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            collect(value, &path, keys);
            keys.push(path);
        }
    }
    let mut keys = Vec::new();
    if let Ok(document) = Document::of(&Config::initial(Default::default())) {
        collect(&document.show(), "", &mut keys);
    }
    // The datastore description is for people; it has no settings.
    keys.retain(|key| !key.starts_with("Datastore.Spec"));
    keys.sort_unstable();
    keys
}
