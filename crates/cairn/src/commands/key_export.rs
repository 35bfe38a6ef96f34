//! `key export`: a key of the keystore in a file.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use cairn_node::keystore::{KeystoreError, SELF};
use cairn_node::{NodeError, ReadKeyError, Repo};
use clap::{Arg, Command, ValueHint, value_parser};

use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::session::node_problem;

const PROTOBUF: &str = "libp2p-protobuf-cleartext";
const PEM: &str = "pem-pkcs8-cleartext";

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("export")
        .about("Export a private key to a file")
        .long_about("Export a private key to a file.\n\nThe file is readable by its owner only. Whoever has it can publish the IPNS name of the key. A running daemon does not matter.")
        .arg(Arg::new("name").required(true).help("Name of the key"))
        .arg(
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name("PATH")
                .help("Output file [default: NAME.key or NAME.pem in the current directory]")
                .value_hint(ValueHint::AnyPath)
                .value_parser(value_parser!(OsString)),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .short('f')
                .value_name("FORMAT")
                .help("Format of the key")
                .default_value(PROTOBUF)
                .value_parser([PROTOBUF, PEM]),
        )
}

/// Runs it.
pub(crate) fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let name = invocation.own::<String>("name").unwrap_or_default();
    if name == SELF {
        return Err(Problem::failed("cannot export key with name 'self'")
            .hint("`Identity.PrivKey` in the configuration file is this key"));
    }
    let key = Repo::read_key(globals.repository()?, &name).map_err(|error| match error {
        ReadKeyError::Key(KeystoreError::Missing { name }) => {
            Problem::failed(format!("key with name '{name}' doesn't exist"))
                .hint("`{program} key ls` lists the keys")
        }
        ReadKeyError::Repo(error) => node_problem(&NodeError::Repo(error)),
        other => Problem::from_error(&other),
    })?;
    let pem = invocation.own::<String>("format").as_deref() == Some(PEM);
    let bytes = if pem {
        key.to_pkcs8_pem()
            .map_err(|error| Problem::from_error(&error))?
            .into_bytes()
    } else {
        key.encode()
    };
    let path = match invocation.own::<OsString>("output") {
        Some(path) => PathBuf::from(path),
        None => default_path(&name, if pem { "pem" } else { "key" }),
    };
    write(&path, &bytes).map_err(|error| {
        Problem::failed(format!("cannot write {}", path.display())).because(&error)
    })
}

/// The last segment of a name, with an extension.
fn default_path(name: &str, extension: &str) -> PathBuf {
    let name = format!("{name}.{extension}");
    let last = name.rsplit('/').next().unwrap_or_default();
    PathBuf::from(last)
}

/// Writes a file that only its owner reads, whoever could read the one that was there before.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.is_file() {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        return file.sync_all();
    }
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_slashes_stay_in_the_folder() {
        assert_eq!(default_path("a", "key"), Path::new("a.key"));
        assert_eq!(default_path("../a/b", "pem"), Path::new("b.pem"));
        assert_eq!(default_path("a/", "pem"), Path::new(".pem"));
    }
}
