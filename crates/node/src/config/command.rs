//! Getting and setting keys by hand, as `config` commands do.

use serde_json::Value;

use super::{ConfigError, ConfigFile, Profile, ProfileChange};

/// Why a `config` command failed. The texts are Kubo's where Kubo has the case: clients look at them.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The key is, or holds, the private key.
    #[error("cannot show or change private key through API")]
    PrivateKey,
    /// The key is, or holds, the access to a remote pinning service.
    #[error("cannot show or change pinning services credentials")]
    PinningCredentials,
    /// A key cannot be read. The text holds the cause: clients look for it there.
    #[error("failed to get config value: {:?}", cause.to_string())]
    Get {
        /// Why.
        cause: ConfigError,
    },
    /// A key cannot be set. The text holds the cause: clients look for it there.
    #[error("failed to set config value: {cause} (maybe use --json?)")]
    Set {
        /// Why.
        cause: ConfigError,
    },
    /// A value that was to be JSON is not.
    #[error("failed to unmarshal json. {problem}")]
    Json {
        /// What is wrong.
        problem: String,
    },
    /// A replacement is no configuration.
    #[error("failed to decode file as config")]
    Decode,
    /// A replacement holds a private key.
    #[error("setting private key with API is not supported")]
    SetPrivateKey,
    /// The present configuration holds no private key.
    #[error("failed to get PrivKey")]
    NoPrivateKey,
    /// A replacement has other remote pinning services.
    #[error("cannot add or remove remote pinning services with 'config replace'")]
    RemoteServices,
    /// A replacement changes the access to a remote pinning service.
    #[error("cannot change remote pinning services api info with `config replace`")]
    RemoteServiceAccess,
    /// There is no such profile.
    #[error("{name} is not a profile")]
    NoProfile {
        /// The name.
        name: String,
    },
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] ConfigError),
}

impl ConfigFile {
    /// `config KEY`: the value of a key, maps sorted.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn get_command(&self, key: &str) -> Result<Value, CommandError> {
        refuse_secrets(key)?;
        let document = self.document()?;
        let mut value = document
            .get(key)
            .map_err(|cause| CommandError::Get { cause })?
            .clone();
        if key.split('.').next() == Some("Database") {
            // The URL may hold a password.
            let shown = document.show();
            value = key
                .split('.')
                .try_fold(&shown, |value, part| value.get(part))
                .cloned()
                .unwrap_or_default();
        }
        value.sort_all_objects();
        Ok(value)
    }

    /// `config KEY VALUE`: sets a key to a text, to `value == "true"` with `--bool`, or to JSON with `--json`, which goes
    /// first; answers as [`ConfigFile::get_command`].
    ///
    /// # Errors
    /// See [`CommandError`]; nothing is changed then.
    pub fn set_command(
        &self,
        key: &str,
        value: &str,
        bool: bool,
        json: bool,
    ) -> Result<Value, CommandError> {
        refuse_secrets(key)?;
        let value = if json {
            serde_json::from_str(value).map_err(|error| CommandError::Json {
                problem: if error.is_eof() {
                    "unexpected end of JSON input".to_owned()
                } else {
                    error.to_string()
                },
            })?
        } else if bool {
            Value::Bool(value == "true")
        } else {
            Value::String(value.to_owned())
        };
        self.set(key, value)
            .map_err(|cause| CommandError::Set { cause })?;
        self.get_command(key)
    }

    /// `config show`: everything but secrets, maps sorted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn show_command(&self) -> Result<Value, CommandError> {
        Ok(self.document()?.show())
    }

    /// `config profile apply NAME`.
    ///
    /// # Errors
    /// See [`CommandError`]; nothing is changed then.
    pub fn profile_command(
        &self,
        name: &str,
        dry_run: bool,
    ) -> Result<ProfileChange, CommandError> {
        let profile = Profile::named(name).ok_or_else(|| CommandError::NoProfile {
            name: name.to_owned(),
        })?;
        Ok(self.apply_profile(profile, name, dry_run)?)
    }
}

/// Refuses keys that are secrets, lie within secrets, or would bring secrets along.
fn refuse_secrets(key: &str) -> Result<(), CommandError> {
    let parts: Vec<&str> = key.split('.').collect();
    let matches = |pattern: &[&str]| {
        parts
            .iter()
            .zip(pattern)
            .all(|(part, pattern)| *pattern == "*" || part.eq_ignore_ascii_case(pattern))
    };
    if matches(&["Identity", "PrivKey"]) {
        return Err(CommandError::PrivateKey);
    }
    if matches(&["Pinning", "RemoteServices", "*", "API", "Key"]) {
        return Err(CommandError::PinningCredentials);
    }
    Ok(())
}
