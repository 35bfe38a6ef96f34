//! Who may call the RPC: `API.Authorizations`, as Kubo reads it.
//!
//! If there is any entry, every request of the RPC needs one of the secrets and a path that the secret allows. See
//! <https://github.com/ipfs/kubo/blob/v0.42.0/docs/config.md#apiauthorizations>.
//! <https://github.com/ipfs/kubo/blob/v0.42.0/docs/config.md#apiauthorizations>.

use std::collections::BTreeMap;

use cairn_node::config::sections::RpcAuthScope;
use cairn_primitives::credentials::basic;
use http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The path that every credential may call: clients ask for the version before anything else.
const ALWAYS: &str = "/api/v0/version";

/// The credentials that a face accepts.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    /// Whether a request needs a credential.
    required: bool,
    known: Vec<Credential>,
}

#[derive(Clone)]
struct Credential {
    /// Digest of the value of `Authorization`. Digests have equal lengths, so comparing them reveals nothing about
    /// the length of the secret.
    digest: [u8; 32],
    paths: Vec<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Credentials")
            .field("required", &self.required)
            .field("known", &self.known.len())
            .finish()
    }
}

impl Credentials {
    /// The credentials of a configuration. An entry whose secret is empty or of an unknown kind is ignored.
    pub(crate) fn from_config(written: Option<&BTreeMap<String, RpcAuthScope>>) -> Self {
        let Some(written) = written.filter(|written| !written.is_empty()) else {
            return Self::default();
        };
        let known = written.iter().filter_map(|(user, scope)| {
            let Some(value) = header_of(scope.auth_secret.expose()) else {
                tracing::warn!(
                    user,
                    "an entry of API.Authorizations has no valid secret and is ignored"
                );
                return None;
            };
            Some(Credential {
                digest: Sha256::digest(value).into(),
                paths: scope.allowed_paths.clone().unwrap_or_default(),
            })
        });
        Self {
            required: true,
            known: known.collect(),
        }
    }

    /// Whether a request needs a credential.
    pub(crate) fn required(&self) -> bool {
        self.required
    }

    /// Whether a request for this path is allowed. Takes constant time, however much of the secret is right.
    pub(crate) fn allow(&self, path: &str, headers: &HeaderMap) -> bool {
        if !self.required {
            return true;
        }
        let given = headers
            .get(header::AUTHORIZATION)
            .map_or(&b""[..], |value| value.as_bytes());
        let given = Sha256::digest(given);
        let mut allowed = Choice::from(0);
        for credential in &self.known {
            let opens = path == ALWAYS
                || credential
                    .paths
                    .iter()
                    .any(|prefix| path.starts_with(prefix.as_str()));
            allowed |= given.as_slice().ct_eq(credential.digest.as_slice())
                & Choice::from(u8::from(opens));
        }
        allowed.into()
    }
}

/// The value of `Authorization` for a secret: `bearer:TOKEN`, `basic:USER:PASSWORD`, `basic:BASE64`, or only a token.
fn header_of(secret: &str) -> Option<String> {
    match secret.split_once(':') {
        None if secret.is_empty() => None,
        None => Some(format!("Bearer {secret}")),
        Some(("bearer", token)) => Some(format!("Bearer {token}")),
        Some(("basic", login)) => Some(format!("Basic {}", basic::from_setting(login))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use cairn_node::config::Secret;
    use http::HeaderValue;

    use super::*;

    fn credentials(entries: &[(&str, &[&str])]) -> Credentials {
        let entries = entries.iter().enumerate().map(|(at, (secret, paths))| {
            let scope = RpcAuthScope {
                auth_secret: Secret::new(*secret),
                allowed_paths: Some(paths.iter().map(ToString::to_string).collect()),
            };
            (format!("user{at}"), scope)
        });
        Credentials::from_config(Some(&entries.collect()))
    }

    fn allowed(credentials: &Credentials, path: &str, authorization: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        credentials.allow(path, &headers)
    }

    #[test]
    fn secrets_have_kubos_forms() {
        for (secret, header) in [
            ("bearer:abc", Some("Bearer abc")),
            ("abc", Some("Bearer abc")),
            ("bearer:a:b", Some("Bearer a:b")),
            ("basic:user:pass:word", Some("Basic dXNlcjpwYXNzOndvcmQ=")),
            ("basic:dXNlcjpwYXNz", Some("Basic dXNlcjpwYXNz")),
            ("digest:x", None),
            ("", None),
        ] {
            assert_eq!(header_of(secret).as_deref(), header, "{secret:?}");
        }
    }

    #[test]
    fn each_secret_opens_its_paths_and_the_version() {
        let both = credentials(&[
            ("bearer:all", &["/api/v0"]),
            ("basic:u:p", &["/api/v0/cat", "/api/v0/add"]),
            ("odd:x", &["/api/v0"]),
            ("bearer:none", &[]),
        ]);
        for (path, authorization, expected) in [
            ("/api/v0/id", None, false),
            ("/api/v0/version", None, false),
            ("/api/v0/id", Some("Bearer all"), true),
            ("/api/v0/id", Some("bearer all"), false),
            ("/api/v0/id", Some("Bearer al"), false),
            ("/api/v0/id", Some(""), false),
            ("/api/v0/cat", Some("Basic dTpw"), true),
            ("/api/v0/cat/x", Some("Basic dTpw"), true),
            ("/api/v0/id", Some("Basic dTpw"), false),
            ("/api/v0/version", Some("Basic dTpw"), true),
            ("/api/v0/version", Some("Bearer none"), true),
            ("/api/v0/version/deps", Some("Bearer none"), false),
            ("/api/v0/id", Some("Bearer x"), false),
        ] {
            assert_eq!(
                allowed(&both, path, authorization),
                expected,
                "{path} {authorization:?}"
            );
        }
    }

    #[test]
    fn without_entries_everyone_may_and_with_useless_ones_nobody() {
        assert!(allowed(&Credentials::from_config(None), "/api/v0/id", None));
        assert!(allowed(
            &Credentials::from_config(Some(&BTreeMap::new())),
            "/api/v0/id",
            None
        ));
        let useless = credentials(&[("", &["/api/v0"])]);
        assert!(useless.required());
        for given in [None, Some(""), Some("Bearer "), Some("Bearer")] {
            assert!(!allowed(&useless, "/api/v0/version", given), "{given:?}");
        }
    }
}
