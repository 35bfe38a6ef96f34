//! The remote pinning services in the configuration.

use std::collections::BTreeMap;

use crate::config::sections::{RemotePinningApi, RemotePinningService};
use crate::config::{ConfigError, ConfigFile, Secret};

/// Most services that the configuration may have.
pub const MAX_SERVICES: usize = 1_000;

/// Why a remote pinning service cannot be used, added or removed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// No service has this name.
    #[error("there is no remote pinning service named {name:?}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// A service of this name is there already.
    #[error("a remote pinning service named {name:?} exists already")]
    Exists {
        /// The name.
        name: String,
    },
    /// There are [`MAX_SERVICES`] already.
    #[error("there are {MAX_SERVICES} remote pinning services already")]
    TooMany,
    /// The endpoint is not an HTTP URL.
    #[error("{endpoint:?} is not a URL like https://pinning.example/api")]
    NotHttp {
        /// The endpoint, without what may be a credential.
        endpoint: String,
    },
    /// The endpoint has a query.
    #[error("the URL of a pinning service has no query")]
    Query,
    /// The endpoint is that of one call.
    #[error("the URL of a pinning service is given without /pins at its end")]
    PinsSuffix,
    /// The configuration cannot be changed.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// A configured service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteService {
    /// Its name.
    pub name: String,
    /// The URL of its API, without a slash at its end.
    pub endpoint: String,
    /// The access token.
    pub key: Secret,
}

/// The configured services, by name.
#[must_use]
pub fn list(file: &ConfigFile) -> Vec<RemoteService> {
    let config = file.config();
    let services = config.pinning.remote_services.iter().flatten();
    services
        .map(|(name, service)| RemoteService {
            name: name.clone(),
            endpoint: service.api.endpoint.clone(),
            key: service.api.key.clone(),
        })
        .collect()
}

/// The service of a name.
///
/// # Errors
/// [`ServiceError::Unknown`], or what is wrong with its endpoint.
pub fn find(file: &ConfigFile, name: &str) -> Result<RemoteService, ServiceError> {
    let config = file.config();
    let services = config.pinning.remote_services.as_ref();
    let service = services.and_then(|services| services.get(name));
    let service = service.ok_or_else(|| ServiceError::Unknown {
        name: name.to_owned(),
    })?;
    Ok(RemoteService {
        name: name.to_owned(),
        endpoint: normalized(&service.api.endpoint)?,
        key: service.api.key.clone(),
    })
}

/// Adds a service, durably. Blocks its thread.
///
/// # Errors
/// See [`ServiceError`]; nothing is changed then.
pub fn add(file: &ConfigFile, name: &str, endpoint: &str, key: &str) -> Result<(), ServiceError> {
    let endpoint = normalized(endpoint)?;
    file.update(|config| {
        let services = config.pinning.remote_services.get_or_insert_default();
        if services.contains_key(name) {
            return Err(ServiceError::Exists {
                name: name.to_owned(),
            });
        }
        if services.len() >= MAX_SERVICES {
            return Err(ServiceError::TooMany);
        }
        let service = RemotePinningService {
            api: RemotePinningApi {
                endpoint,
                key: Secret::new(key),
            },
            ..RemotePinningService::default()
        };
        services.insert(name.to_owned(), service);
        Ok(())
    })
}

/// Removes a service, durably; `false` when there was none of this name. Blocks its thread.
///
/// # Errors
/// When the configuration cannot be changed.
pub fn remove(file: &ConfigFile, name: &str) -> Result<bool, ServiceError> {
    file.update(|config| {
        let services: &mut BTreeMap<_, _> = config.pinning.remote_services.get_or_insert_default();
        Ok(services.remove(name).is_some())
    })
}

/// An endpoint without needless slashes.
fn normalized(endpoint: &str) -> Result<String, ServiceError> {
    let not_http = || {
        // A user and a password may stand before the host.
        let without_user = endpoint.rsplit_once('@').map_or(endpoint, |(_, rest)| rest);
        ServiceError::NotHttp {
            endpoint: without_user.chars().take(256).collect(),
        }
    };
    let (scheme, rest) = endpoint.split_once("://").ok_or_else(not_http)?;
    let scheme = scheme.to_ascii_lowercase();
    let odd =
        |byte: u8| byte.is_ascii_control() || matches!(byte, b' ' | b'#' | b'"' | b'<' | b'>');
    if !matches!(&*scheme, "http" | "https") || rest.bytes().any(odd) {
        return Err(not_http());
    }
    if rest.contains('?') {
        return Err(ServiceError::Query);
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.is_empty() {
        return Err(not_http());
    }
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    if names.last() == Some(&"pins") {
        return Err(ServiceError::PinsSuffix);
    }
    let mut url = format!("{scheme}://{host}");
    for name in names {
        url.push('/');
        url.push_str(name);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn endpoints_are_normalized() {
        for (given, kept) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example/", "https://a.example"),
            ("HTTP://a.example:1/api//psa/", "http://a.example:1/api/psa"),
            ("https://a.example/x/../y/./", "https://a.example/y"),
        ] {
            assert_eq!(normalized(given).unwrap(), kept);
        }
        for given in [
            "",
            "a.example",
            "ftp://a",
            "https://",
            "https:///x",
            "https://a b",
        ] {
            assert!(
                matches!(normalized(given), Err(ServiceError::NotHttp { .. })),
                "{given}"
            );
        }
        assert!(matches!(
            normalized("https://a?x=1"),
            Err(ServiceError::Query)
        ));
        assert!(matches!(
            normalized("https://a/pins/"),
            Err(ServiceError::PinsSuffix)
        ));
        let error = normalized("user:password@host").unwrap_err().to_string();
        assert!(!error.contains("password"), "{error}");
    }

    #[test]
    fn services_are_kept_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        ConfigFile::create(&path, &Config::default()).unwrap();
        let file = ConfigFile::load(&path).unwrap();
        add(&file, "a.b", "https://a.example/", "hush").unwrap();
        assert!(matches!(
            add(&file, "a.b", "https://b.example", ""),
            Err(ServiceError::Exists { .. })
        ));
        let again = ConfigFile::load(&path).unwrap();
        let service = find(&again, "a.b").unwrap();
        assert_eq!(service.endpoint, "https://a.example");
        assert_eq!(service.key.expose(), "hush");
        assert!(!format!("{service:?}").contains("hush"));
        assert!(matches!(
            find(&file, "c"),
            Err(ServiceError::Unknown { .. })
        ));
        assert!(remove(&file, "a.b").unwrap());
        assert!(!remove(&file, "a.b").unwrap());
        assert!(list(&ConfigFile::load(&path).unwrap()).is_empty());
    }
}
