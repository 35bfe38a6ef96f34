//! Writing files.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::unixfs::chunker::Chunker;
use cairn_primitives::unixfs::{CidMaker, NodeKind, UnixFs};
use cairn_primitives::{Cid, Codec};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

use super::directory::Change;
use super::editor::{Editor, MfsNode, NodeLink};
use super::file::{FileEdit, Source};
use super::{MAX_FILE, Mfs, MfsError, MfsPath};

/// The bytes to write, as a stream.
pub type Body<'a> = BoxStream<'a, Result<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

/// Bytes that are gathered before they go into the file.
const GATHERED: usize = 2 << 20;

/// Options for writing a file.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Where to begin, in bytes. A gap past the end is filled with zeros.
    pub offset: u64,
    /// Creates the file if it does not exist.
    pub create: bool,
    /// Creates parent directories.
    pub parents: bool,
    /// Empties the file first.
    pub truncate: bool,
    /// Maximum number of bytes to write.
    pub count: Option<u64>,
    /// Whether new leaves are raw; by default as the settings say, or else as the version of the file's CID.
    pub raw_leaves: Option<bool>,
    /// The CID format of new files and directories, if not the default.
    pub cid: Option<CidMaker>,
    /// Whether it is durable when the call returns.
    pub flush: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            offset: 0,
            create: false,
            parents: false,
            truncate: false,
            count: None,
            raw_leaves: None,
            cid: None,
            flush: true,
        }
    }
}

impl Mfs {
    /// Writes to a file: overwrites existing bytes, and appends. Writes to a file are serialized; others see the old
    /// content until the write is complete.
    ///
    /// # Errors
    /// [`MfsError::NotFound`], [`MfsError::NotFile`], [`MfsError::Symlink`], [`MfsError::Body`].
    pub async fn write(
        &self,
        path: &MfsPath,
        options: &WriteOptions,
        body: Body<'_>,
    ) -> Result<(), MfsError> {
        self.count(options.flush)?;
        if options.offset > MAX_FILE {
            return Err(MfsError::FileTooLong);
        }
        let Some((above, _)) = path.split().filter(|_| !path.has_slash()) else {
            return Err(if path.is_root() {
                MfsError::NotFile {
                    path: path.to_string(),
                }
            } else {
                MfsError::NotFound {
                    path: path.to_string(),
                }
            });
        };
        let _file = self.lock_file(path).await;
        // What the file is made of now is kept from collection until the new one is in its place.
        let reading = self.reading();
        let editor = self.editor();
        let before = self
            .before(&editor, &reading.root, path, &above, options)
            .await?;
        let made = self
            .written(&editor, before.as_ref(), options, body)
            .await?;

        let mut change = self.change().await;
        let root = change.root.clone();
        let now = match editor.find(&root, path.names()).await {
            Ok(cid) => Some(cid),
            Err(MfsError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        match (&before, now) {
            (Some(before), Some(now)) if *before == now => {}
            (None, None) => {
                if options.parents {
                    let maker = options.cid.as_ref().unwrap_or(&self.settings().format.cid);
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
            }
            (None, Some(_)) => {
                return Err(MfsError::AlreadyExists {
                    path: path.to_string(),
                });
            }
            // The file was removed or replaced meanwhile: it is as if that came after the write.
            (Some(_), _) => return Ok(()),
        }
        let root = change.root.clone();
        change.root = editor
            .change_at(
                self.settings(),
                &root,
                path,
                Change::Set(made),
                &mut change.growths,
            )
            .await?;
        change.commit();
        if options.flush {
            self.flush_directory(&above).await?;
        }
        Ok(())
    }

    /// The file as it is; `None` when it is to be made.
    async fn before(
        &self,
        editor: &Editor<'_>,
        root: &Cid,
        path: &MfsPath,
        above: &MfsPath,
        options: &WriteOptions,
    ) -> Result<Option<Cid>, MfsError> {
        let cid = match editor.find(root, path.names()).await {
            Ok(cid) => cid,
            Err(MfsError::NotFound { .. }) if options.create => {
                if !options.parents {
                    editor.parent(root, above.names(), path.names()).await?;
                }
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        match editor.load(&cid).await?.0 {
            MfsNode::Node(node) if node.fs.kind.is_directory() => Err(MfsError::NotFile {
                path: path.to_string(),
            }),
            found if found.is_symlink() => Err(MfsError::Symlink {
                path: path.to_string(),
            }),
            _ => Ok(Some(cid)),
        }
    }

    /// The file as it is to be.
    async fn written(
        &self,
        editor: &Editor<'_>,
        before: Option<&Cid>,
        options: &WriteOptions,
        mut body: Body<'_>,
    ) -> Result<NodeLink, MfsError> {
        let settings = self.settings();
        let (cid, data) = match before {
            Some(cid) => (cid.clone(), editor.blocks.get(cid).await?),
            None => empty_file(options.cid.as_ref().unwrap_or(&settings.format.cid))?,
        };
        let raw_leaves = options.raw_leaves.or(settings.format.raw_leaves);
        let mut edit = FileEdit::open(editor, &cid, &data, raw_leaves)?;
        if options.truncate {
            edit.cut(0).await?;
        }
        if options.offset > edit.size() {
            let gap = options.offset - edit.size();
            edit.append(Source::zeros(gap)).await?;
        }
        let mut at = options.offset;
        let mut left = options.count.unwrap_or(u64::MAX);
        let mut over: Vec<u8> = Vec::new();
        let mut chunker = Chunker::new(&settings.format.chunker);
        let mut chunks: VecDeque<Bytes> = VecDeque::new();
        let mut gathered = 0;
        // The bytes that the file has are written over first; `size` does not change by that.
        let size = edit.size();
        while left > 0
            && let Some(next) = body.next().await
        {
            let mut bytes = next.map_err(|error| MfsError::Body(Arc::from(error)))?;
            bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()));
            left -= bytes.len() as u64;
            let end = at + over.len() as u64;
            if end < size {
                let fits = usize::try_from(size - end).unwrap_or(usize::MAX);
                let rest = bytes.split_off(fits.min(bytes.len()));
                over.extend_from_slice(&bytes);
                bytes = rest;
                if over.len() >= GATHERED {
                    edit.overwrite(at, &over).await?;
                    at += over.len() as u64;
                    over.clear();
                }
            }
            if bytes.is_empty() {
                continue;
            }
            chunker.push(bytes, &mut |chunk| {
                gathered += chunk.len();
                chunks.push_back(chunk);
            });
            if gathered >= GATHERED {
                edit.overwrite(at, &over).await?;
                at += over.len() as u64;
                over.clear();
                let source = Source::Chunks(std::mem::take(&mut chunks));
                if edit.size().saturating_add(gathered as u64) > MAX_FILE {
                    return Err(MfsError::FileTooLong);
                }
                gathered = 0;
                edit.append(source).await?;
            }
        }
        edit.overwrite(at, &over).await?;
        chunker.finish(&mut |chunk| {
            gathered += chunk.len();
            chunks.push_back(chunk);
        });
        if edit.size().saturating_add(gathered as u64) > MAX_FILE {
            return Err(MfsError::FileTooLong);
        }
        edit.append(Source::Chunks(chunks)).await?;
        edit.finish().await
    }
}

/// A file without bytes.
fn empty_file(maker: &CidMaker) -> Result<(Cid, Bytes), MfsError> {
    let fs = UnixFs {
        file_size: Some(0),
        ..UnixFs::new(NodeKind::File)
    };
    let node = dag_pb::Node {
        links: Vec::new(),
        data: Some(fs.encode()),
    };
    let data = Bytes::from(node.encode());
    Ok((maker.make(Codec::DAG_PB, &data)?, data))
}
