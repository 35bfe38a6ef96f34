//! A UnixFS tree as a tar archive, streamed.

mod header;

use std::collections::{HashSet, VecDeque};

use bytes::Bytes;
use cairn_primitives::ByteString;
use cairn_primitives::unixfs::Mtime;

use self::header::{BLOCK, Member, Type};
use super::{Content, ExportError, FileReader, Node};
use crate::directory::Looked;

/// Bytes of zeros that end an archive.
const TRAILER: usize = 2 * BLOCK;

/// How members are written.
#[derive(Clone, Copy, Debug)]
pub struct TarOptions {
    /// The time of members that have none: that of the export.
    pub now: Mtime,
    /// Whether fractions of seconds are kept, in PAX records.
    pub nanos: bool,
}

/// A directory whose members are being written.
struct Level {
    path: ByteString,
    entries: Looked<(ByteString, Result<Node, ExportError>)>,
    /// Names of the symbolic links that came by. A later member of the same name would be written through the link by a
    /// tool that unpacks.
    links: HashSet<ByteString>,
}

/// Writes a tar archive of what hangs below a node, directories before their members, in the order of the directory.
pub struct Tar {
    options: TarOptions,
    levels: Vec<Level>,
    file: Option<(FileReader, u64)>,
    ready: VecDeque<Bytes>,
    finished: bool,
}

impl Tar {
    /// Begins an archive whose only top member is `node`, under `name`.
    ///
    /// # Errors
    /// [`ExportError::OutsideRoot`] when the name is not one that a file can have.
    pub fn new(node: Node, name: &[u8], options: TarOptions) -> Result<Self, ExportError> {
        let mut tar = Self {
            options,
            levels: Vec::new(),
            file: None,
            ready: VecDeque::new(),
            finished: false,
        };
        check_name(name)?;
        tar.member(name.into(), node);
        Ok(tar)
    }

    /// The next bytes, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ExportError> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(Some(frame));
            }
            if let Some((file, size)) = &mut self.file {
                if let Some(frame) = file.next().await? {
                    return Ok(Some(frame));
                }
                let mut padding = Vec::new();
                header::pad(*size, &mut padding);
                self.file = None;
                if !padding.is_empty() {
                    return Ok(Some(padding.into()));
                }
                continue;
            }
            let Some(level) = self.levels.last_mut() else {
                if self.finished {
                    return Ok(None);
                }
                self.finished = true;
                return Ok(Some(Bytes::from_static(&[0; TRAILER])));
            };
            let Some((name, node)) = level.entries.next().await? else {
                self.levels.pop();
                continue;
            };
            check_name(&name)?;
            if level.links.contains(&name) {
                return Err(ExportError::OutsideRoot);
            }
            let node = node?;
            let path = [&*level.path, b"/", &*name].concat().into();
            if matches!(node.content, Content::Symlink(_)) {
                level.links.insert(name);
            }
            self.member(path, node);
        }
    }

    fn member(&mut self, path: ByteString, node: Node) {
        let (kind, target, size, default_mode) = match &node.content {
            Content::File(file) => (Type::File, &b""[..], file.size(), 0o644),
            Content::Symlink(target) => (Type::Symlink, target.as_bytes(), 0, 0o777),
            Content::Directory(_) => (Type::Directory, &b""[..], 0, 0o755),
        };
        let member = Member {
            kind,
            path: &path,
            target,
            mode: node.mode.unwrap_or(default_mode),
            size,
            mtime: node.mtime.unwrap_or(self.options.now),
        };
        let mut out = Vec::with_capacity(BLOCK);
        header::write(&member, self.options.nanos, &mut out);
        self.ready.push_back(out.into());
        match node.content {
            Content::File(file) => self.file = Some((file, size)),
            Content::Symlink(_) => {}
            Content::Directory(entries) => {
                let entries = Looked::new(entries, |blocks, entry| {
                    Box::pin(async move {
                        let node = Node::open(&blocks, &entry.cid).await;
                        (entry.name, node)
                    })
                });
                self.levels.push(Level {
                    path,
                    entries,
                    links: HashSet::new(),
                });
            }
        }
    }
}

impl std::fmt::Debug for Tar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tar")
            .field("options", &self.options)
            .field("depth", &self.levels.len())
            .finish_non_exhaustive()
    }
}

/// A member's name is one component of a path, and stays beneath its directory.
fn check_name(name: &[u8]) -> Result<(), ExportError> {
    let hostile =
        matches!(name, b"" | b"." | b"..") || name.iter().any(|byte| matches!(byte, b'/' | 0));
    if hostile {
        Err(ExportError::OutsideRoot)
    } else {
        Ok(())
    }
}
