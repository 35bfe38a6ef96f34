//! Who may use the REST API: users by password or JWT, and other peers.
//!
//! A JWT is signed (HS256) with a secret of the user's own that changes with the password: tokens of the old password are
//! refused. Any other algorithm is refused.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cairn_primitives::credentials::basic;
use cairn_primitives::credentials::jwt::{self, Jwt};
use cairn_store::shared::{ClusterUser, SharedError, TokenHash};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Cluster, ClusterError};

/// Verified logins that are remembered; all are forgotten beyond it. Checking a password takes long on purpose.
const LOGINS: usize = 10_000;

/// How long a token of a peer is valid, in milliseconds.
const PEER_TOKEN: i64 = 10 * 60_000;

/// The longest credential that is looked at, in bytes.
const MAX_CREDENTIAL: usize = 8 << 10;

/// A credential of a request.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// `name:password` in base64.
    Basic(&'a str),
    /// A JWT.
    Bearer(&'a str),
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterCaller {
    /// A user.
    User(String),
    /// Anybody: there are no users.
    Anybody,
}

/// Why a caller is refused.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthRefusal {
    /// There is no credential.
    #[error("no credential was given")]
    Missing,
    /// The name or the password is wrong.
    #[error("the name or the password is wrong")]
    Password,
    /// The token is not valid.
    #[error("the token is not valid")]
    Token,
    /// The rows failed.
    #[error(transparent)]
    Rows(#[from] SharedError),
}

/// Logins that were verified: a digest of each, with the hash of the password that it was verified with.
#[derive(Default)]
pub(super) struct Logins(Mutex<HashMap<[u8; 32], String>>);

impl std::fmt::Debug for Logins {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Logins").finish_non_exhaustive()
    }
}

impl Logins {
    fn knows(&self, login: &[u8; 32], hash: &str) -> bool {
        self.0.lock().get(login).is_some_and(|known| known == hash)
    }

    fn note(&self, login: [u8; 32], hash: String) {
        let mut logins = self.0.lock();
        if logins.len() >= LOGINS {
            logins.clear();
        }
        logins.insert(login, hash);
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
}

#[derive(Serialize)]
struct OwnClaims<'a> {
    iss: &'a str,
}

/// A JWT of a user.
fn token_of(user: &ClusterUser) -> Result<String, AuthRefusal> {
    let claims = OwnClaims { iss: &user.name };
    jwt::sign(&user.secret, &claims).map_err(|_| AuthRefusal::Token)
}

fn random() -> Result<[u8; 32], ClusterError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| ClusterError::Random(error.to_string()))?;
    Ok(bytes)
}

/// Off the runtime: a password hash takes tens of milliseconds.
async fn off<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SharedError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| SharedError::Interrupted)
}

impl Cluster {
    /// Who calls with this credential. While there has never been a user, that is anybody.
    ///
    /// # Errors
    /// Why the caller is refused.
    pub async fn authenticate(
        &self,
        credential: Option<Credential<'_>>,
    ) -> Result<ClusterCaller, AuthRefusal> {
        if !self.has_users().await? {
            return Ok(ClusterCaller::Anybody);
        }
        match credential {
            None => Err(AuthRefusal::Missing),
            Some(Credential::Basic(secret)) => self.password(secret).await,
            Some(Credential::Bearer(token)) => {
                let user = self.bearer(token).await?;
                Ok(ClusterCaller::User(user.name))
            }
        }
    }

    /// Lets nobody in without a credential, also while there is no user.
    pub fn require_users(&self) {
        self.had_users.store(true, Ordering::Relaxed);
    }

    /// Whether there is a user, or was one while this process ran: removing the last user does not open the API.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn has_users(&self) -> Result<bool, SharedError> {
        if self.had_users.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let some = !self.context.rows().cluster_users(None, 1).await?.is_empty();
        if some {
            self.had_users.store(true, Ordering::Relaxed);
        }
        Ok(some)
    }

    async fn password(&self, secret: &str) -> Result<ClusterCaller, AuthRefusal> {
        if secret.len() > MAX_CREDENTIAL {
            return Err(AuthRefusal::Password);
        }
        let (name, password) = basic::read(secret).ok_or(AuthRefusal::Password)?;
        let user = self.context.rows().cluster_user(&name).await?;
        // One text for one login.
        let login = TokenHash::of(secret).0;
        if let Some(user) = &user
            && self.logins.knows(&login, &user.hash)
        {
            return Ok(ClusterCaller::User(user.name.clone()));
        }
        // An unknown name takes as long as a wrong password.
        let hash = user.as_ref().map(|user| user.hash.clone());
        let right = off(move || verify(&password, hash.as_deref())).await?;
        match user {
            Some(user) if right => {
                self.logins.note(login, user.hash);
                Ok(ClusterCaller::User(user.name))
            }
            _ => Err(AuthRefusal::Password),
        }
    }

    async fn bearer(&self, token: &str) -> Result<ClusterUser, AuthRefusal> {
        if token.len() > MAX_CREDENTIAL {
            return Err(AuthRefusal::Token);
        }
        let token = Jwt::read(token).ok_or(AuthRefusal::Token)?;
        let claims: Claims = token.claims().ok_or(AuthRefusal::Token)?;
        let name = claims.iss.ok_or(AuthRefusal::Token)?;
        let rows = self.context.rows();
        let user = rows.cluster_user(&name).await?.ok_or(AuthRefusal::Token)?;
        if !token.is_signed_with(&user.secret) {
            return Err(AuthRefusal::Token);
        }
        if claims.exp.is_some() || claims.nbf.is_some() {
            #[allow(clippy::cast_precision_loss, reason = "a clock in seconds fits")]
            let now = rows.now().await? as f64 / 1000.0;
            if claims.exp.is_some_and(|exp| exp <= now) || claims.nbf.is_some_and(|nbf| nbf > now) {
                return Err(AuthRefusal::Token);
            }
        }
        Ok(user)
    }

    /// A JWT for a caller; none for anybody.
    ///
    /// # Errors
    /// When the user is gone, or the rows fail.
    pub async fn token(&self, caller: &ClusterCaller) -> Result<String, AuthRefusal> {
        let ClusterCaller::User(name) = caller else {
            return Err(AuthRefusal::Missing);
        };
        let user = self.context.rows().cluster_user(name).await?;
        token_of(&user.ok_or(AuthRefusal::Password)?)
    }

    /// The secret that the peers share, which never changes.
    async fn peer_secret(&self) -> Result<&[u8], ClusterError> {
        let read = || async {
            Ok::<_, ClusterError>(self.context.rows().cluster_secret(random()?).await?)
        };
        Ok(self.secret.get_or_try_init(read).await?)
    }

    /// A token that proves to other peers that this one asks. It is valid for ten minutes.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn peer_token(&self) -> Result<String, ClusterError> {
        let secret = self.peer_secret().await?;
        let until = self.context.rows().now().await?;
        let until = until.saturating_add(PEER_TOKEN);
        let signed = format!("{}.{until}", self.peer());
        let signature = URL_SAFE_NO_PAD.encode(jwt::code(secret, &signed));
        Ok(format!("{signed}.{signature}"))
    }

    /// The peer that such a token is of.
    ///
    /// # Errors
    /// [`AuthRefusal::Token`], or when the rows fail.
    pub async fn authenticate_peer(&self, token: &str) -> Result<String, AuthRefusal> {
        if token.len() > MAX_CREDENTIAL {
            return Err(AuthRefusal::Token);
        }
        let refused = || AuthRefusal::Token;
        let (signed, signature) = token.rsplit_once('.').ok_or_else(refused)?;
        let (peer, until) = signed.split_once('.').ok_or_else(refused)?;
        let until: i64 = until.parse().map_err(|_| refused())?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| refused())?;
        let secret = self.peer_secret().await.map_err(|error| match error {
            ClusterError::Rows(error) => AuthRefusal::Rows(error),
            _ => AuthRefusal::Token,
        })?;
        if !jwt::is_code(secret, signed, &signature) || until < self.context.rows().now().await? {
            return Err(AuthRefusal::Token);
        }
        Ok(peer.to_owned())
    }
}

/// Whether the password has this hash. Without one, it takes as long as with one.
fn verify(password: &str, hash: Option<&str>) -> bool {
    // Of a password that nobody has.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$MDAwMDAwMDAwMDAwMDAwMA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let right = Argon2::default().verify_password(password.as_bytes(), hash.unwrap_or(NOBODY));
    right.is_ok() && hash.is_some()
}

/// Creates a user of the cluster's REST API, or changes the password, which ends all of the user's tokens.
///
/// # Errors
/// When the name is not valid, or the rows fail.
pub async fn set_user(
    rows: &dyn cairn_store::shared::SharedRows,
    name: &str,
    password: &str,
) -> Result<ClusterUser, ClusterError> {
    if name.contains(':') {
        return Err(ClusterError::Option {
            option: "name",
            reason: "has a colon, which ends it in a credential".to_owned(),
        });
    }
    if password.is_empty() {
        return Err(ClusterError::Option {
            option: "password",
            reason: "is empty".to_owned(),
        });
    }
    let salt = random()?;
    let password = password.to_owned();
    let hash = off(move || {
        let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
        Some(hash.ok()?.to_string())
    })
    .await?
    .ok_or_else(|| ClusterError::Random("the password cannot be hashed".to_owned()))?;
    Ok(rows.set_cluster_user(name, &hash, random()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_name_their_user() {
        let user = ClusterUser {
            name: "ann".to_owned(),
            hash: String::new(),
            secret: vec![7; 32],
            created: 0,
        };
        let token = token_of(&user).unwrap();
        let token = Jwt::read(&token).unwrap();
        assert!(token.is_signed_with(&user.secret));
        assert!(!token.is_signed_with(&[8; 32]));
        let claims: Claims = token.claims().unwrap();
        assert_eq!(claims.iss.as_deref(), Some("ann"));
    }
}
