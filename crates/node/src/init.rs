//! Creates repositories with their first content.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use cairn_dag::Pinner;
use cairn_dag::import::{FileMeta, ImportError, ImportOptions, Importer, Tree};
use cairn_dag::pin::{Below, PinError};
use cairn_primitives::ipns::{DEFAULT_LIFETIME, Record, RecordError, RecordOptions};
use cairn_primitives::keys::Keypair;
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::unixfs::directory::{DirectoryBuilder, DirectoryParams};
use cairn_primitives::unixfs::{BuildError, CidMaker};
use cairn_primitives::{Cid, ContentPath, PeerId, Version};
use cairn_store::meta::{NameRecord, RowError, Rows};
use cairn_store::{BlockError, BlockStore, Hold};

use crate::config::{Config, Profile};
use crate::error::NodeError;
use crate::identity::Identity;
use crate::keystore::NewKey;
use crate::parts::{open_rows, open_store};
use crate::repo::{Access, NewRepo, Repo, RepoError, blocks_path, rows_path};

/// Options of a new repository.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// Profiles to apply, separated by commas.
    pub profile: Option<String>,
    /// Whether to leave out the welcome text. As in Kubo, that is the default.
    pub empty_repo: bool,
    /// An initial configuration; its identity is used if it has one.
    pub config: Option<Config>,
    /// What kind of key the node gets.
    pub key: NewKey,
}

impl Default for InitOptions {
    fn default() -> Self {
        Self {
            profile: None,
            empty_repo: true,
            config: None,
            key: NewKey::Ed25519,
        }
    }
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initialized {
    /// The node's peer id.
    pub peer_id: PeerId,
    /// The directory with the file `readme`, if there is one.
    pub welcome: Option<Cid>,
}

/// Why a new repository could not be filled.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// A node could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The welcome text could not be imported.
    #[error(transparent)]
    Import(#[from] Arc<ImportError>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
    /// A pin could not be made.
    #[error(transparent)]
    Pin(#[from] Arc<PinError>),
    /// The record of the node's own name could not be made.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The record of the node's own name could not be kept.
    #[error(transparent)]
    Rows(#[from] RowError),
}

/// The file `readme` of a new repository.
const WELCOME: &str = include_str!("welcome.txt");

impl Repo {
    /// Creates a repository. It exists once this returns; leftovers of a failed attempt do not prevent the next one.
    ///
    /// As in Kubo, the empty directory is pinned, and the node's own name points at it.
    ///
    /// # Errors
    /// [`RepoError::Exists`], [`RepoError::NoProfile`], and errors of opening the parts.
    pub async fn init(path: &Path, options: &InitOptions) -> Result<Initialized, NodeError> {
        let given = options
            .config
            .as_ref()
            .filter(|config| !config.identity.priv_key.is_empty());
        let identity = match given {
            Some(config) => Identity::read(&config.identity).map_err(RepoError::from)?,
            None => Identity::generate_as(options.key).map_err(RepoError::from)?,
        };
        let mut config = match &options.config {
            Some(config) => Config {
                identity: identity.section(),
                ..config.clone()
            },
            None => Config::initial(identity.section()),
        };
        for name in options
            .profile
            .iter()
            .flat_map(|names| names.split(','))
            .filter(|name| !name.is_empty())
        {
            let profile = Profile::named(name).ok_or_else(|| RepoError::NoProfile {
                name: name.to_owned(),
            })?;
            profile.apply(&mut config).map_err(RepoError::from)?;
        }
        config.check().map_err(RepoError::from)?;

        let fresh = NewRepo::begin(path)?;
        let welcome = fill(path, &config, identity.keys(), options.empty_repo).await?;
        fresh.finish(&config).map_err(RepoError::from)?;
        Ok(Initialized {
            peer_id: identity.peer_id(),
            welcome,
        })
    }
}

/// Creates the store and the rows with their first content.
async fn fill(
    path: &Path,
    config: &Config,
    key: &Keypair,
    empty: bool,
) -> Result<Option<Cid>, NodeError> {
    let (store, _) = open_store(&blocks_path(path), Access::ReadWrite, &config.datastore)?;
    let rows: Arc<dyn Rows> = open_rows(&rows_path(path), Access::ReadWrite, &store)?;
    let store: Arc<dyn BlockStore> = store;
    let pins = Pinner::new(Arc::clone(&store), Arc::clone(&rows));
    let seeded = async {
        let folder = pin_empty_folder(&*store, &pins).await?;
        point_own_name(&*rows, key, folder).await?;
        if empty {
            Ok(None)
        } else {
            add_welcome_files(&store, &pins, ImportOptions::from(&config.import))
                .await
                .map(Some)
        }
    };
    let seeded = seeded.await.map_err(NodeError::Seed);
    rows.close().await?;
    store.close().await.map_err(NodeError::Store)?;
    seeded
}

/// Points the node's own name at a directory.
async fn point_own_name(rows: &dyn Rows, key: &Keypair, folder: Cid) -> Result<(), SeedError> {
    let valid_until = SystemTime::now() + DEFAULT_LIFETIME;
    let options = RecordOptions::new(0, valid_until);
    let record = Record::sign(key, &ContentPath::from_cid(folder), &options)?;
    let row = NameRecord {
        name: key.peer_id(),
        sequence: 0,
        record: record.as_bytes().clone(),
    };
    Ok(rows.set_name_record(row).await?)
}

async fn pin_empty_folder(store: &dyn BlockStore, pins: &Pinner) -> Result<Cid, SeedError> {
    let hold = store.hold();
    let cid = put_empty_folder(store, &hold).await?;
    pins.add_written(&hold, std::slice::from_ref(&cid), "", Below::Held)
        .await
        .map_err(Arc::new)?;
    Ok(cid)
}

/// Stores an empty directory.
pub(crate) async fn put_empty_folder(
    store: &dyn BlockStore,
    hold: &Hold,
) -> Result<Cid, SeedError> {
    let maker = CidMaker::new(
        Version::V0,
        HashFunction::from_code(SHA2_256).map_err(BuildError::from)?,
    )?;
    let mut blocks = Vec::new();
    let built = DirectoryBuilder::new(DirectoryParams::new(maker))?
        .finish(&mut |block| blocks.push(block))?;
    store.put(hold, blocks).await?;
    Ok(built.cid)
}

async fn add_welcome_files(
    store: &Arc<dyn BlockStore>,
    pins: &Pinner,
    defaults: ImportOptions,
) -> Result<Cid, SeedError> {
    let options = ImportOptions {
        wrap: true,
        ..defaults
    };
    let importer = Importer::new(Arc::clone(store), options).map_err(Arc::new)?;
    // Nobody reads the events of one file; the channel has room for all of them.
    let (events, _told) = tokio::sync::mpsc::channel(16);
    let mut tree = Tree::new(importer, events);
    let mut file = tree
        .file("readme", FileMeta::default())
        .await
        .map_err(Arc::new)?;
    file.write(Bytes::from_static(WELCOME.as_bytes()))
        .await
        .map_err(Arc::new)?;
    file.finish().await.map_err(Arc::new)?;
    let finished = tree.finish().await.map_err(Arc::new)?;
    finished.pin(pins).await.map_err(Arc::new)?;
    match finished.roots.into_iter().next() {
        Some(root) => Ok(root.cid),
        None => Err(BlockError::Cancelled.into()),
    }
}
