//! Bearer tokens of accounts.

use std::time::Duration;

use cairn_primitives::Multihash;
use futures_util::future::BoxFuture;

use super::{AccountId, Millis, SharedError};

/// Id of a token: assigned in the order of creation, and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub i64);

/// The SHA2-256 of a token's text; the text itself is not stored. A token must be random enough that its hash cannot
/// be inverted by search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token's text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut hash = [0; 32];
        let digest = Multihash::sha2_256(text.as_bytes());
        for (to, from) in hash.iter_mut().zip(digest.digest()) {
            *to = *from;
        }
        Self(hash)
    }
}

/// The scopes of a token: a set of bits, which later versions may extend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(pub u32);

impl Scopes {
    /// Use of the pinning service.
    pub const PIN: Self = Self(1);
    /// Uploads.
    pub const UPLOAD: Self = Self(2);
    /// Reading what the account has.
    pub const READ: Self = Self(4);
    /// Administration of all accounts and tokens.
    pub const ADMIN: Self = Self(8);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it includes all of these.
    #[must_use]
    pub const fn allow(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// Whether it includes one of these, or none is wanted.
    #[must_use]
    pub const fn allow_any(self, wanted: Self) -> bool {
        wanted.0 == 0 || self.0 & wanted.0 != 0
    }
}

/// A token to create.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose it is.
    pub account: AccountId,
    /// Its name, unique among the account's tokens that are not revoked.
    pub name: String,
    /// Its scopes.
    pub scopes: Scopes,
    /// The hash of its text.
    pub hash: TokenHash,
    /// Its lifetime, with millisecond precision; unlimited if absent.
    pub lifetime: Option<Duration>,
    /// Maximum number of uses, at least 1; unlimited if absent.
    pub max_uses: Option<u64>,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Its scopes.
    pub scopes: Scopes,
    /// When it was created.
    pub created: Millis,
    /// When it ends.
    pub expires: Option<Millis>,
    /// Maximum number of uses.
    pub max_uses: Option<u64>,
    /// Number of uses. Only counted for tokens with [`Token::max_uses`]: others would need a write per request.
    pub used: u64,
    /// When it was revoked.
    pub revoked: Option<Millis>,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// There is no token with this hash.
    Unknown,
    /// It was revoked.
    Revoked,
    /// Its account is disabled.
    Disabled,
    /// It has expired.
    Expired,
    /// Its uses are exhausted.
    Spent,
    /// It has none of the needed scopes.
    Scope,
}

/// The table of tokens.
pub trait TokenRows: Send + Sync + 'static {
    /// Creates a token.
    ///
    /// # Errors
    /// [`SharedError::Missing`] when there is no such account, [`SharedError::Taken`] when it has a token of that name or there is one
    /// with that hash, [`SharedError::BadName`], and [`SharedError::Range`] for a lifetime or number of uses out of range.
    fn create_token(&self, new: NewToken) -> BoxFuture<'_, Result<Token, SharedError>>;

    /// Accepts the token with this hash for one use, which is counted if it has a maximum, or returns why it is
    /// refused. It needs one of the scopes in `needed`, unless that is empty.
    fn use_token(
        &self,
        hash: TokenHash,
        needed: Scopes,
    ) -> BoxFuture<'_, Result<Result<Token, TokenRefusal>, SharedError>>;

    /// The token of an account with this name that is not revoked.
    fn token_named<'a>(
        &'a self,
        account: AccountId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Token>, SharedError>>;

    /// Up to `limit` tokens of an account after an id, or from the first, in the order of ids.
    fn tokens(
        &self,
        account: AccountId,
        after: Option<TokenId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Token>, SharedError>>;

    /// Revokes a token of an account; `false` if it has no such token, or it was revoked before.
    fn revoke_token(
        &self,
        account: AccountId,
        id: TokenId,
    ) -> BoxFuture<'_, Result<bool, SharedError>>;
}

/// A new token in the numbers of the tables.
pub(super) struct Columns {
    pub(super) lifetime: Option<i64>,
    pub(super) max_uses: Option<i64>,
}

impl NewToken {
    /// Checks it, and converts its numbers.
    pub(super) fn columns(&self) -> Result<Columns, SharedError> {
        super::check_name(&self.name)?;
        let lifetime = match self.lifetime {
            // Far below the end of the numbers, so that a time can be added to it.
            Some(lifetime) => match i64::try_from(lifetime.as_millis()) {
                Ok(millis) if millis <= i64::MAX / 4 => Some(millis),
                _ => {
                    return Err(SharedError::Range {
                        what: "the lifetime",
                    });
                }
            },
            None => None,
        };
        let max_uses = match self.max_uses {
            Some(uses) => match i64::try_from(uses) {
                Ok(uses) if uses > 0 => Some(uses),
                _ => {
                    return Err(SharedError::Range {
                        what: "the number of uses",
                    });
                }
            },
            None => None,
        };
        Ok(Columns { lifetime, max_uses })
    }
}

/// A row as both dialects read it, for [`TokenRows::use_token`].
pub(super) struct TokenRow {
    pub(super) token: Token,
    pub(super) disabled: bool,
    /// The clock of the database.
    pub(super) now: Millis,
}

impl TokenRow {
    /// Whether it is accepted. What is final is told first.
    pub(super) fn accept(self, needed: Scopes) -> Result<Token, TokenRefusal> {
        let token = self.token;
        if token.revoked.is_some() {
            Err(TokenRefusal::Revoked)
        } else if self.disabled {
            Err(TokenRefusal::Disabled)
        } else if token.expires.is_some_and(|expires| expires <= self.now) {
            Err(TokenRefusal::Expired)
        } else if token.max_uses.is_some_and(|most| token.used >= most) {
            Err(TokenRefusal::Spent)
        } else if !token.scopes.allow_any(needed) {
            Err(TokenRefusal::Scope)
        } else {
            Ok(token)
        }
    }
}

/// A count in a column.
pub(super) fn unsigned(number: i64) -> Result<u64, SharedError> {
    u64::try_from(number).map_err(|_| SharedError::Damaged {
        what: "a count of uses is negative",
    })
}

/// The scopes in a column.
pub(super) fn scopes(number: i64) -> Result<Scopes, SharedError> {
    u32::try_from(number)
        .map(Scopes)
        .map_err(|_| SharedError::Damaged {
            what: "the scopes of a token are out of range",
        })
}
