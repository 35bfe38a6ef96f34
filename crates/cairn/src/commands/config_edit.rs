//! `config edit`: the configuration in an editor.
//!
//! The editor opens a copy, which replaces the configuration only if it is valid.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command as Process;

use cairn_node::config::ConfigFile;
use clap::Command;

use crate::error::Problem;
use crate::globals::Globals;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("edit")
        .about("Edit the configuration in $VISUAL or $EDITOR")
        .long_about("Edit the configuration in $VISUAL or $EDITOR.\n\nThe editor opens a copy, which replaces the configuration only if it is valid. A running daemon must be restarted to use it.")
}

/// Runs it.
pub(crate) fn run(globals: &Globals) -> Result<(), Problem> {
    let Some(editor) = &globals.editor else {
        return Err(Problem::failed("no editor is configured")
            .hint("set the EDITOR environment variable, or use `{program} config KEY VALUE`"));
    };
    let repository = globals.repository()?;
    let path = repository.join("config");
    let copy = repository.join(format!("config.edit-{}.json", std::process::id()));
    let failed = |what: &str, path: &Path, error: &std::io::Error| {
        Problem::failed(format!("cannot {what} {}", path.display())).because(error)
    };
    let before = std::fs::read(&path).map_err(|error| failed("read", &path, &error))?;
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        // It holds the private key.
        .mode(0o600)
        .open(&copy)
        .and_then(|mut file| file.write_all(&before))
        .map_err(|error| failed("write", &copy, &error))?;
    let edited = edit(editor, &copy).and_then(|()| replace(&path, &copy, &before));
    match edited {
        Ok(()) => {
            let _ = std::fs::remove_file(&copy);
            Ok(())
        }
        Err((problem, keep)) => {
            if keep {
                return Err(problem.hint(format!(
                    "the configuration is unchanged; your edits are in {}",
                    copy.display()
                )));
            }
            let _ = std::fs::remove_file(&copy);
            Err(problem)
        }
    }
}

/// A failure, and whether the copy has changes worth keeping.
type EditFailure = (Problem, bool);

fn edit(editor: &std::ffi::OsStr, copy: &Path) -> Result<(), EditFailure> {
    // As in git, the variable may contain arguments.
    let status = Process::new("sh")
        .arg("-c")
        .arg(format!("{} \"$1\"", editor.display()))
        .arg("editor")
        .arg(copy)
        .status()
        .map_err(|error| {
            (
                Problem::failed("cannot start the editor").because(&error),
                false,
            )
        })?;
    if status.success() {
        Ok(())
    } else {
        Err((
            Problem::failed(format!(
                "the editor ended with {status}; nothing was changed"
            )),
            false,
        ))
    }
}

fn replace(path: &Path, copy: &Path, before: &[u8]) -> Result<(), EditFailure> {
    let io = |error: std::io::Error| {
        (
            Problem::failed(format!("cannot replace {}", path.display())).because(&error),
            true,
        )
    };
    if std::fs::read(copy).map_err(io)? == before {
        return Ok(());
    }
    ConfigFile::load(copy).map_err(|error| {
        (
            Problem::failed("the edited configuration is not valid").because(&error),
            true,
        )
    })?;
    if std::fs::read(path).map_err(io)? != before {
        return Err((
            Problem::failed("the configuration was changed by another program meanwhile"),
            true,
        ));
    }
    // An editor may have replaced the copy by a new file with other permissions.
    let permissions = std::fs::metadata(path).map_err(io)?.permissions();
    std::fs::set_permissions(copy, permissions).map_err(io)?;
    std::fs::File::open(copy)
        .and_then(|file| file.sync_all())
        .map_err(io)?;
    std::fs::rename(copy, path).map_err(io)?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(io)?;
    }
    Ok(())
}
