//! The deny lists of a repository: files `*.deny` in its directory `denylists`, as Kubo has them.
//!
//! Changes take effect without a restart. See [`cairn_primitives::denylist`] for the format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use cairn_primitives::Cid;
use cairn_primitives::denylist::{Denylist, Refusal};
use cairn_primitives::path::ContentPath;
use parking_lot::{Mutex, RwLock};

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// Maximum size of one file, in bytes. A larger file is reported and not used; its last version that was smaller is.
const MAX_FILE: u64 = 512 << 20;
/// Maximum number of files. Further ones, in the order of their names, are reported and not used.
const MAX_FILES: usize = 64;

/// What a file was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
}

/// The lists, by the names of their files.
type Lists = BTreeMap<String, Arc<Denylist>>;

/// The deny lists of a repository. They are read when this is opened, and again when their files change: at most once a
/// second, and only if something is asked.
#[derive(Debug)]
pub struct Denylists {
    directory: PathBuf,
    lists: RwLock<Lists>,
    stamps: Mutex<BTreeMap<String, Stamp>>,
    looked: Mutex<Instant>,
    reading: AtomicBool,
    active: AtomicBool,
}

impl Denylists {
    /// Reads the lists of a directory, which need not exist.
    #[must_use]
    pub fn open(directory: PathBuf) -> Arc<Self> {
        let lists = Self {
            directory,
            lists: RwLock::default(),
            stamps: Mutex::default(),
            looked: Mutex::new(Instant::now()),
            reading: AtomicBool::new(false),
            active: AtomicBool::new(false),
        };
        lists.read();
        Arc::new(lists)
    }

    /// Whether there is any rule. Looks for changed files if that was not done for a second: in the background, in a tokio
    /// runtime.
    pub fn is_active(self: &Arc<Self>) -> bool {
        self.look();
        self.active.load(Ordering::Acquire)
    }

    /// Whether a path is refused, and by which list.
    #[must_use]
    pub fn refuses_path(&self, path: &ContentPath) -> Option<(Refusal, String)> {
        self.find(|list| list.refuses_path(path))
    }

    /// Whether a CID is refused, and by which list.
    #[must_use]
    pub fn refuses_cid(&self, cid: &Cid) -> Option<(Refusal, String)> {
        self.find(|list| list.refuses_cid(cid))
    }

    fn find(&self, refuses: impl Fn(&Denylist) -> Option<Refusal>) -> Option<(Refusal, String)> {
        let lists = self.lists.read();
        lists
            .iter()
            .find_map(|(name, list)| refuses(list).map(|refusal| (refusal, name.clone())))
    }

    fn look(self: &Arc<Self>) {
        {
            let mut looked = self.looked.lock();
            if looked.elapsed() < INTERVAL {
                return;
            }
            *looked = Instant::now();
        }
        if self.reading.swap(true, Ordering::AcqRel) {
            return;
        }
        let lists = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            lists.read();
            lists.reading.store(false, Ordering::Release);
        });
    }

    /// Reads the files that changed.
    fn read(&self) {
        let found = match files(&self.directory) {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(directory = %self.directory.display(), %error, "deny lists cannot be read; those read before stay in force");
                return;
            }
        };
        let mut stamps = self.stamps.lock();
        if *stamps == found {
            return;
        }
        let mut lists = self.lists.read().clone();
        lists.retain(|name, _| found.contains_key(name));
        for (name, stamp) in &found {
            if stamps.get(name) == Some(stamp) {
                continue;
            }
            match read_list(&self.directory.join(name), stamp.size) {
                Ok(list) => {
                    tracing::info!(list = name, rules = list.len(), "a deny list is in force");
                    lists.insert(name.clone(), Arc::new(list));
                }
                // An old version is better than none.
                Err(error) => tracing::error!(list = name, error, "a deny list cannot be used"),
            }
        }
        *stamps = found;
        let active = lists.values().any(|list| !list.is_empty());
        *self.lists.write() = lists;
        self.active.store(active, Ordering::Release);
    }
}

/// The files of a directory. An absent directory has none.
fn files(directory: &Path) -> std::io::Result<BTreeMap<String, Stamp>> {
    let mut found = BTreeMap::new();
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // Links are followed: lists may be kept elsewhere.
        let Ok(meta) = std::fs::metadata(entry.path()) else {
            continue;
        };
        if name.ends_with(".deny") && meta.is_file() {
            let stamp = Stamp {
                size: meta.len(),
                modified: meta.modified().ok(),
            };
            found.insert(name, stamp);
        }
    }
    if found.len() > MAX_FILES {
        tracing::error!(
            files = found.len(),
            "there are more than {MAX_FILES} deny lists, and the last ones are not used"
        );
        found = found.into_iter().take(MAX_FILES).collect();
    }
    Ok(found)
}

fn read_list(path: &Path, size: u64) -> Result<Denylist, String> {
    if size > MAX_FILE {
        return Err(format!("it has more than {MAX_FILE} bytes"));
    }
    let file = std::fs::read(path).map_err(|error| error.to_string())?;
    let (list, problems) = Denylist::parse(&file).map_err(|error| error.to_string())?;
    for problem in problems {
        tracing::warn!(list = %path.display(), %problem, "part of a deny list is not used");
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CID: &str = "bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq";

    #[test]
    fn lists_are_read_again_when_they_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("denylists");
        let lists = Denylists::open(path.clone());
        let cid: Cid = CID.parse().unwrap();
        assert_eq!(lists.refuses_cid(&cid), None);
        std::fs::create_dir(&path).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(path.join(name), text).unwrap();
            lists.read();
        };
        write("a.txt", &format!("/ipfs/{CID}"));
        assert_eq!(lists.refuses_cid(&cid), None);
        write("a.deny", &format!("/ipfs/{CID} gateway_status=451"));
        let refused = Some((Refusal::Legal, "a.deny".to_owned()));
        assert_eq!(lists.refuses_cid(&cid), refused);
        assert!(lists.active.load(Ordering::Acquire));
        // A version that cannot be used leaves the last one in force.
        write("a.deny", "version: 7\n---\n");
        assert_eq!(lists.refuses_cid(&cid), refused);
        write("a.deny", "# nothing\n");
        assert_eq!(lists.refuses_cid(&cid), None);
        assert!(!lists.active.load(Ordering::Acquire));
        write("b.deny", &format!("/ipfs/{CID}/*"));
        let content = ContentPath::new(format!("/ipfs/{CID}/x")).unwrap();
        let refused = Some((Refusal::Gone, "b.deny".to_owned()));
        assert_eq!(lists.refuses_path(&content), refused);
        std::fs::remove_file(path.join("b.deny")).unwrap();
        lists.read();
        assert_eq!(lists.refuses_path(&content), None);
    }
}
