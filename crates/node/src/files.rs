//! The mutable file system of a node.

use std::sync::Arc;

use cairn_dag::Blocks;
use cairn_dag::gc::ExtraRoots;
use cairn_dag::import::ImportOptions;
use cairn_dag::mfs::{self, DEFAULT_UNFLUSHED, Mfs, MfsError, Settings};
use cairn_primitives::Cid;
use cairn_primitives::cid::CidError;
use cairn_store::BlockStore;
use cairn_store::block::Root;
use cairn_store::meta::{RowError, Rows};

use crate::config::Config;
use crate::init::{SeedError, put_empty_folder};
use crate::node::Node;

/// Why the root of the mutable file system was not replaced.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChrootError {
    /// The new root's CID cannot be read.
    #[error("invalid CID {text:?}")]
    Cid {
        /// The given text.
        text: String,
        /// The error.
        #[source]
        source: CidError,
    },
    /// An empty directory could not be made.
    #[error("cannot create an empty directory")]
    Empty(#[source] SeedError),
    /// The root is invalid, or could not be stored.
    #[error(transparent)]
    Mfs(#[from] MfsError),
}

impl Node {
    /// Replaces the root of the mutable file system by another one, or by an empty directory: the repair for a
    /// damaged root. Returns the old root, if there was one, and the new one. Takes effect when the node is opened
    /// again.
    ///
    /// # Errors
    /// See [`ChrootError`]; the root is unchanged then.
    pub async fn chroot(&self, root: Option<&str>) -> Result<(Option<Cid>, Cid), ChrootError> {
        let root = match root {
            Some(text) => {
                let read = Cid::parse(text.strip_prefix("/ipfs/").unwrap_or(text));
                read.map_err(|source| ChrootError::Cid {
                    text: text.to_owned(),
                    source,
                })?
                .0
            }
            None => put_empty_folder(&**self.store(), &self.store().hold())
                .await
                .map_err(ChrootError::Empty)?,
        };
        let before = mfs::chroot(&self.blocks(), &**self.rows(), &root).await?;
        Ok((before, root))
    }
}

/// Opens the file system. The node works without it if that fails.
pub(crate) async fn open(
    store: &Arc<dyn BlockStore>,
    rows: &Arc<dyn Rows>,
    config: &Config,
) -> Result<Mfs, MfsError> {
    let blocks = Blocks::offline(Arc::clone(store));
    let opened = Mfs::open(blocks, Arc::clone(rows), settings(config)?).await;
    if let Err(error) = &opened {
        let error: &dyn std::error::Error = error;
        tracing::error!(
            error,
            "cannot open the mutable file system; `cairn files chroot` replaces its root"
        );
    }
    opened
}

/// The roots that a collection must keep for it.
pub(crate) fn roots(
    mfs: &Result<Mfs, MfsError>,
    rows: &dyn Rows,
) -> Result<Arc<ExtraRoots>, RowError> {
    Ok(match mfs {
        Ok(mfs) => {
            let mfs = mfs.clone();
            Arc::new(move || mfs.roots())
        }
        // The remaining blocks of a tree that cannot be opened may be all that can be recovered.
        Err(_) => {
            let root = rows.mfs_root()?;
            let roots: Vec<Root> = root
                .into_iter()
                .map(|cid| Root {
                    cid,
                    recursive: true,
                })
                .collect();
            Arc::new(move || Ok(roots.clone()))
        }
    })
}

/// Import settings for new content: `Import` and `Internal.MFSNoFlushLimit`.
fn settings(config: &Config) -> Result<Settings, MfsError> {
    let mut settings = Settings::new()?;
    let limit = config.internal.mfs_no_flush_limit;
    settings.max_unflushed =
        limit.map_or(DEFAULT_UNFLUSHED, |limit| u64::try_from(limit).unwrap_or(0));
    match ImportOptions::from(&config.import).format() {
        Ok(format) => settings.format = format,
        Err(error) => {
            // Whether leaves are raw is a setting of its own, which the others do not spoil.
            settings.format.raw_leaves = config.import.unixfs_raw_leaves;
            tracing::warn!(%error, "the mutable file system ignores the invalid settings of Import");
        }
    }
    Ok(settings)
}
