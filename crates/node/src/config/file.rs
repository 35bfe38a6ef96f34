//! The configuration file of a repository.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;

use super::document::without_password;
use super::sections::IdentitySection;
use super::{Changes, Config, ConfigCommandError, ConfigError, Document, Profile};
use crate::durable;

/// Maximum size of a configuration file, in bytes.
const LIMIT: u64 = 4 << 20;

/// A configuration file and its typed content.
///
/// Every change reads the current file, so that manual edits are not lost, and replaces it atomically.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    unknown: Vec<String>,
    current: Mutex<Arc<Config>>,
    /// Held while the file is read, changed and written.
    changing: Mutex<()>,
}

/// What applying a profile changes.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileChange {
    /// The configuration before it, without secrets.
    pub old: Value,
    /// The configuration with it, without secrets.
    pub new: Value,
}

impl ConfigFile {
    /// Reads a file, and logs unknown keys as warnings.
    ///
    /// # Errors
    /// When it cannot be read, is not a JSON object, or has an invalid value.
    pub fn load(path: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        let path = path.into();
        let (config, unknown) = read(&path)?.interpret()?;
        config.check()?;
        for key in &unknown {
            tracing::warn!(key, file = %path.display(), "unknown configuration key");
        }
        Ok(Self {
            path,
            unknown,
            current: Mutex::new(Arc::new(config)),
            changing: Mutex::new(()),
        })
    }

    /// Writes a new file, replacing an existing one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path, config: &Config) -> Result<(), ConfigError> {
        write(path, &Document::of(config)?)
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Dotted keys that were unknown when the file was loaded.
    #[must_use]
    pub fn unknown_keys(&self) -> &[String] {
        &self.unknown
    }

    /// The configuration after the last load or change.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.current.lock())
    }

    /// The current file.
    ///
    /// # Errors
    /// When it cannot be read or is not a JSON object.
    pub fn document(&self) -> Result<Document, ConfigError> {
        read(&self.path)
    }

    /// Sets one key. The private key cannot be changed.
    ///
    /// # Errors
    /// [`ConfigError::NotFound`] for an unknown key, [`ConfigError::Value`] for an invalid value; nothing is changed
    /// then.
    pub fn set(&self, key: &str, value: Value) -> Result<(), ConfigError> {
        self.change(|document| {
            let private = document.get("Identity.PrivKey").ok().cloned();
            document.set(key, value)?;
            if let Some(private) = private {
                document.set("Identity.PrivKey", private)?;
            }
            let (config, unknown) = document.interpret()?;
            if let Some(unknown) = unknown.into_iter().find(|unknown| leads_to(unknown, key)) {
                return Err(ConfigError::NotFound { key: unknown });
            }
            // Errors at other keys existed before, and must not prevent repairing one key after the other.
            match config.check() {
                Err(error)
                    if error
                        .key()
                        .is_none_or(|at| leads_to(at, key) || leads_to(key, at)) =>
                {
                    Err(error)
                }
                _ => Ok(config),
            }
        })
    }

    /// Sets the identity.
    ///
    /// # Errors
    /// When the file cannot be read or written; nothing is changed then.
    pub fn set_identity(&self, identity: &IdentitySection) -> Result<(), ConfigError> {
        self.change(|document| {
            document.set("Identity.PeerID", Value::String(identity.peer_id.clone()))?;
            let private = identity.priv_key.expose().to_owned();
            document.set("Identity.PrivKey", Value::String(private))?;
            Ok(document.interpret()?.0)
        })
    }

    /// Replaces the file with another configuration, except for its secrets: identity, credentials of the RPC, and
    /// access to remote pinning services.
    ///
    /// # Errors
    /// See [`ConfigCommandError`]; nothing is changed then.
    pub fn replace(&self, text: &[u8], changes: Changes) -> Result<(), ConfigCommandError> {
        let text = std::str::from_utf8(text).map_err(|_| ConfigCommandError::Decode)?;
        let mut new = Document::parse(text).map_err(|_| ConfigCommandError::Decode)?;
        let (config, _) = new.interpret().map_err(|_| ConfigCommandError::Decode)?;
        if !config.identity.priv_key.is_empty() {
            return Err(ConfigCommandError::SetPrivateKey);
        }
        let _changing = self.changing.lock();
        let old = read(&self.path)?;
        let given = config.api.authorizations.as_ref();
        if changes == Changes::NoCredentials
            && given.is_some_and(|given| !given.is_empty())
            && given != old.interpret()?.0.api.authorizations.as_ref()
        {
            return Err(ConfigCommandError::CredentialsKept);
        }
        keep_secrets(&mut new, &config, &old)?;
        let (config, _) = new.interpret()?;
        config.check()?;
        new.fill(Document::of(&config)?);
        write(&self.path, &new)?;
        *self.current.lock() = Arc::new(config);
        Ok(())
    }

    /// Applies a profile after a backup of the file; or only returns what it would change.
    ///
    /// # Errors
    /// When the file cannot be read, copied or written, or the profile cannot be applied.
    pub fn apply_profile(
        &self,
        profile: Profile,
        name: &str,
        dry_run: bool,
    ) -> Result<ProfileChange, ConfigError> {
        let _changing = self.changing.lock();
        let mut document = read(&self.path)?;
        let (mut config, _) = document.interpret()?;
        let before = Document::of(&config)?;
        profile.apply(&mut config)?;
        let after = Document::of(&config)?;
        let change = ProfileChange {
            old: before.show(),
            new: after.show(),
        };
        if !dry_run {
            config.check()?;
            self.back_up(name)?;
            document.repeat(&before, &after);
            write(&self.path, &document)?;
            *self.current.lock() = Arc::new(config);
        }
        Ok(change)
    }

    /// Changes the configuration as it is in the file, durably, and only in what `change` changes.
    ///
    /// # Errors
    /// That of `change`, or when the file cannot be read or written or holds a value that cannot be used; nothing is changed
    /// then.
    pub fn update<T, E: From<ConfigError>>(
        &self,
        change: impl FnOnce(&mut Config) -> Result<T, E>,
    ) -> Result<T, E> {
        let _changing = self.changing.lock();
        let mut document = read(&self.path)?;
        let (mut config, _) = document.interpret()?;
        let before = Document::of(&config)?;
        let answer = change(&mut config)?;
        let after = Document::of(&config)?;
        if before != after {
            document.repeat(&before, &after);
            write(&self.path, &document)?;
        }
        *self.current.lock() = Arc::new(config);
        Ok(answer)
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Document) -> Result<Config, ConfigError>,
    ) -> Result<(), ConfigError> {
        let _changing = self.changing.lock();
        let mut document = read(&self.path)?;
        let config = change(&mut document)?;
        write(&self.path, &document)?;
        *self.current.lock() = Arc::new(config);
        Ok(())
    }

    /// Copies the file to a backup next to it, named for the reason.
    fn back_up(&self, why: &str) -> Result<(), ConfigError> {
        let failed = |source| io_error("write", &self.path, source);
        let text = std::fs::read(&self.path).map_err(failed)?;
        for number in 1..=u32::MAX {
            let mut path = self.path.as_os_str().to_owned();
            path.push(format!("-pre-{why}-{number}"));
            let path = PathBuf::from(path);
            if !path.exists() {
                return durable::replace(&path, &text)
                    .map_err(|source| io_error("write", &path, source));
            }
        }
        Ok(())
    }
}

/// Whether a dotted key equals another one or is above it.
fn leads_to(key: &str, to: &str) -> bool {
    to.strip_prefix(key)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Copies the secrets of the present configuration to a new one, which must not change them.
fn keep_secrets(
    new: &mut Document,
    config: &Config,
    old: &Document,
) -> Result<(), ConfigCommandError> {
    let identity = old
        .get("Identity")
        .cloned()
        .map_err(|_| ConfigCommandError::NoPrivateKey)?;
    new.set("Identity", identity)?;
    if config
        .api
        .authorizations
        .as_ref()
        .is_none_or(BTreeMap::is_empty)
        && let Ok(users) = old.get("API.Authorizations")
    {
        new.set("API.Authorizations", users.clone())?;
    }
    if let (Ok(Value::String(old)), Some(url)) = (old.get("Database.URL"), &config.database.url)
        && url.expose() == without_password(old)
    {
        new.set("Database.URL", Value::String(old.clone()))?;
    }

    let empty = BTreeMap::new();
    let (present, _) = old.interpret()?;
    let old_services = present.pinning.remote_services.as_ref().unwrap_or(&empty);
    let new_services = config.pinning.remote_services.as_ref().unwrap_or(&empty);
    if !old_services.keys().eq(new_services.keys()) {
        return Err(ConfigCommandError::RemoteServices);
    }
    for (name, service) in new_services {
        let Some(kept) = old_services.get(name) else {
            return Err(ConfigCommandError::RemoteServices);
        };
        let endpoint = &service.api.endpoint;
        if !service.api.key.is_empty() || (!endpoint.is_empty() && *endpoint != kept.api.endpoint) {
            return Err(ConfigCommandError::RemoteServiceAccess);
        }
        // Names may contain dots, so dotted keys cannot be used.
        if let Ok(Value::Object(mut services)) = new.get("Pinning.RemoteServices").cloned()
            && let Some(Value::Object(service)) = services.get_mut(name)
            && let Ok(access) = serde_json::to_value(&kept.api)
        {
            service.insert("API".to_owned(), access);
            new.set("Pinning.RemoteServices", Value::Object(services))?;
        }
    }
    Ok(())
}

fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> ConfigError {
    ConfigError::Io {
        action,
        path: path.to_owned(),
        source: Arc::new(source),
    }
}

fn read(path: &Path) -> Result<Document, ConfigError> {
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LIMIT + 1).read_to_string(&mut text))
        .map_err(|source| io_error("read", path, source))?;
    if text.len() as u64 > LIMIT {
        return Err(ConfigError::TooLarge {
            path: path.to_owned(),
            limit: LIMIT,
        });
    }
    Document::parse(&text)
}

fn write(path: &Path, document: &Document) -> Result<(), ConfigError> {
    durable::replace(path, document.to_text().as_bytes())
        .map_err(|source| io_error("write", path, source))
}
