//! `config edit`: the configuration in an editor.

use std::process::Command as Process;

use clap::Command;

use crate::error::Problem;
use crate::globals::Globals;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("edit").about("Opens the configuration in $VISUAL or $EDITOR")
}

/// Runs it.
pub(crate) fn run(globals: &Globals) -> Result<(), Problem> {
    let Some(editor) = &globals.editor else {
        return Err(Problem::failed("no editor is known")
            .hint("set the EDITOR environment variable, or use `{program} config KEY VALUE`"));
    };
    let path = globals.repository()?.join("config");
    // As shells and git do: the variable may hold arguments.
    let status = Process::new("sh")
        .arg("-c")
        .arg(format!("{} \"$1\"", editor.display()))
        .arg("editor")
        .arg(&path)
        .status();
    let status =
        status.map_err(|error| Problem::failed("cannot start the editor").because(&error))?;
    if !status.success() {
        return Err(Problem::failed(format!("the editor ended with {status}")));
    }
    cairn_node::config::ConfigFile::load(&path)
        .map(drop)
        .map_err(|error| {
            Problem::failed("the configuration cannot be used as it is now")
                .because(&error)
                .hint("edit it again: the daemon would not start with it")
        })
}
