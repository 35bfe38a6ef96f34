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
    /// // Without the list of removed blocks.
    /// kubo.repo().gc().quiet(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    Repo, repo
}

impl Repo<'_> {
    /// Removes all unpinned blocks and lists them.
    pub fn gc(&self) -> Call<RepoGc> {
        Call::new(self.0, RepoGc::new())
    }

    /// Lists all blocks.
    pub fn ls(&self) -> Call<RepoLs> {
        Call::new(self.0, RepoLs::new())
    }

    /// Returns size, version and path of the repository.
    pub fn stat(&self) -> Call<RepoStat> {
        Call::new(self.0, RepoStat::new())
    }

    /// Verifies the hashes of all blocks. If blocks are damaged, the call fails at the end.
    pub fn verify(&self) -> Call<RepoVerify> {
        Call::new(self.0, RepoVerify::new())
    }

    /// Returns the version of the repository format.
    pub fn version(&self) -> Call<RepoVersion> {
        Call::new(self.0, RepoVersion::new())
    }
}

impl Call<RepoGc> {
    /// Whether to omit the list of removed blocks; the result is empty then.
    pub fn quiet(self, quiet: bool) -> Self {
        self.silent(quiet)
    }
}

/// An event of garbage collection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Garbage {
    /// A block was removed.
    Removed(Cid),
    /// A block was not removed; reported if `stream_errors` is set.
    Failed(String),
}

/// Information about the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepoInfo {
    /// Number of blocks; 0 with `size_only`.
    pub objects: u64,
    /// Size on disk in bytes.
    pub size: u64,
    /// Maximum size in bytes.
    pub storage_max: u64,
    /// Its path; `None` with `size_only`.
    pub path: Option<String>,
    /// The version of its format, as in `fs-repo@16`; `None` with `size_only`.
    pub version: Option<String>,
}

/// Progress or result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepoCheck {
    /// Number of verified blocks.
    Progress(u64),
    /// A message.
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
