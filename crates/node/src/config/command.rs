//! Gets and sets keys, as the `config` commands do.

use serde_json::Value;

use super::{ConfigError, ConfigFile, Profile, ProfileChange};

/// Why a `config` command failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigCommandError {
    /// The key is, or holds, the private key.
    #[error("the private key cannot be shown or changed by this command")]
    PrivateKey,
    /// The key is, or contains, the access key of a remote pinning service.
    #[error(
        "the credentials of remote pinning services cannot be shown or changed by this command"
    )]
    PinningCredentials,
    /// The key is, or is part of, the credentials of the RPC.
    #[error("API.Authorizations cannot be shown")]
    Credentials,
    /// The RPC's credentials cannot be changed through an RPC that requires one: a credential for `config` alone
    /// could grant itself everything.
    #[error(
        "API.Authorizations cannot be changed through an API that requires credentials: stop the daemon and run the command again, or edit the file `config` of the repository"
    )]
    CredentialsKept,
    /// A key cannot be read.
    #[error("cannot read the setting")]
    Get {
        /// Why.
        #[source]
        cause: ConfigError,
    },
    /// A key cannot be set.
    #[error("cannot change the setting{}", if *json { "" } else { " (--json takes values other than strings)" })]
    Set {
        /// Why.
        #[source]
        cause: ConfigError,
        /// Whether the value was given as JSON already.
        json: bool,
    },
    /// The value is not a boolean. Kubo stores `false` then.
    #[error("{key}: expected true or false, found {value:?}")]
    Bool {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// The value is not JSON.
    #[error("the value is not JSON: {problem}")]
    Json {
        /// What is wrong.
        problem: String,
        /// Whether the text ends inside a value.
        truncated: bool,
    },
    /// The replacement is not a configuration.
    #[error("the file is not a valid configuration")]
    Decode,
    /// The replacement contains a private key.
    #[error("the new configuration must not contain Identity.PrivKey")]
    SetPrivateKey,
    /// The present configuration has no private key.
    #[error("the present configuration has no Identity.PrivKey")]
    NoPrivateKey,
    /// The replacement has other remote pinning services.
    #[error("replacing the configuration cannot add or remove remote pinning services")]
    RemoteServices,
    /// The replacement changes the access to a remote pinning service.
    #[error("replacing the configuration cannot change the API of a remote pinning service")]
    RemoteServiceAccess,
    /// There is no such profile.
    #[error("there is no profile {name:?}")]
    NoProfile {
        /// The name.
        name: String,
    },
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] ConfigError),
}

impl ConfigFile {
    /// `config KEY`: the value of a key, without secrets, maps sorted.
    ///
    /// # Errors
    /// See [`ConfigCommandError`]; a key that is a secret is refused.
    pub fn get_command(&self, key: &str) -> Result<Value, ConfigCommandError> {
        refuse_secrets(key)?;
        if is_within(key, CREDENTIALS) {
            return Err(ConfigCommandError::Credentials);
        }
        let mut value = self
            .document()?
            .without_secrets()
            .get(key)
            .map_err(|cause| ConfigCommandError::Get { cause })?
            .clone();
        value.sort_all_objects();
        Ok(value)
    }

    /// `config KEY VALUE`: sets a key to a string, to a boolean with `--bool`, or to JSON with `--json`, which has
    /// precedence. Returns as [`ConfigFile::get_command`]; `null` where that fails.
    ///
    /// # Errors
    /// See [`ConfigCommandError`]; nothing is changed then.
    pub fn set_command(
        &self,
        key: &str,
        value: &str,
        bool: bool,
        json: bool,
        changes: Changes,
    ) -> Result<Value, ConfigCommandError> {
        refuse_secrets(key)?;
        let value = if json {
            serde_json::from_str(value).map_err(|error| ConfigCommandError::Json {
                problem: error.to_string(),
                truncated: error.is_eof(),
            })?
        } else if bool {
            Value::Bool(value.parse().map_err(|_| ConfigCommandError::Bool {
                key: key.to_owned(),
                value: value.to_owned(),
            })?)
        } else {
            Value::String(value.to_owned())
        };
        if changes == Changes::NoCredentials && leads_to_credentials(key) {
            return Err(ConfigCommandError::CredentialsKept);
        }
        self.set(key, value)
            .map_err(|cause| ConfigCommandError::Set { cause, json })?;
        match self.get_command(key) {
            Err(ConfigCommandError::Credentials) => Ok(Value::Null),
            answer => answer,
        }
    }

    /// `config show`: everything but secrets, maps sorted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn show_command(&self) -> Result<Value, ConfigCommandError> {
        Ok(self.document()?.show())
    }

    /// `config profile apply NAME`.
    ///
    /// # Errors
    /// See [`ConfigCommandError`]; nothing is changed then.
    pub fn profile_command(
        &self,
        name: &str,
        dry_run: bool,
    ) -> Result<ProfileChange, ConfigCommandError> {
        let profile = Profile::named(name).ok_or_else(|| ConfigCommandError::NoProfile {
            name: name.to_owned(),
        })?;
        Ok(self.apply_profile(profile, name, dry_run)?)
    }
}

/// What a change may affect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Everything: the caller owns the repository.
    All,
    /// Everything but `API.Authorizations`: the caller has one of its credentials, which may be restricted.
    NoCredentials,
}

/// The key of the RPC's credentials.
const CREDENTIALS: &[&str] = &["API", "Authorizations"];

/// Refuses keys that are, are part of, or contain secrets.
fn refuse_secrets(key: &str) -> Result<(), ConfigCommandError> {
    if is_within(key, &["Identity", "PrivKey"]) || is_above(key, &["Identity", "PrivKey"]) {
        return Err(ConfigCommandError::PrivateKey);
    }
    let service = &["Pinning", "RemoteServices", "*", "API", "Key"];
    if is_within(key, service) || is_above(key, service) {
        return Err(ConfigCommandError::PinningCredentials);
    }
    Ok(())
}

/// Whether setting this key could change the RPC's credentials.
fn leads_to_credentials(key: &str) -> bool {
    is_within(key, CREDENTIALS) || is_above(key, CREDENTIALS)
}

/// Whether a dotted key is at or below this path. As in Kubo, case is ignored.
fn is_within(key: &str, path: &[&str]) -> bool {
    key.split('.').count() >= path.len() && agrees(key, path)
}

/// Whether a dotted key is above this path.
fn is_above(key: &str, path: &[&str]) -> bool {
    key.split('.').count() < path.len() && agrees(key, path)
}

/// Whether one of a dotted key and a path is a prefix of the other.
fn agrees(key: &str, path: &[&str]) -> bool {
    key.split('.')
        .zip(path)
        .all(|(part, pattern)| *pattern == "*" || part.eq_ignore_ascii_case(pattern))
}
