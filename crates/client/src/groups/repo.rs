//! The repository.

use cairn_primitives::Cid;
use cairn_wire::kubo::refs::links::Ref;
use cairn_wire::kubo::repo::gc::{Collected, RepoGc};
use cairn_wire::kubo::repo::ls::RepoLs;
use cairn_wire::kubo::repo::stat::{RepoSizes, RepoStat};
use cairn_wire::kubo::repo::verify::{RepoVerify, Verified};
use cairn_wire::kubo::repo::version::{RepoNumber, RepoVersion};

use super::refs::link;
use crate::kubo::{Call, cid, list, one, setters, some};

group! {
    /// The repository of the server.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let before = kubo.repo().stat().await?.size;
    /// let removed = kubo.repo().gc().await?.len();
    /// println!("{removed} blocks, {} bytes", before - kubo.repo().stat().await?.size);
    /// // Without the list, which the server does not even make.
    /// kubo.repo().gc().quiet(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    Repo, repo
}

impl Repo<'_> {
    /// Removes all blocks that are not pinned, and lists them.
    pub fn gc(&self) -> Call<RepoGc> {
        Call::new(self.0, RepoGc::new())
    }

    /// Lists all blocks.
    pub fn ls(&self) -> Call<RepoLs> {
        Call::new(self.0, RepoLs::new())
    }

    /// Blocks, bytes, version and place.
    pub fn stat(&self) -> Call<RepoStat> {
        Call::new(self.0, RepoStat::new())
    }

    /// Checks all blocks against their hashes. That some are damaged is an error at the end.
    pub fn verify(&self) -> Call<RepoVerify> {
        Call::new(self.0, RepoVerify::new())
    }

    /// The version of the repository's format.
    pub fn version(&self) -> Call<RepoVersion> {
        Call::new(self.0, RepoVersion::new())
    }
}

impl Call<RepoGc> {
    /// Whether the list of what was removed is left out; the call gives an empty one then.
    pub fn quiet(self, quiet: bool) -> Self {
        self.silent(quiet)
    }
}

/// A block that was removed, or why one was not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Garbage {
    /// It was removed.
    Removed(Cid),
    /// It was not; told where `stream_errors` asks for it.
    Failed(String),
}

/// What the repository holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepoInfo {
    /// Blocks; 0 with `size_only`.
    pub objects: u64,
    /// Bytes on disk.
    pub size: u64,
    /// Bytes at which collection begins.
    pub storage_max: u64,
    /// Where it is; `None` with `size_only`.
    pub path: Option<String>,
    /// The version of its format, as in `fs-repo@16`; `None` with `size_only`.
    pub version: Option<String>,
}

/// How far a check has come, or what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepoCheck {
    /// So many blocks were checked.
    Progress(u64),
    /// What was found.
    Message(String),
}

one! {
    RepoStat, RepoSizes => RepoInfo, |sizes| Ok(RepoInfo {
        objects: sizes.num_objects,
        size: sizes.repo_size,
        storage_max: sizes.storage_max,
        path: some(sizes.repo_path),
        version: some(sizes.version),
    });
    RepoVersion, RepoNumber => String, |number| Ok(number.version);
}

list! {
    RepoGc, Collected => Garbage, |collected, items| {
        if let Some(key) = collected.key {
            items.push_back(Garbage::Removed(cid(&key.cid)?));
        }
        items.extend(some(collected.error).map(Garbage::Failed));
        Ok(())
    };
    RepoLs, Ref => Cid, |found, items| {
        items.push_back(cid(&link(found)?)?);
        Ok(())
    };
    RepoVerify, Verified => RepoCheck, |verified, items| {
        items.push_back(match some(verified.msg) {
            Some(message) => RepoCheck::Message(message),
            None => RepoCheck::Progress(verified.progress),
        });
        Ok(())
    };
}

cairn_wire::RepoGc!(setters);
cairn_wire::RepoStat!(setters);
cairn_wire::RepoVerify!(setters);
