//! Running other programs from the repository's root.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};

use crate::together;

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Whether builds lint the workspace's own crates.
static LINTS: AtomicBool = AtomicBool::new(false);

/// From now on, builds run Clippy on what they compile of the workspace, and fail at a warning.
///
/// `cargo clippy` alone would compile all dependencies once more, as only a check's output.
pub(crate) fn lint_builds() {
    LINTS.store(true, Ordering::Relaxed);
}

/// What makes a build run Clippy: this is how `cargo clippy` makes a check do so.
const LINTER: &str = "RUSTC_WORKSPACE_WRAPPER";

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.current_dir(root());
    if LINTS.load(Ordering::Relaxed) {
        let driver = Path::new(&cargo).with_file_name("clippy-driver");
        command.env(LINTER, driver);
        command.env(
            "CLIPPY_ARGS",
            "--deny__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
        );
    }
    // About the package `xtask`. Some build scripts run again when these change, and what needs them is built again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// The same for another workspace, whose builds are never linted.
pub(crate) fn cargo_elsewhere(folder: &Path) -> Command {
    let mut command = cargo();
    command.env_remove(LINTER).current_dir(folder);
    command
}

/// Runs `command` with this thread's own output, and requires that it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    together::redirect(command)?;
    wait(command)
}

/// The same without its standard output.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    together::redirect(command)?;
    wait(command.stdout(Stdio::null()))
}

fn wait(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("running {}", command.get_program().display()))?;
    ensure!(
        status.success(),
        "{} ended with {status}",
        command_line(command)
    );
    Ok(())
}

/// The command as a person would type it.
fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// Builds the program in release mode and returns its path.
pub(crate) fn release_binary() -> Result<PathBuf> {
    release(&["--bin", "cairn"], "cairn")
}

/// Builds an example in release mode and returns its path.
pub(crate) fn release_example(name: &str) -> Result<PathBuf> {
    release(&["--example", name], &format!("examples/{name}"))
}

/// Builds a target with the features of the whole workspace, so that every task uses the same dependencies.
fn release(target: &[&str], path: &str) -> Result<PathBuf> {
    run(cargo()
        .args(["build", "--release", "--workspace"])
        .args(target))?;
    Ok(target_folder()?.join("release").join(path))
}

/// Builds the program in debug mode as its tests use it, and returns its path. The test that is built as well makes cargo select
/// the dependencies' features that `cargo test --workspace` does; with others, all of libp2p would be built once more.
pub(crate) fn debug_binary() -> Result<PathBuf> {
    run(cargo().args(["build", "--workspace", "--bin", "cairn", "--test", "layers"]))?;
    Ok(target_folder()?.join("debug/cairn"))
}

/// Where cargo builds.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()?;
    Ok(metadata.target_directory.into())
}

/// Prints what comes next, so that the output of a long run can be found again.
pub(crate) fn announce(section: &str) {
    eprintln!("\n── {section} ──");
}
