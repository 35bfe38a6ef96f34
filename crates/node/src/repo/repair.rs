//! Making a repository usable again that has lost parts.
//!
//! Whatever is there is kept: files that cannot be used are set aside under another name, and blocks are never removed.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::BlockReader as _;
use cairn_store::BlockStore as _;
use cairn_store::block::segments::SegmentStore;
use cairn_store::meta::{Pin, PinMode, Rescued, RowError, Rows as _, SqliteRows};

use super::{
    Access, Lock, Repo, RepoError, UNFINISHED, VERSION, VERSION_PREFIX, blocks_path, check_version,
    config_path, finished, io_error, rows_path,
};
use crate::config::sections::IdentitySection;
use crate::config::{Config, ConfigError, ConfigFile, Secret};
use crate::durable;
use crate::identity::Identity;
use crate::node::NodeError;
use crate::parts::{beside, open_store, store_error};

/// What a repair found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// What was repaired, a sentence each; empty when nothing had to be.
    pub done: Vec<String>,
    /// What stays lost, a sentence each.
    pub lost: Vec<String>,
}

impl Repaired {
    fn done(&mut self, sentence: impl Into<String>) {
        self.done.push(sentence.into());
    }
}

impl Repo {
    /// Repairs the repository at a path: makes what is missing of it from what is there. No other process may use it.
    ///
    /// # Errors
    /// [`RepoError::Missing`] when there is nothing of a repository, [`RepoError::Kubo`], [`RepoError::Locked`], and what writing
    /// its parts fails with.
    pub async fn repair(path: &Path) -> Result<Repaired, NodeError> {
        let parts = [config_path(path), rows_path(path), blocks_path(path)];
        if !parts.iter().any(|part| part.exists()) {
            return Err(RepoError::Missing {
                path: path.to_owned(),
            }
            .into());
        }
        let mut told = Repaired::default();
        if let Err(error) = check_version(path) {
            match error {
                RepoError::Version { ref found, .. }
                    if found == super::error::NO_VERSION
                        || found.starts_with(super::error::DAMAGED) =>
                {
                    // Kubo's repositories have other parts.
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
            told.done("The file `version` was written anew.");
        }
        let lock = Lock::take(path, Access::ReadWrite)?;
        let config = restore_config(path, &mut told)?;
        finished(path);
        restore_store(path, &mut told)?;
        let (store, report) = open_store(&blocks_path(path), Access::ReadWrite, &config.datastore)?;
        if report.reindexed.is_some() {
            told.done("The index of the blocks was made anew from the segments.");
        }
        for lost in &report.lost {
            told.lost.push(format!(
                "{} segment {} is gone: {} blocks of {} bytes. `cairn repo verify` lists them.",
                if lost.partly { "Part of" } else { "All of" },
                lost.segment,
                lost.blocks,
                lost.bytes
            ));
        }
        let repaired = restore_rows(path, &store, &mut told).await;
        store.close().await.map_err(NodeError::Store)?;
        drop(lock);
        repaired.map(|()| told)
    }
}

/// A name that is free, for a file that is set aside.
fn aside(file: &Path) -> PathBuf {
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

/// Sets a file aside, if it is there; answers with its new name.
fn set_aside(file: &Path) -> Result<Option<String>, RepoError> {
    let to = aside(file);
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

/// Reads the configuration, or makes a new one.
fn restore_config(path: &Path, told: &mut Repaired) -> Result<Config, NodeError> {
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
    // Until the new one is there, this is a repository that is being made.
    let mark = path.join(UNFINISHED);
    durable::replace(&mark, b"").map_err(|error| io_error("write", &mark, error))?;
    let old = set_aside(&file)?;
    ConfigFile::create(&file, &config).map_err(RepoError::from)?;
    let old = old.map_or_else(String::new, |old| format!(" The old file is `{old}`."));
    told.done(if fresh {
        format!(
            "A new configuration was made, with a new identity: this node is now {}.{old} Settings are those of a new repository.",
            identity.peer_id()
        )
    } else {
        format!(
            "A new configuration was made; the identity {} was kept.{old} Settings are those of a new repository.",
            identity.peer_id()
        )
    });
    Ok(config)
}

/// Whether the file may be good, and only this process cannot read it.
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

/// The identity in what is left of a configuration.
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

/// Gets the identity of the block store back.
fn restore_store(path: &Path, told: &mut Repaired) -> Result<(), NodeError> {
    let blocks = blocks_path(path);
    let there = blocks.exists();
    // What the rows name, when they can be read.
    let named = SqliteRows::open(rows_path(path), true)
        .and_then(|rows| rows.store_id())
        .ok()
        .flatten();
    let bad = blocks.join("store.json");
    let had = bad.exists();
    let restored = SegmentStore::restore_identity(&blocks, named.as_deref())
        .map_err(|source| store_error(&blocks, source))?;
    if !there {
        told.lost
            .push("The block store was gone, and all blocks with it.".to_owned());
    } else if restored && had {
        told.done("What was missing of the block store was made anew.");
    } else if restored {
        told.done("`blocks/store.json` was written anew from the segments.");
    }
    Ok(())
}

/// Gets the rows back.
async fn restore_rows(
    path: &Path,
    store: &Arc<SegmentStore>,
    told: &mut Repaired,
) -> Result<(), NodeError> {
    let file = rows_path(path);
    let place = beside(&file, store)?;
    let opened = match SqliteRows::open_beside(&place) {
        // What opening does not read may be damaged as well.
        Ok(rows) => match rows.check() {
            Ok(()) => Ok(rows),
            Err(error) => {
                rows.close().await?;
                Err(error)
            }
        },
        refused => refused,
    };
    let rows = match opened {
        Ok(rows) => rows,
        Err(error @ (RowError::Newer { .. } | RowError::Journal { .. })) => {
            return Err(error.into());
        }
        Err(error) => {
            tracing::warn!(%error, "the rows are made anew");
            rebuild_rows(&file, store, told)?;
            SqliteRows::open_beside(&beside(&file, store)?)?
        }
    };
    if let Some(id) = rows.id() {
        store.set_rows(id).map_err(NodeError::Store)?;
    }
    let unseen = cairn_dag::gc::incomplete(&**store, &*rows, &AtomicBool::new(false));
    rows.close().await?;
    let unseen = unseen?;
    if unseen.count > 0 {
        told.lost.push(format!(
            "Pins are not whole, and nothing will be collected: {unseen}."
        ));
    }
    Ok(())
}

/// Makes new rows from the journal of the pins, or else from the blocks.
fn rebuild_rows(
    file: &Path,
    store: &Arc<SegmentStore>,
    told: &mut Repaired,
) -> Result<(), NodeError> {
    let rescued = SqliteRows::rescue(&*store.disk(), &store.id())?;
    let gone = rescued.is_none();
    let mut kept = rescued.unwrap_or_default();
    if !gone {
        told.done(format!(
            "{} pins were brought back from their journal, with their names.",
            kept.pins.len()
        ));
    }
    if kept.mfs_root.is_some() {
        told.done("The root of the mutable file system was brought back from the journal.");
    }
    if !kept.names.is_empty() {
        told.done(format!(
            "{} IPNS records were brought back from the journal.",
            kept.names.len()
        ));
    }
    if gone || kept.damaged {
        told.lost.push(
            "IPNS records may be lost, or be those of an earlier time: where a name was published before, publish it again with \
             `--sequence` and a number above the last one."
                .to_owned(),
        );
        let before = kept.pins.len();
        add_unlinked(store, &mut kept)?;
        told.done(format!(
            "The pin journal is {}: {} blocks that no other block links to were pinned. Remove the pins that you do not need: \
             `cairn pin rm`.",
            if gone { "gone" } else { "damaged" },
            kept.pins.len() - before
        ));
        told.lost.push(
            if kept.mfs_root.is_some() {
                "The mutable file system may be that of an earlier time."
            } else {
                "The mutable file system is lost. What was in it is among the blocks that were pinned: `cairn files cp /ipfs/CID /NAME` puts it back."
            }
            .to_owned(),
        );
    }
    let fresh = file.with_extension("sqlite.new");
    for name in with_logs(&fresh) {
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("remove", &name, error).into());
            }
            _ => {}
        }
    }
    let id = SqliteRows::make(&fresh, &store.id(), &kept)?;
    // From here on only these rows belong to the store.
    store.set_rows(&id).map_err(NodeError::Store)?;
    let mut old = None;
    for name in with_logs(file) {
        let moved = set_aside(&name)?;
        old = old.or(moved);
    }
    std::fs::rename(&fresh, file).map_err(|error| io_error("write", file, error))?;
    durable::sync_folder(file).map_err(|error| io_error("write", file, error))?;
    told.done(match old {
        Some(old) => format!("`rows.sqlite` was made anew; the old file is `{old}`."),
        None => "`rows.sqlite` was made anew.".to_owned(),
    });
    told.lost.push(
        "References to files of the filestore, if there were any, are not in the pin journal: add those files again."
            .to_owned(),
    );
    Ok(())
}

/// Adds the pins of [`unlinked`] whose blocks have none.
fn add_unlinked(store: &Arc<SegmentStore>, kept: &mut Rescued) -> Result<(), NodeError> {
    let have: HashSet<Multihash> = kept.pins.iter().map(|pin| pin.cid.hash().clone()).collect();
    let roots = unlinked(store)?.into_iter();
    kept.pins
        .extend(roots.filter(|pin| !have.contains(pin.cid.hash())));
    Ok(())
}

/// A database and the files that SQLite puts beside it.
fn with_logs(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

/// A pin for every block that no other block links to.
fn unlinked(store: &Arc<SegmentStore>) -> Result<Vec<Pin>, NodeError> {
    let mut cids: Vec<Cid> = Vec::new();
    store
        .cids(&mut |cid| {
            cids.push(cid);
            true
        })
        .map_err(NodeError::Store)?;
    let mut linked: HashSet<Multihash> = HashSet::new();
    let mut unreadable: HashSet<Cid> = HashSet::new();
    for cid in cids.iter().filter(|cid| cid.codec() != Codec::RAW) {
        match store.links_blocking(cid) {
            Ok(links) => linked.extend(
                links
                    .iter()
                    .flat_map(|links| links.iter())
                    .map(|link| link.hash().clone()),
            ),
            Err(_) => drop(unreadable.insert(cid.clone())),
        }
    }
    Ok(cids
        .into_iter()
        .filter(|cid| !linked.contains(cid.hash()))
        .map(|cid| Pin {
            // What cannot be followed would stop every collection.
            mode: if unreadable.contains(&cid) {
                PinMode::Direct
            } else {
                PinMode::Recursive
            },
            cid,
            name: String::new(),
        })
        .collect())
}
