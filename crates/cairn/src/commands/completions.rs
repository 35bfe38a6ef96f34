//! `completions`: a script that completes commands in a shell.

use clap::{Arg, Command, value_parser};
use clap_complete::Shell;

use crate::error::Problem;
use crate::grammar::{self, Invocation};
use crate::output::Output;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("completions")
        .about("Prints a script that completes commands in a shell")
        .after_help("bash: completions bash > /etc/bash_completion.d/cairn\nfish: completions fish > ~/.config/fish/completions/cairn.fish\nzsh:  completions zsh > \"${fpath[1]}/_cairn\"")
        .arg(Arg::new("shell").value_name("SHELL").help("The shell").required(true).value_parser(value_parser!(Shell)))
}

/// Runs it.
pub(crate) fn run(invocation: &Invocation) -> Result<(), Problem> {
    let Some(shell) = invocation.own::<Shell>("shell") else {
        return Err(Problem::usage("no shell is named"));
    };
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut grammar::command(invocation.program),
        invocation.program,
        &mut script,
    );
    let mut output = Output::stdout()?;
    output.bytes(&script)?;
    output.flush()
}
