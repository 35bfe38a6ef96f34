//! Keys in the directory `keystore`: one file each, in Kubo's format.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::{KeyBytes, KeyRows, MAX_KEY, RenameOutcome, check_key, check_name};
use crate::meta::RowError;

/// What the name of a file begins with; the name of the key in base32 follows.
const PREFIX: &str = "key_";

/// A key that is being written.
const FRESH: &str = "new";

/// Keys in a directory.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    folder: Arc<PathBuf>,
    /// Held by whoever changes a file. Other processes do not: the repository is locked.
    changing: Arc<Mutex<()>>,
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RowError + use<> {
    let path = path.to_owned();
    move |source| RowError::KeyFile {
        action,
        path,
        source: Arc::new(source),
    }
}

fn file_name(name: &str) -> String {
    let mut file = PREFIX.to_owned();
    data_encoding::BASE32_NOPAD.encode_append(name.as_bytes(), &mut file);
    file.make_ascii_lowercase();
    file
}

fn key_name(file: &str) -> Option<String> {
    let encoded = file.strip_prefix(PREFIX)?.to_ascii_uppercase();
    let name = data_encoding::BASE32_NOPAD
        .decode(encoded.as_bytes())
        .ok()?;
    String::from_utf8(name).ok()
}

impl KeyFiles {
    /// The keys in a folder, which is made when the first one is added.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder: Arc::new(folder),
            changing: Arc::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(file_name(name))
    }

    /// Makes what was done in the folder durable.
    fn sync(&self) -> Result<(), RowError> {
        fs::File::open(&*self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed("write", &self.folder))
    }

    fn make_folder(&self) -> Result<(), RowError> {
        if self.folder.is_dir() {
            return Ok(());
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&*self.folder)
            .and_then(|()| crate::sqlite::sync_parent(&self.folder))
            .map_err(failed("make", &self.folder))
    }

    fn add(&self, name: &str, key: &KeyBytes) -> Result<bool, RowError> {
        check_name(name)?;
        check_key(key)?;
        let _changing = self.changing.lock();
        let path = self.path(name);
        if exists(&path)? {
            return Ok(false);
        }
        self.make_folder()?;
        let fresh = self.folder.join(FRESH);
        write(&fresh, &key.0)
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(failed("write", &path))?;
        self.sync()?;
        Ok(true)
    }

    fn rename(&self, from: &str, to: &str, replace: bool) -> Result<RenameOutcome, RowError> {
        check_name(to)?;
        let _changing = self.changing.lock();
        let (old, new) = (self.path(from), self.path(to));
        if from.len() > super::MAX_KEY_NAME || !exists(&old)? {
            return Ok(RenameOutcome::Missing);
        }
        if !replace && exists(&new)? {
            return Ok(RenameOutcome::Taken);
        }
        fs::rename(&old, &new).map_err(failed("rename", &old))?;
        self.sync()?;
        Ok(RenameOutcome::Done)
    }

    fn remove(&self, name: &str) -> Result<bool, RowError> {
        if check_name(name).is_err() {
            return Ok(false);
        }
        let _changing = self.changing.lock();
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => {
                self.sync()?;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("remove", &path)(error)),
        }
    }

    /// Runs what syncs on a thread that may block.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Self) -> Result<T, RowError> + Send + 'static,
    ) -> Result<T, RowError> {
        let own = self.clone();
        let done = tokio::task::spawn_blocking(move || change(&own));
        done.await.unwrap_or(Err(RowError::Interrupted))
    }
}

fn exists(path: &Path) -> Result<bool, RowError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Writes a file that only its owner may read, and nobody may change.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl KeyRows for KeyFiles {
    fn keys(&self) -> Result<Vec<String>, RowError> {
        let listed = match fs::read_dir(&*self.folder) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.folder)(error)),
        };
        let mut names = Vec::new();
        for entry in listed {
            let entry = entry.map_err(failed("read", &self.folder))?;
            let file = entry.file_name();
            match file.to_str().and_then(key_name) {
                Some(name) => names.push(name),
                None if file == FRESH => {}
                None => tracing::warn!(path = %entry.path().display(), "the file is not a key"),
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn key(&self, name: &str) -> Result<Option<KeyBytes>, RowError> {
        if check_name(name).is_err() {
            return Ok(None);
        }
        let path = self.path(name);
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path)(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_KEY as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(failed("read", &path))?;
        let key = KeyBytes(bytes);
        check_key(&key)?;
        Ok(Some(key))
    }

    fn add_key(&self, name: &str, key: KeyBytes) -> BoxFuture<'_, Result<bool, RowError>> {
        let name = name.to_owned();
        Box::pin(self.change(move |files| files.add(&name, &key)))
    }

    fn rename_key(
        &self,
        from: &str,
        to: &str,
        replace: bool,
    ) -> BoxFuture<'_, Result<RenameOutcome, RowError>> {
        let (from, to) = (from.to_owned(), to.to_owned());
        Box::pin(self.change(move |files| files.rename(&from, &to, replace)))
    }

    fn remove_key(&self, name: &str) -> BoxFuture<'_, Result<bool, RowError>> {
        let name = name.to_owned();
        Box::pin(self.change(move |files| files.remove(&name)))
    }
}
