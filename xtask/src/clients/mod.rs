//! `cargo xtask clients`: the client libraries that programs use, as their registries have them, against the program.
//!
//! What is installed stays under `target/clients`; it is installed again when its list of versions changes.

mod install;
mod node;
mod python;
mod served;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cairn_testkit::server::{Daemon, Repository};
use clap::Args;

use self::install::{Packages, copy};
use crate::process::{debug_binary, run as succeed, target_folder};
use crate::together::{self, Job};

#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// The one library to test, by its folder in `target/clients`; all of them where none is named.
    library: Option<String>,
    /// The program that stores the content of the services, where they are tested with Kubo as the backend, such as `ipfs`
    /// [default: this one].
    #[arg(long, value_name = "PATH")]
    kubo: Option<PathBuf>,
}

/// A client library and its tests.
struct Library {
    name: &'static str,
    /// Where it is installed, in `target/clients`.
    folder: &'static str,
    packages: Packages,
    test: fn(&Setup<'_>) -> Result<()>,
}

/// The libraries. Those whose tests take longest come first: two or more run at the same time.
static LIBRARIES: [Library; 9] = [
    Library {
        name: "the compliance tool of pinning services",
        folder: "pinning",
        // A script of a package that the tool does not use would download a program.
        packages: Packages::node("tests/clients/pinning", &["--ignore-scripts"]),
        test: node::pinning_service,
    },
    Library {
        name: "schemathesis on the faces of the services",
        folder: "openapi",
        packages: Packages::python("tests/clients/openapi/requirements.txt"),
        test: python::described,
    },
    Library {
        name: "kubo-rpc-client with ipfsd-ctl",
        folder: "js",
        packages: Packages::node("tests/clients/js", &[]),
        test: node::kubo_rpc_client,
    },
    Library {
        name: "the gateway in Chromium",
        folder: "browser",
        packages: Packages::node("tests/browser", &[]),
        test: node::in_browser,
    },
    // Versions of ipfshttpclient that programs of then still use.
    Library {
        name: "ipfshttpclient 0.7.0",
        folder: "python-0.7.0",
        packages: Packages::python("tests/clients/python/requirements-0.7.0.txt"),
        test: python::ipfshttpclient,
    },
    Library {
        name: "ipfshttpclient 0.8.0a2",
        folder: "python-0.8.0a2",
        packages: Packages::python("tests/clients/python/requirements-0.8.0a2.txt"),
        test: python::ipfshttpclient,
    },
    Library {
        name: "helia as a peer",
        folder: "peers",
        // Scripts would build transports that the tests do not use.
        packages: Packages::node("tests/clients/peers", &["--ignore-scripts"]),
        test: node::helia,
    },
    Library {
        name: "nft.storage",
        folder: "nft-storage",
        packages: Packages::node("tests/clients/nft-storage", &["--ignore-scripts"]),
        test: node::nft_storage,
    },
    Library {
        name: "@nftstorage/ipfs-cluster",
        folder: "cluster",
        packages: Packages::node("tests/clients/cluster", &["--ignore-scripts"]),
        test: node::cluster,
    },
];

/// What a library's tests need.
struct Setup<'a> {
    binary: &'a Path,
    /// What stores the content where Kubo is the backend.
    kubo: &'a Path,
    /// The folder of the tests.
    sources: PathBuf,
    /// Where the library is installed.
    home: PathBuf,
    /// Where the library may leave files; it goes when the tests have ended.
    temporary: &'a Path,
}

/// Builds the program and runs every library's tests.
pub(crate) fn run(options: &Options) -> Result<()> {
    let binary = debug_binary()?;
    let home = target_folder()?.join("clients");
    let selected = LIBRARIES
        .iter()
        .filter(|library| (options.library.as_deref()).is_none_or(|name| name == library.folder));
    let jobs: Vec<_> = selected
        .map(|library| {
            let (binary, home) = (&binary, home.join(library.folder));
            let kubo = options.kubo.as_ref().unwrap_or(binary);
            Job::new(library.name, move || library.run(binary, kubo, home))
        })
        .collect();
    ensure!(
        !jobs.is_empty(),
        "there is no such library: see target/clients"
    );
    let failed = together::run(jobs, together::lanes());
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Installs all libraries, which needs nothing of the program and mostly waits for registries.
pub(crate) fn install() -> Result<()> {
    let home = target_folder()?.join("clients");
    for library in &LIBRARIES {
        if library.skipped().is_none() {
            (library.packages.install(&home.join(library.folder)))
                .with_context(|| format!("installing {}", library.name))?;
        }
    }
    Ok(())
}

impl Library {
    fn run(&self, binary: &Path, kubo: &Path, home: PathBuf) -> Result<String> {
        if let Some(reason) = self.skipped() {
            return Ok(format!("skipped: {reason}"));
        }
        self.packages.install(&home)?;
        let temporary = tempfile::tempdir().context("making a directory")?;
        (self.test)(&Setup {
            binary,
            kubo,
            sources: self.packages.sources(),
            home,
            temporary: temporary.path(),
        })?;
        Ok("passed".to_owned())
    }

    /// Why its tests cannot run on this machine.
    fn skipped(&self) -> Option<&'static str> {
        match self.folder {
            "browser" if browser().is_none() => {
                Some("Chromium is not installed (Debian: apt install chromium)")
            }
            // The npm registry has a Node.js that is new enough for helia, but for one platform.
            "peers" if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) => {
                Some("its Node.js is installed for Linux on x86-64 only")
            }
            _ => None,
        }
    }
}

/// Debian's Chromium, or another one by its usual names.
pub(crate) fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |place| place.join(name)))
        .find(|found| found.is_file())
}

/// A daemon on loopback that has peers and messages by topic.
fn online_node(binary: &Path, compat: &str) -> Result<(Repository, Daemon)> {
    let repository = Repository::init(binary)?;
    repository.configure(|config| {
        if !compat.is_empty() {
            config["API"]["Compat"] = compat.into();
        }
        config["Addresses"]["Swarm"] = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"]
            .as_slice()
            .into();
        config["Pubsub"]["Enabled"] = true.into();
        config["Ipns"]["UsePubsub"] = true.into();
    })?;
    let daemon = repository.start(&[])?;
    Ok((repository, daemon))
}

/// What a daemon printed, for the error of a test.
fn said(daemon: &Daemon) -> String {
    format!("the daemon said:\n{}", daemon.log())
}

impl Setup<'_> {
    /// A command whose temporary files go with the tests: some libraries leave block stores and profiles of browsers behind.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("TMPDIR", self.temporary);
        command
    }

    /// Runs a file of tests with Node.js, below where its packages are installed.
    fn test_with(
        &self,
        node: impl AsRef<OsStr>,
        file: &str,
        environment: impl IntoIterator<Item = (&'static str, OsString)>,
    ) -> Result<()> {
        self.take(file)?;
        succeed(
            self.command(node)
                .args(["--test", "--test-reporter=spec", file])
                .env_remove("IPFS_PATH")
                .envs(environment)
                .current_dir(&self.home),
        )
    }

    /// Copies one of the sources to where modules are looked for: beside the installed ones.
    fn take(&self, file: &str) -> Result<()> {
        copy(&self.sources.join(file), &self.home.join(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    #[test]
    fn every_list_of_packages_exists() {
        for library in &LIBRARIES {
            let list = library.packages.list();
            assert!(
                list.starts_with(root()) && list.is_file(),
                "{}",
                list.display()
            );
        }
    }
}
