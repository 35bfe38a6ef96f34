//! Repairs repositories that have lost parts.
//!
//! Nothing is deleted: unusable files are renamed, and blocks are never removed.

mod rows;
mod services;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cairn_store::BlockStore as _;
use cairn_store::block::segments::SegmentStore;
use cairn_store::meta::{Rows as _, SqliteRows};

use self::rows::restore_rows;
use self::services::restore_services;
use super::{
    Access, Lock, Repo, RepoError, UNFINISHED, VERSION, VERSION_PREFIX, blocks_path, check_version,
    config_path, finished, io_error, rows_path,
};
use crate::config::sections::IdentitySection;
use crate::config::{Config, ConfigError, ConfigFile, Secret};
use crate::durable;
use crate::error::NodeError;
use crate::identity::Identity;
use crate::parts::{open_store, store_error};

/// The result of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// What was repaired, in sentences; empty if nothing was.
    pub done: Vec<String>,
    /// What remains lost, in sentences.
    pub lost: Vec<String>,
}

impl Repaired {
    fn done(&mut self, sentence: impl Into<String>) {
        self.done.push(sentence.into());
    }
}

impl Repo {
    /// Repairs the repository at a path: rebuilds missing parts from the others. No other process may use it.
    ///
    /// # Errors
    /// [`RepoError::Missing`] if there is nothing, [`RepoError::Kubo`], [`RepoError::Locked`], and I/O errors.
    pub async fn repair(path: &Path) -> Result<Repaired, NodeError> {
        let parts = [config_path(path), rows_path(path), blocks_path(path)];
        if !parts.iter().any(|part| part.exists()) {
            return Err(RepoError::Missing {
                path: path.to_owned(),
            }
            .into());
        }
        let mut summary = Repaired::default();
        if let Err(error) = check_version(path) {
            match error {
                RepoError::Version { ref found, .. }
                    if found == super::error::NO_VERSION
                        || found.starts_with(super::error::DAMAGED) =>
                {
                    // Kubo's repositories have other files.
                    if path.join("datastore_spec").exists() {
                        return Err(RepoError::Kubo {
                            path: path.to_owned(),
                        }
                        .into());
                    }
                }
                other => return Err(other.into()),
            }
            let file = path.join("version");
            durable::replace(&file, format!("{VERSION_PREFIX}{VERSION}\n").as_bytes())
                .map_err(|error| io_error("write", &file, error))?;
            summary.done("Rewrote the file `version`.");
        }
        let lock = Lock::take(path, Access::ReadWrite)?;
        let config = restore_config(path, &mut summary)?;
        finished(path);
        restore_store(path, &mut summary)?;
        let (store, report) = open_store(&blocks_path(path), Access::ReadWrite, &config.datastore)?;
        if report.reindexed.is_some() {
            summary.done("Rebuilt the block index from the segments.");
        }
        for lost in &report.lost {
            summary.lost.push(format!(
                "{} segment {} is gone: {} blocks of {} bytes. `cairn repo verify` lists them.",
                if lost.partly { "Part of" } else { "All of" },
                lost.segment,
                lost.blocks,
                lost.bytes
            ));
        }
        let repaired = restore_rows(path, &store, &config, &mut summary).await;
        store.close().await.map_err(NodeError::Store)?;
        repaired?;
        restore_services(path, &config, &mut summary).await?;
        drop(lock);
        Ok(summary)
    }
}

/// An unused name, for a file that is renamed.
fn free_name(file: &Path) -> PathBuf {
    let named = |number: u32| {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".damaged-{number}"));
        file.with_file_name(name)
    };
    (1..u32::MAX)
        .map(named)
        .find(|name| !name.exists())
        .unwrap_or_else(|| named(u32::MAX))
}

/// Renames a file, if it exists; returns its new name.
fn set_aside(file: &Path) -> Result<Option<String>, RepoError> {
    let to = free_name(file);
    match std::fs::rename(file, &to) {
        Ok(()) => Ok(Some(
            to.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("move", file, error)),
    }
}

/// Reads the configuration, or creates a new one.
fn restore_config(path: &Path, summary: &mut Repaired) -> Result<Config, NodeError> {
    let file = config_path(path);
    match ConfigFile::load(&file) {
        Ok(config) => {
            let config = config.config();
            if Identity::read(&config.identity).is_ok() {
                return Ok(Config::clone(&config));
            }
        }
        Err(error) if cannot_be_read(&error) => return Err(RepoError::from(error).into()),
        Err(_) => {}
    }
    let text = match std::fs::read(&file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(io_error("read", &file, error).into()),
    };
    let kept = identity_in(&text);
    let fresh = kept.is_none();
    let identity = match kept {
        Some(identity) => identity,
        None => Identity::generate().map_err(RepoError::from)?,
    };
    let config = Config::initial(identity.section());
    // Until the new one exists, the repository is unfinished.
    let mark = path.join(UNFINISHED);
    durable::replace(&mark, b"").map_err(|error| io_error("write", &mark, error))?;
    let old = set_aside(&file)?;
    ConfigFile::create(&file, &config).map_err(RepoError::from)?;
    let old = old.map_or_else(String::new, |old| format!(" The old file is `{old}`."));
    summary.done(if fresh {
        format!(
            "Created a new configuration with a new identity: this node is now {}.{old} All settings have their defaults.",
            identity.peer_id()
        )
    } else {
        format!(
            "Created a new configuration; the identity {} was kept.{old} All settings have their defaults.",
            identity.peer_id()
        )
    });
    Ok(config)
}

/// Whether the file may be good and is only unreadable for this process.
fn cannot_be_read(error: &ConfigError) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        let io = error
            .downcast_ref::<io::Error>()
            .or_else(|| error.downcast_ref::<Arc<io::Error>>().map(AsRef::as_ref));
        if let Some(io) = io {
            return io.kind() == io::ErrorKind::PermissionDenied;
        }
        next = error.source();
    }
    false
}

/// The identity in the remains of a configuration.
fn identity_in(text: &str) -> Option<Identity> {
    let value = |key: &str| {
        let rest = text.split_once(&format!("\"{key}\""))?.1;
        let rest = rest.trim_start().strip_prefix(':')?.trim_start();
        Some(rest.strip_prefix('"')?.split_once('"')?.0.to_owned())
    };
    Identity::read(&IdentitySection {
        peer_id: value("PeerID")?,
        priv_key: Secret::new(value("PrivKey")?),
    })
    .ok()
}

/// Restores the identity of the block store.
fn restore_store(path: &Path, summary: &mut Repaired) -> Result<(), NodeError> {
    let blocks = blocks_path(path);
    let there = blocks.exists();
    // The store named in the rows, if they can be read.
    let named = SqliteRows::open(rows_path(path), true)
        .and_then(|rows| rows.store_id())
        .ok()
        .flatten();
    let bad = blocks.join("store.json");
    let had = bad.exists();
    let restored = SegmentStore::restore_identity(&blocks, named.as_deref())
        .map_err(|source| store_error(&blocks, source))?;
    if !there {
        summary
            .lost
            .push("The block store was gone, and all blocks with it.".to_owned());
    } else if restored && had {
        summary.done("Recreated the missing files of the block store.");
    } else if restored {
        summary.done("Rewrote `blocks/store.json` from the segments.");
    }
    Ok(())
}
