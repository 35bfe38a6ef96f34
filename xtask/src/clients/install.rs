//! Installing packages from the registries of Python and Node.js.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{root, run as succeed, run_quietly};

/// The packages of a library.
pub(super) enum Packages {
    /// A list for pip, below the repository's root.
    Python(&'static str),
    /// A folder with `package.json` and its lock file, and further options of npm.
    Node(&'static str, &'static [&'static str]),
}

/// The list that was installed; written last.
const STAMP: &str = "installed";

impl Packages {
    pub(super) const fn python(list: &'static str) -> Self {
        Self::Python(list)
    }

    pub(super) const fn node(folder: &'static str, options: &'static [&'static str]) -> Self {
        Self::Node(folder, options)
    }

    /// The file with the versions.
    pub(super) fn list(&self) -> PathBuf {
        match self {
            Self::Python(list) => root().join(list),
            Self::Node(folder, _) => root().join(folder).join("package-lock.json"),
        }
    }

    /// The folder of the list, and of the tests.
    pub(super) fn sources(&self) -> PathBuf {
        let list = self.list();
        list.parent().unwrap_or(root()).to_owned()
    }

    /// Installs the packages, unless that is done.
    pub(super) fn install(&self, home: &Path) -> Result<()> {
        let wanted = self.list();
        let list = fs::read(&wanted).with_context(|| format!("reading {}", wanted.display()))?;
        if fs::read(home.join(STAMP)).is_ok_and(|stamp| stamp == list) {
            return Ok(());
        }
        match self {
            Self::Python(_) => python(home, &wanted)?,
            Self::Node(_, options) => node(home, &self.sources(), options)?,
        }
        copy(&wanted, &home.join(STAMP))
    }
}

fn python(home: &Path, wanted: &Path) -> Result<()> {
    succeed(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(home),
    )?;
    let mut install = Command::new(interpreter(home));
    install.args(["-m", "pip", "install", "--quiet"]);
    install.arg("--disable-pip-version-check");
    succeed(install.arg("--requirement").arg(wanted))
}

/// The Python interpreter that has the packages.
pub(super) fn interpreter(home: &Path) -> PathBuf {
    home.join("bin/python")
}

fn node(home: &Path, sources: &Path, options: &[&str]) -> Result<()> {
    fs::create_dir_all(home).with_context(|| format!("making {}", home.display()))?;
    for name in ["package.json", "package-lock.json"] {
        copy(&sources.join(name), &home.join(name))?;
    }
    run_quietly(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .args(options)
            .current_dir(home),
    )
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("copying {} to {}", from.display(), to.display()))
}
