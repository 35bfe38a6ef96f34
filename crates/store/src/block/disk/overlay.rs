//! A read-only disk: writes stay in memory.
//!
//! A read-only repository may still need its index repaired or its last records replayed. With this disk the same
//! code does both, and discards the result.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::{Access, Disk, DiskFile, DiskLock};

const PAGE: usize = 4096;

/// A view of another disk that keeps its changes in memory.
#[derive(Debug)]
pub(crate) struct OverlayDisk {
    below: Arc<dyn Disk>,
    /// Files that were opened for writing here; `None` marks one that was removed.
    files: Mutex<BTreeMap<String, Option<Arc<OverlayFile>>>>,
}

impl OverlayDisk {
    pub(crate) fn new(below: Arc<dyn Disk>) -> Self {
        Self {
            below,
            files: Mutex::default(),
        }
    }
}

fn absent() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for OverlayDisk {
    fn open(&self, path: &str, access: Access, _direct: bool) -> io::Result<Arc<dyn DiskFile>> {
        let mut files = self.files.lock();
        let known = files.get(path).cloned();
        match (known, access) {
            (Some(Some(_)), Access::Create) => Err(io::ErrorKind::AlreadyExists.into()),
            (Some(Some(file)), _) => Ok(file),
            (Some(None), Access::Read | Access::Write) => Err(absent()),
            (Some(None), Access::Create) => {
                let file = Arc::new(OverlayFile::new(None)?);
                files.insert(path.to_owned(), Some(Arc::clone(&file)));
                Ok(file)
            }
            (None, Access::Read) => self.below.open(path, Access::Read, false),
            (None, Access::Write | Access::Create) => {
                let below = match self.below.open(path, Access::Read, false) {
                    Ok(_) if access == Access::Create => {
                        return Err(io::ErrorKind::AlreadyExists.into());
                    }
                    Ok(file) => Some(file),
                    Err(error)
                        if access == Access::Create && error.kind() == io::ErrorKind::NotFound =>
                    {
                        None
                    }
                    Err(error) => return Err(error),
                };
                let file = Arc::new(OverlayFile::new(below)?);
                files.insert(path.to_owned(), Some(Arc::clone(&file)));
                Ok(file)
            }
        }
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let mut names: std::collections::BTreeSet<String> = match self.below.list(dir) {
            Ok(names) => names.into_iter().collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Default::default(),
            Err(error) => return Err(error),
        };
        for (path, file) in &*self.files.lock() {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            if parent == dir {
                if file.is_some() {
                    names.insert(name.to_owned())
                } else {
                    names.remove(name)
                };
            }
        }
        Ok(names.into_iter().collect())
    }

    fn make_dir(&self, _dir: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.open(path, Access::Read, false)?;
        self.files.lock().insert(path.to_owned(), None);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.open(from, Access::Write, false)?;
        let mut files = self.files.lock();
        let moved = files.insert(from.to_owned(), None).flatten();
        files.insert(to.to_owned(), moved);
        Ok(())
    }

    fn sync_dir(&self, _dir: &str) -> io::Result<()> {
        Ok(())
    }

    fn free_space(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn lock(&self, path: &str, _shared: bool) -> io::Result<Option<Box<dyn DiskLock>>> {
        self.below.lock(path, true)
    }
}

#[derive(Debug)]
struct Content {
    len: u64,
    /// Bytes of the file below that still count: what was cut away does not come back when the file grows.
    below_len: u64,
    pages: HashMap<u64, Box<[u8]>>,
}

#[derive(Debug)]
struct OverlayFile {
    below: Option<Arc<dyn DiskFile>>,
    content: RwLock<Content>,
}

impl OverlayFile {
    fn new(below: Option<Arc<dyn DiskFile>>) -> io::Result<Self> {
        let len = below.as_ref().map_or(Ok(0), |file| file.len())?;
        Ok(Self {
            below,
            content: RwLock::new(Content {
                len,
                below_len: len,
                pages: HashMap::new(),
            }),
        })
    }

    fn below_page(&self, content: &Content, page: u64, out: &mut [u8]) -> io::Result<()> {
        out.fill(0);
        let at = page * PAGE as u64;
        if let Some(below) = &self.below
            && at < content.below_len
        {
            let len = usize::try_from(content.below_len - at)
                .unwrap_or(PAGE)
                .min(out.len());
            below.read_at(at, out.get_mut(..len).unwrap_or_default())?;
        }
        Ok(())
    }
}

impl DiskFile for OverlayFile {
    fn is_cached(&self, _offset: u64, _len: u64) -> bool {
        // Only an index is opened through an overlay, and nobody asks for it.
        false
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let content = self.content.read();
        let count = usize::try_from(content.len.saturating_sub(offset))
            .unwrap_or(usize::MAX)
            .min(out.len());
        let mut done = 0;
        let mut scratch = vec![0; PAGE];
        while done < count {
            let at = offset + done as u64;
            let (page, within) = (at / PAGE as u64, (at % PAGE as u64) as usize);
            let take = (PAGE - within).min(count - done);
            let from = match content.pages.get(&page) {
                Some(bytes) => bytes,
                None => {
                    self.below_page(&content, page, &mut scratch)?;
                    &scratch[..]
                }
            };
            if let (Some(to), Some(from)) = (
                out.get_mut(done..done + take),
                from.get(within..within + take),
            ) {
                to.copy_from_slice(from);
            }
            done += take;
        }
        Ok(count)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut content = self.content.write();
        let mut done = 0;
        while done < data.len() {
            let at = offset + done as u64;
            let (page, within) = (at / PAGE as u64, (at % PAGE as u64) as usize);
            let take = (PAGE - within).min(data.len() - done);
            if !content.pages.contains_key(&page) {
                let mut bytes = vec![0; PAGE].into_boxed_slice();
                self.below_page(&content, page, &mut bytes)?;
                content.pages.insert(page, bytes);
            }
            if let Some(to) = content
                .pages
                .get_mut(&page)
                .and_then(|bytes| bytes.get_mut(within..within + take))
                && let Some(from) = data.get(done..done + take)
            {
                to.copy_from_slice(from);
            }
            done += take;
        }
        content.len = content.len.max(offset + data.len() as u64);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut content = self.content.write();
        if len < content.len {
            let edge = len / PAGE as u64;
            content.pages.retain(|page, _| *page <= edge);
            if let Some(bytes) = content
                .pages
                .get_mut(&edge)
                .and_then(|bytes| bytes.get_mut((len % PAGE as u64) as usize..))
            {
                bytes.fill(0);
            }
            content.below_len = content.below_len.min(len);
        }
        content.len = len;
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.content.read().len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        if len > self.len()? {
            self.set_len(len)
        } else {
            Ok(())
        }
    }
}
