//! The records of accounts and tokens. Times are RFC 3339 with milliseconds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountPage {
    /// The accounts, in the order of their creation.
    pub accounts: Vec<AccountRecord>,
    /// The value of `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRecord {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// When it was created.
    #[schemars(extend("format" = "date-time"))]
    pub created: String,
    /// Whether all its tokens are refused.
    pub disabled: bool,
    /// What it may use.
    pub quota: QuotaRecord,
    /// What it uses.
    pub usage: UsageRecord,
}

/// What an account may use; unlimited where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaRecord {
    /// Maximum number of pin requests and uploads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_223_372_036_854_775_807_u64))]
    pub pins: Option<u64>,
    /// Maximum size of their content, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_223_372_036_854_775_807_u64))]
    pub bytes: Option<u64>,
}

/// What an account uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsageRecord {
    /// The number of its pin requests and uploads.
    pub pins: u64,
    /// The size of their content, in bytes.
    pub bytes: u64,
}

/// An account to create.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Its name: not empty, at most 255 bytes, without control characters, and not `.` or `..`.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// What it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaRecord>,
}

/// A change of an account. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// Whether all its tokens are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// What it may use; replaces the whole quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaRecord>,
}

/// A scope of a token.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The account's pin requests.
    Pin,
    /// The account's uploads.
    Upload,
    /// Reading both.
    Read,
    /// All accounts and tokens.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pin, Self::Upload, Self::Read, Self::Admin];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Upload => "upload",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

/// A page of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenPage {
    /// The tokens, in the order of their creation.
    pub tokens: Vec<TokenRecord>,
    /// The value of `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// A token, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenRecord {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// When it was created.
    #[schemars(extend("format" = "date-time"))]
    pub created: String,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub expires: Option<String>,
    /// Maximum number of uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u64>,
    /// Number of uses; counted only where there is a maximum.
    pub used: u64,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub revoked: Option<String>,
}

/// A token to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Its name: not empty, at most 255 bytes, without control characters.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Its scopes.
    #[schemars(length(min = 1))]
    pub scopes: Vec<Scope>,
    /// Its lifetime in seconds; unlimited if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3_155_760_000_u64))]
    pub expires_in: Option<u64>,
    /// Maximum number of uses; unlimited if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9_223_372_036_854_775_807_u64))]
    pub max_uses: Option<u64>,
    /// The form of its text.
    #[serde(default)]
    pub form: TokenForm,
}

/// The form of a token's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenForm {
    /// Random.
    #[default]
    Random,
    /// A JSON Web Token as those of nft.storage.
    Jwt,
}

/// A new token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedToken {
    /// The token.
    pub token: TokenRecord,
    /// Its text, which is not shown again.
    pub secret: String,
}

// Written by hand: secrets do not belong in logs.
impl std::fmt::Debug for CreatedToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("CreatedToken")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
