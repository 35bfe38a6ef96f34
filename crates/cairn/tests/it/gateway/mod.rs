//! The gateway of the program: formats, ranges, sites on hosts of their own, limits, deny lists, pages.

mod content;
mod formats;
mod hosts;
mod limits;
mod pages;

use std::path::Path;

use cairn_testkit::http::Answer;
use cairn_testkit::server::{Daemon, Repository};
use serde_json::Value;

use crate::support;

/// A daemon and what is asked of it.
struct Gateway {
    daemon: Daemon,
    repository: Repository,
    base: String,
}

impl Gateway {
    /// Starts a daemon with this configuration, and something added before.
    fn start(configure: impl FnOnce(&mut Value)) -> Self {
        Self::of(
            Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap(),
            configure,
        )
    }

    /// As [`Gateway::start`], on a node that asks its peers, of which it has none.
    fn start_online(configure: impl FnOnce(&mut Value)) -> Self {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        Self::with(repository, configure, &[])
    }

    fn of(repository: Repository, configure: impl FnOnce(&mut Value)) -> Self {
        Self::with(repository, configure, &["--offline"])
    }

    fn with(
        repository: Repository,
        configure: impl FnOnce(&mut Value),
        arguments: &[&str],
    ) -> Self {
        repository.configure(configure).unwrap();
        let daemon = repository.start(arguments).unwrap();
        let base = daemon.gateway().unwrap();
        Self {
            daemon,
            repository,
            base,
        }
    }

    /// Adds a file or directory, and returns its CIDv1.
    fn add(&self, path: &Path, options: &[&str]) -> String {
        let path = path.to_string_lossy();
        let mut arguments = vec!["add", "-Q", "-r", "--cid-version=1"];
        arguments.extend_from_slice(options);
        arguments.push(&path);
        self.repository.run(&arguments).unwrap().trim().to_owned()
    }

    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        support::ask(&self.base, method, target, headers)
    }

    fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", target, headers)
    }
}

/// Writes files below a directory.
fn write(directory: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
