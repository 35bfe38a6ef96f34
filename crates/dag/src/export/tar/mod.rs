//! A UnixFS tree as a tar archive, streamed.

mod header;

use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher as _;

use bytes::Bytes;
use cairn_primitives::ByteString;
use cairn_primitives::unixfs::Mtime;
use foldhash::quality::RandomState;

use self::header::{BLOCK, Member, Type};
use super::{Content, ExportError, FileReader, Node};
use crate::directory::{Directory, Entries, ExaminedEntries};

/// Bytes of zeros that end an archive.
const TRAILER: usize = 2 * BLOCK;

/// How members are written.
#[derive(Clone, Copy, Debug)]
pub struct TarOptions {
    /// The time of members that have none: that of the export.
    pub now: Mtime,
    /// Whether fractions of seconds are kept, in PAX records.
    pub nanos: bool,
    /// Whether names such as `../file` are taken as paths below the top member, as Kubo's gateway does, instead of
    /// refused. Only files may have them, and only in archives without symbolic links: through such a link a tool that
    /// unpacks would write elsewhere.
    pub relative: bool,
}

/// Maximum length of the path of a member, in bytes: no system supports longer ones, and every member below repeats
/// it.
pub const MAX_TAR_PATH: usize = 1 << 20;
/// Bytes of directories that an archive holds beside the outermost that is open. At the bound the outermost is set
/// aside: it is read again when its next member is due, after this many bytes of others.
const OPEN: usize = 8 << 20;
/// Symbolic links of one archive that are remembered in directories that have a name twice. No tool makes such.
const MAX_LINKS: usize = 1 << 17;

/// A directory whose members are being written.
struct Level {
    directory: Directory,
    /// `None` while it is set aside.
    entries: Option<Members>,
    /// Members that have been written.
    passed: u64,
    /// Bytes that the entries hold.
    held: usize,
    /// Length of the directory's path.
    path: usize,
    /// Names of the symbolic links that came by, as their hashes, where a name may come twice. A later member of the same
    /// name would be written through the link by a tool that unpacks.
    links: Option<HashSet<[u64; 2]>>,
}

type Members = ExaminedEntries<(ByteString, Result<Node, ExportError>)>;

fn members(entries: Entries) -> Members {
    ExaminedEntries::new(entries, |blocks, entry| {
        Box::pin(async move {
            let node = Node::open(&blocks, &entry.cid).await;
            (entry.name, node)
        })
    })
}

/// Writes a tar archive of what is reachable from a node, directories before their members, in the order of the
/// directory.
pub struct Tar {
    options: TarOptions,
    levels: Vec<Level>,
    /// Bytes that the levels hold, and the first that is not set aside.
    held: usize,
    outermost: usize,
    /// Links that the levels remember, and how their names are hashed.
    links: usize,
    hashers: [RandomState; 2],
    /// The path of the last member.
    path: Vec<u8>,
    /// Length of the name of the top member.
    top: usize,
    /// Whether there was a member with a relative name, and whether there was a symbolic link.
    is_relative: bool,
    has_links: bool,
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
            held: 0,
            outermost: 0,
            links: 0,
            hashers: Default::default(),
            path: Vec::new(),
            top: name.len(),
            is_relative: false,
            has_links: false,
            file: None,
            ready: VecDeque::new(),
            finished: false,
        };
        check_name(name)?;
        tar.path = name.to_vec();
        tar.member(node);
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
            let Some(entries) = &mut level.entries else {
                let mut entries = level.directory.open().await?;
                for _ in 0..level.passed {
                    tokio::task::consume_budget().await;
                    entries.next().await?;
                }
                level.held = entries.held();
                level.entries = Some(members(entries));
                self.held += level.held;
                self.outermost = self.levels.len() - 1;
                continue;
            };
            let Some((name, node)) = entries.next().await? else {
                self.leave();
                continue;
            };
            level.passed += 1;
            let is_relative = check_name(&name).is_err();
            let hash = self.hashers.each_ref().map(|hasher| hasher.hash_one(&name));
            let node = node?;
            if let Some(links) = &mut level.links {
                if links.contains(&hash) {
                    return Err(ExportError::OutsideRoot);
                }
                if matches!(node.content, Content::Symlink(_)) && links.insert(hash) {
                    self.links += 1;
                    if self.links > MAX_LINKS {
                        return Err(ExportError::TooManyLinks);
                    }
                }
            }
            self.path.truncate(level.path);
            if self.path.len() + name.len() >= MAX_TAR_PATH {
                return Err(ExportError::PathTooLong);
            }
            self.has_links |= matches!(node.content, Content::Symlink(_));
            self.is_relative |= is_relative;
            if self.is_relative && self.has_links {
                return Err(ExportError::OutsideRoot);
            }
            if is_relative {
                let is_file = matches!(node.content, Content::File(_));
                let path = below_top(&self.path, self.top, &name);
                self.path = path
                    .filter(|_| is_file && self.options.relative)
                    .ok_or(ExportError::OutsideRoot)?;
            } else {
                self.path.push(b'/');
                self.path.extend_from_slice(&name);
            }
            self.member(node);
        }
    }

    /// Closes the innermost directory.
    fn leave(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.held -= level.held;
            self.links -= level.links.map_or(0, |links| links.len());
        }
        self.outermost = self.outermost.min(self.levels.len());
    }

    /// Opens a directory, which is the last member, and sets outer ones aside where they hold too much.
    fn enter(&mut self, entries: Entries) {
        let held = entries.held();
        self.held += held;
        self.levels.push(Level {
            directory: entries.directory(),
            passed: 0,
            held,
            path: self.path.len(),
            links: entries.may_repeat().then(HashSet::new),
            entries: Some(members(entries)),
        });
        while self.outermost + 1 < self.levels.len()
            && let Some(level) = self.levels.get_mut(self.outermost)
            && self.held - level.held > OPEN
        {
            level.entries = None;
            self.held -= std::mem::take(&mut level.held);
            self.outermost += 1;
        }
    }

    fn member(&mut self, node: Node) {
        let (kind, target, size, default_mode) = match &node.content {
            Content::File(file) => (Type::File, &b""[..], file.size(), 0o644),
            Content::Symlink(target) => (Type::Symlink, target.as_bytes(), 0, 0o777),
            Content::Directory(_) => (Type::Directory, &b""[..], 0, 0o755),
        };
        let member = Member {
            kind,
            path: &self.path,
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
            Content::Directory(entries) => self.enter(entries),
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

/// The path of a relative name in a directory, if it stays below the top member.
fn below_top(directory: &[u8], top: usize, name: &[u8]) -> Option<Vec<u8>> {
    if name.starts_with(b"/") || name.ends_with(b"/") || name.contains(&0) {
        return None;
    }
    let mut path = directory.to_vec();
    for part in name.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                let slash = path.iter().rposition(|&byte| byte == b'/')?;
                path.truncate(slash);
            }
            part => {
                path.push(b'/');
                path.extend_from_slice(part);
            }
        }
    }
    // The name of the top member is one component, which nothing above removed.
    (path.len() > top + 1).then_some(path)
}

/// A member's name is one component of a path, and stays below its directory.
fn check_name(name: &[u8]) -> Result<(), ExportError> {
    let hostile =
        matches!(name, b"" | b"." | b"..") || name.iter().any(|byte| matches!(byte, b'/' | 0));
    if hostile {
        Err(ExportError::OutsideRoot)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names_stay_below_the_top() {
        for (directory, name, expected) in [
            ("top/a/b", "../file", Some("top/a/file")),
            ("top/a", "x/./y", Some("top/a/x/y")),
            ("top/a", "../file", Some("top/file")),
            ("top/a", "..", None),
            ("top", "../file", None),
            ("top/a", "../../file", None),
            ("top/a", "../../../file", None),
            ("top/a", "/etc/x", None),
            ("top/a", "x/", None),
        ] {
            let path = below_top(directory.as_bytes(), 3, name.as_bytes());
            let path = path.map(|path| String::from_utf8(path).unwrap());
            assert_eq!(path.as_deref(), expected, "{directory} {name}");
        }
    }
}
