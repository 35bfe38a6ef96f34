//! Permissions, times, and the CID format of directories.

use bytes::Bytes;
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::unixfs::{BuildError, CidMaker, Mtime, NodeKind, UnixFs};
use cairn_primitives::{Cid, Version, codec::dag_pb};

use super::directory::Change;
use super::editor::{Editor, MfsNode, NodeLink};
use super::file::now;
use super::{Mfs, MfsError, MfsPath, TreeChange};

impl Mfs {
    /// Sets the permissions of a file or a directory; 0 removes them. Always flushes.
    ///
    /// Kubo reads the number as Go's `FileMode`: of the bits below, only the nine of `rwxrwxrwx` count.
    ///
    /// # Errors
    /// [`MfsError::NotFound`].
    pub async fn chmod(&self, path: &MfsPath, mode: u32) -> Result<(), MfsError> {
        let permissions = ((mode & 0xC0_0000) >> 12) | ((mode & (1 << 20)) >> 11) | (mode & 0o777);
        self.set_attributes(path, move |fs| {
            let kept = fs.mode.unwrap_or(0) & !0o7777;
            fs.mode = Some(kept | permissions).filter(|_| kept != 0 || permissions != 0);
        })
        .await
    }

    /// Sets the time of modification, to now when there is none. Always flushes.
    ///
    /// # Errors
    /// [`MfsError::NotFound`].
    pub async fn touch(&self, path: &MfsPath, mtime: Option<Mtime>) -> Result<(), MfsError> {
        let mtime = mtime.unwrap_or_else(now);
        self.set_attributes(path, move |fs| {
            fs.mtime = Some(Mtime {
                seconds: mtime.seconds,
                nanos: mtime.nanos.filter(|&nanos| nanos > 0),
            });
        })
        .await
    }

    async fn set_attributes(
        &self,
        path: &MfsPath,
        set: impl Fn(&mut UnixFs) + Send,
    ) -> Result<(), MfsError> {
        let path = path.clone().without_slash();
        let _file = self.lock_file(&path).await;
        let editor = self.editor();
        let mut change = self.change().await;
        let cid = editor.find(&change.root, path.names()).await?;
        let (found, _) = editor.load(&cid).await?;
        let (mut node, mut fs, maker) = match found {
            MfsNode::Raw(data) => (dag_pb::Node::default(), file_of(data), oldest()?),
            MfsNode::Node(found) => (found.node, found.fs, CidMaker::like(&cid)?),
        };
        set(&mut fs);
        node.data = Some(fs.encode());
        self.replace(&editor, &mut change, &path, &maker, &node)
            .await?;
        change.commit();
        self.flush_tree().await
    }

    /// Changes the CID format of a directory. Its entries keep theirs.
    ///
    /// # Errors
    /// [`MfsError::RootForm`], [`MfsError::OnlyDirectories`], [`MfsError::NotFound`].
    pub async fn chcid(
        &self,
        path: &MfsPath,
        maker: Option<&CidMaker>,
        flush: bool,
    ) -> Result<(), MfsError> {
        if path.is_root() {
            return Err(MfsError::RootForm);
        }
        let path = path.clone().without_slash();
        let editor = self.editor();
        let mut change = self.change().await;
        if let Some(maker) = maker {
            let cid = editor.find(&change.root, path.names()).await?;
            let Some(directory) = editor.directory(&cid).await? else {
                return Err(MfsError::OnlyDirectories {
                    path: path.to_string(),
                });
            };
            self.replace(&editor, &mut change, &path, maker, &directory.node)
                .await?;
        } else if flush {
            editor.find(&change.root, path.names()).await?;
        }
        change.commit();
        match path.split() {
            Some((above, _)) if flush => self.flush_directory(&above).await,
            _ => Ok(()),
        }
    }

    /// Puts a node into the place of what a path leads to.
    async fn replace(
        &self,
        editor: &Editor<'_>,
        change: &mut TreeChange<'_>,
        path: &MfsPath,
        maker: &CidMaker,
        node: &dag_pb::Node,
    ) -> Result<(), MfsError> {
        let settings = self.settings();
        if path.is_root() {
            change.root = editor.put(&settings.format.cid, node).await?.cid;
            return Ok(());
        }
        let made: NodeLink = editor.put(maker, node).await?;
        let root: Cid = change.root.clone();
        change.root = editor
            .change_at(
                settings,
                &root,
                path,
                Change::Set(made),
                &mut change.growths,
            )
            .await?;
        Ok(())
    }
}

/// A raw block has no place for attributes: its bytes go into a node.
fn file_of(data: Bytes) -> UnixFs {
    UnixFs {
        file_size: Some(data.len() as u64),
        data: Some(data),
        ..UnixFs::new(NodeKind::File)
    }
}

/// How Kubo names the node that it makes of a raw block.
fn oldest() -> Result<CidMaker, BuildError> {
    CidMaker::new(Version::V0, HashFunction::from_code(SHA2_256)?)
}
