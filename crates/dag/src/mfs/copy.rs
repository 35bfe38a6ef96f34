//! Copies and moves.

use std::sync::Arc;

use cairn_primitives::bytestring::to_text;
use cairn_primitives::path::ContentPath;
use cairn_primitives::unixfs::CidMaker;
use cairn_primitives::{Cid, Codec};
use cairn_store::block::Root;

use super::directory::Change;
use super::editor::{Editor, MfsNode, NodeLink};
use super::file::FileEdit;
use super::{Mfs, MfsError, MfsPath, TreeChange};
use crate::error::NodeError;
use crate::resolve;

/// Options for copying.
#[derive(Clone, Debug)]
pub struct CopyOptions {
    /// Replaces an existing file.
    pub force: bool,
    /// Creates parent directories of the destination.
    pub parents: bool,
    /// The CID format of those directories, if not the default.
    pub cid: Option<CidMaker>,
    /// Whether the copy is durable when the call returns.
    pub flush: bool,
}

impl Default for CopyOptions {
    fn default() -> Self {
        Self {
            force: false,
            parents: false,
            cid: None,
            flush: true,
        }
    }
}

impl Mfs {
    /// Copies an `/ipfs` path or an MFS path. Only the root block of an `/ipfs` path is fetched; local blocks below
    /// it are protected. If the destination ends with a slash, it is a directory to copy into.
    ///
    /// # Errors
    /// [`MfsError::CopySource`], [`MfsError::NotUnixFs`], [`MfsError::CopyReplace`], [`MfsError::CopyPut`],
    /// [`MfsError::CopyFlush`]; what went wrong is their source.
    pub async fn cp(
        &self,
        from: impl AsRef<[u8]>,
        to: &MfsPath,
        options: &CopyOptions,
    ) -> Result<(), MfsError> {
        let from = from.as_ref();
        let end = from
            .iter()
            .rposition(|&byte| byte != b'/')
            .map_or(0, |at| at + 1);
        let from = from.get(..end).unwrap_or_default();
        let name = from.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let to = match to.file_name() {
            Some(_) => to.clone(),
            None if name.is_empty() => to.clone(),
            None => to.clone().without_slash().join(name),
        };
        let editor = self.editor();
        // A path of the tree is looked up when it is the turn of this change, so that nothing removes it in between.
        let outside = if from.starts_with(b"/ipfs/") {
            Some(self.outside(&editor, from).await?)
        } else {
            None
        };
        let mut change = self.change().await;
        let source = match outside {
            Some(cid) => cid,
            None => {
                let path = MfsPath::new(if from.is_empty() { b"/" } else { from })?;
                editor
                    .find(&change.root, path.names())
                    .await
                    .map_err(|error| MfsError::CopySource {
                        path: to_text(from).into_owned(),
                        source: Box::new(error),
                    })?
            }
        };
        let (made, is_link) = self.copied(&editor, &source).await?;
        if options.parents
            && let Some((above, _)) = to.split()
        {
            let maker = options.cid.as_ref().unwrap_or(&self.settings().format.cid);
            let root = change.root.clone();
            change.root = editor
                .make_directories(
                    self.settings(),
                    &root,
                    above.names(),
                    maker,
                    &mut change.growths,
                )
                .await?;
        }
        if options.force {
            self.unlink_file(&editor, &mut change, &to).await?;
        }
        self.count(options.flush)?;
        let root = change.root.clone();
        change.root = editor
            .change_at(
                self.settings(),
                &root,
                &to,
                Change::Insert(made),
                &mut change.growths,
            )
            .await
            .map_err(|error| MfsError::CopyPut {
                path: to.to_string(),
                source: Box::new(error),
            })?;
        change.commit();
        if !options.flush {
            return Ok(());
        }
        let flush_failed = |error| MfsError::CopyFlush {
            path: to.to_string(),
            source: Box::new(error),
        };
        if is_link {
            return Err(flush_failed(MfsError::Symlink {
                path: to.to_string(),
            }));
        }
        if let Some((above, _)) = to.split() {
            self.flush_directory(&above).await.map_err(flush_failed)?;
        }
        Ok(())
    }

    /// Where an `/ipfs` path leads; fetches its block, and holds what is here of the blocks below.
    async fn outside(&self, editor: &Editor<'_>, from: &[u8]) -> Result<Cid, MfsError> {
        let failed = |source: MfsError| MfsError::CopySource {
            path: to_text(from).into_owned(),
            source: Box::new(source),
        };
        let cid = self.resolved(editor, from).await.map_err(failed)?;
        let unusable = |reason| MfsError::NotUnixFs {
            cid: cid.clone(),
            reason,
        };
        if !matches!(cid.codec(), Codec::RAW | Codec::DAG_PB) {
            return Err(unusable(None));
        }
        editor
            .blocks
            .get(&cid)
            .await
            .map_err(|error| failed(error.into()))?;
        let (store, hold) = (Arc::clone(editor.blocks.store()), editor.hold().clone());
        let root = Root {
            cid: cid.clone(),
            recursive: true,
        };
        let touch = move || {
            let mut failed = None;
            let walked = store.walk(&[root], &mut |cid, present| {
                if present && cid.hash().identity_data().is_none() {
                    failed = hold.touch_blocking(cid.hash()).err();
                }
                present && failed.is_none()
            });
            failed.map_or(walked, Err)
        };
        // One raw block is not worth a thread.
        let touched = if cid.codec() == Codec::RAW {
            let hold = editor.hold();
            hold.touch(cid.hash()).await.map(drop)
        } else {
            tokio::task::spawn_blocking(touch)
                .await
                .map_err(|_| MfsError::Interrupted)?
        };
        match touched {
            // What cannot be read has nothing below it that could be kept.
            Ok(()) | Err(cairn_store::BlockError::Undecodable { .. }) => Ok(cid),
            Err(error) => Err(error.into()),
        }
    }

    /// Where an `/ipfs` path leads.
    pub(super) async fn resolved(&self, editor: &Editor<'_>, path: &[u8]) -> Result<Cid, MfsError> {
        let not_found = |_| MfsError::NotFound {
            path: to_text(path).into_owned(),
        };
        let parsed = ContentPath::parse(path).map_err(not_found)?;
        let found = resolve::resolve(&editor.blocks, &parsed).await?;
        if !found.remainder.is_empty() {
            // A value inside a block is neither a file nor a directory.
            return Err(MfsError::NotUnixFs {
                cid: found.cid,
                reason: None,
            });
        }
        Ok(found.cid)
    }

    /// What becomes of a source in its new place, and whether it is a symbolic link.
    async fn copied(&self, editor: &Editor<'_>, cid: &Cid) -> Result<(NodeLink, bool), MfsError> {
        let data = editor.blocks.get(cid).await?;
        let found = super::editor::read(cid, &data).map_err(|error| match error {
            NodeError::Fetch(_) => error.into(),
            error => MfsError::NotUnixFs {
                cid: cid.clone(),
                reason: Some(Arc::new(error)),
            },
        })?;
        let made = NodeLink {
            cid: cid.clone(),
            tree_size: found.tree_size(data.len()),
        };
        let is_file = match &found {
            MfsNode::Raw(_) => false,
            MfsNode::Node(node) => node.fs.kind.is_file() && node.node.links.len() == 1,
        };
        if !is_file {
            return Ok((made, found.is_symlink()));
        }
        // A file of one raw leaf becomes that leaf, as when it is written.
        match FileEdit::open(editor, cid, &data, None) {
            Ok(edit) => Ok((edit.only_raw_leaf().unwrap_or(made), false)),
            Err(_) => Ok((made, false)),
        }
    }

    /// Removes a file that stands in the place of a copy. What is not there is no error.
    async fn unlink_file(
        &self,
        editor: &Editor<'_>,
        change: &mut TreeChange<'_>,
        path: &MfsPath,
    ) -> Result<(), MfsError> {
        let failed = |error| MfsError::CopyReplace {
            path: path.to_string(),
            source: Box::new(error),
        };
        let cid = match editor.find(&change.root, path.names()).await {
            Ok(cid) => cid,
            Err(MfsError::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        if editor.directory(&cid).await?.is_some() {
            return Err(failed(MfsError::NotFile {
                path: path.to_string(),
            }));
        }
        let root = change.root.clone();
        change.root = editor
            .change_at(
                self.settings(),
                &root,
                path,
                Change::Remove,
                &mut change.growths,
            )
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Moves a file or a directory. If the destination is a directory, or ends with a slash, the source is moved into
    /// it; an existing file is replaced.
    ///
    /// # Errors
    /// [`MfsError::NotFound`], [`MfsError::AlreadyExists`], [`MfsError::IntoItself`].
    pub async fn mv(&self, from: &MfsPath, to: &MfsPath, flush: bool) -> Result<(), MfsError> {
        self.count(flush)?;
        let not_there = || MfsError::NotFound {
            path: from.to_string(),
        };
        let name = from.file_name().ok_or_else(not_there)?;
        let settings = self.settings();
        let editor = self.editor();
        let mut change = self.change().await;
        let mut target = match to.file_name() {
            Some(_) => to.clone(),
            None => {
                let above = to.clone().without_slash();
                editor
                    .parent(&change.root, above.names(), above.names())
                    .await?;
                above.join(name)
            }
        };
        if let Some((above, _)) = target.split() {
            editor
                .parent(&change.root, above.names(), target.names())
                .await?;
        }
        let source = editor.find(&change.root, from.names()).await?;
        let mut is_set = false;
        match editor.find(&change.root, target.names()).await {
            Ok(there) if editor.directory(&there).await?.is_some() => target = target.join(name),
            Ok(_) => is_set = true,
            Err(MfsError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        if target != *from && target.is_within(from) {
            return Err(MfsError::IntoItself {
                from: from.to_string(),
                to: target.to_string(),
            });
        }
        if target != *from {
            let made = editor.made(&source).await?;
            let put = if is_set {
                Change::Set(made)
            } else {
                Change::Insert(made)
            };
            let root = change.root.clone();
            let root = editor
                .change_at(settings, &root, &target, put, &mut change.growths)
                .await?;
            change.root = editor
                .change_at(settings, &root, from, Change::Remove, &mut change.growths)
                .await?;
            change.growths.close(from.names());
            change.growths.close(target.names());
        }
        if flush {
            // As in Kubo, all that is below the root is opened again afterwards.
            change.growths.close_below(&[]);
        }
        change.commit();
        if flush {
            self.flush_tree().await?;
        }
        Ok(())
    }
}
