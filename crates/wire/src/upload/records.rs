//! The records of the upload API.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of a successful response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ResponseOf{T}")]
pub struct Success<T> {
    /// `true`.
    pub ok: bool,
    /// The result.
    pub value: T,
}

impl<T> Success<T> {
    /// The response with this result.
    pub fn new(value: T) -> Self {
        Self { ok: true, value }
    }
}

/// The body of the response to a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// `true`.
    pub ok: bool,
}

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nft {
    /// Its CID.
    pub cid: String,
    /// Size of its data in bytes; 0 while it is not known.
    pub size: u64,
    /// When it was first uploaded, as RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub created: String,
    /// The media type of an uploaded file or CAR, `directory` for several files, `nft` for metadata with its files.
    pub r#type: String,
    /// The name of the token that was used.
    pub scope: String,
    /// The uploaded files, of a directory.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub files: Vec<File>,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// The CIDs of the CARs that were uploaded for it.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub parts: Vec<String>,
    /// The state of its pin.
    pub pin: Pin,
    /// The storage deals of its content.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub deals: Vec<Deal>,
}

/// A file of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Its name; a path below the directory.
    #[serde(default)]
    pub name: String,
    /// Its media type.
    #[serde(default)]
    pub r#type: String,
}

/// The state of a pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    /// Its CID.
    pub cid: String,
    /// When it was made, as RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub created: String,
    /// Size of its data in bytes; 0 while it is not known.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub size: u64,
    /// Its status.
    pub status: PinStatus,
}

/// The status of a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PinStatus {
    /// Waiting.
    Queued,
    /// Blocks are missing.
    Pinning,
    /// Complete.
    Pinned,
    /// It failed.
    Failed,
}

impl PinStatus {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pinning => "pinning",
            Self::Pinned => "pinned",
            Self::Failed => "failed",
        }
    }
}

/// A storage deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deal {
    /// Its status.
    pub status: DealStatus,
    /// When its status last changed, as RFC 3339.
    #[serde(alias = "lastChange")]
    pub last_changed: String,
    /// Its other fields.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

impl Eq for Deal {}

/// The status of a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DealStatus {
    /// Waiting.
    Queued,
    /// It is being proposed to a provider.
    Proposing,
    /// A provider has accepted it.
    Accepted,
    /// It failed.
    Failed,
    /// It was published.
    Published,
    /// It is active.
    Active,
    /// It has ended.
    Terminated,
    /// Another.
    #[serde(other)]
    Unknown,
}

/// What everybody may know about a stored CID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// The CID.
    pub cid: String,
    /// The state of its pin.
    pub pin: Pin,
    /// The storage deals of its content.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub deals: Vec<Deal>,
}

/// A new name for an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewName {
    /// The name.
    #[schemars(length(min = 1, max = 1024))]
    pub name: String,
}

/// A stored NFT.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StoredNft {
    /// The CID of the NFT, whose entry `metadata.json` is the metadata.
    pub ipnft: String,
    /// The URL of the metadata.
    pub url: String,
    /// The metadata, with the URLs of the files.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub data: Box<RawValue>,
}

/// The version of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceVersion {
    /// The version.
    pub version: String,
    /// The commit that it was built from; may be empty.
    pub commit: String,
    /// The branch that it was built from; may be empty.
    pub branch: String,
    /// `rw-` when it reads and writes.
    pub mode: String,
}

/// The body of an error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// `false`.
    pub ok: bool,
    /// The error.
    pub error: FailureError,
}

impl Failure {
    /// An error response.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            ok: false,
            error: FailureError {
                code: code.name().to_owned(),
                message: message.into(),
            },
        }
    }
}

/// The error of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureError {
    /// A code for programs. The API's document calls it `name`.
    #[serde(alias = "name", default)]
    pub code: String,
    /// A text for people.
    #[serde(default)]
    pub message: String,
}

macro_rules! codes {
    ($($(#[doc = $docs:literal])+ $code:ident = $name:literal, $status:literal $(, $message:literal)?;)+) => {
        /// The code of an error; its status and, where it is always the same, its message belong to it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $( $(#[doc = $docs])+ $code, )+
        }

        impl Code {
            /// As it is sent.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $( Self::$code => $name, )+ }
            }

            /// The status of the response.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $( Self::$code => $status, )+ }
            }

            /// The message.
            #[must_use]
            pub fn message(self) -> Option<&'static str> {
                match self { $( Self::$code => codes!(@message $($message)?), )+ }
            }
        }
    };
    (@message) => { None };
    (@message $message:literal) => { Some($message) };
}

codes! {
    /// There is no bearer token.
    ExpectedBearerString = "EXPECTED_BEARER_STRING", 401,
        "API Key is missing, make sure the `Authorization` header has a value in the following format `Bearer {api key}`.";
    /// The token cannot be read.
    MalformedToken = "ERROR_MALFORMED_TOKEN", 401, "API Key is malformed or failed to parse.";
    /// The token has expired.
    TokenExpired = "ERROR_DIDT_EXPIRED", 401, "API Key has expired.";
    /// There is no such token.
    TokenNotFound = "ERROR_TOKEN_NOT_FOUND", 401, "API Key not found.";
    /// All uses of the token are spent.
    TokenSpent = "ERROR_TOKEN_SPENT", 401, "All uses of the API Key are spent.";
    /// The account is disabled.
    AccountRestricted = "ERROR_ACCOUNT_RESTRICTED", 403, "Account restricted.";
    /// The token has not the scope for this.
    Forbidden = "ERROR_FORBIDDEN", 403, "API Key does not allow this operation.";
    /// The quota of the account is used up.
    QuotaExceeded = "ERROR_STORAGE_LIMIT_EXCEEDED", 403;
    /// The text is no CID.
    InvalidCid = "ERROR_INVALID_CID", 400;
    /// The CAR cannot be accepted.
    InvalidCar = "ERROR_INVALID_CAR", 400;
    /// The request is wrong otherwise.
    InvalidRequest = "HTTP_ERROR", 400;
    /// There is no such upload.
    NotFound = "HTTP_ERROR", 404;
    /// The path has other methods.
    MethodNotAllowed = "HTTP_ERROR", 405;
    /// The body is too long.
    TooLarge = "HTTP_ERROR", 413;
    /// Too many requests.
    RateLimited = "ERROR_RATE_LIMITED", 429, "You are being rate limited.";
    /// The service cannot write at present.
    Maintenance = "ERROR_MAINTENANCE", 503, "API is undergoing maintenance.";
    /// There is no space left.
    InsufficientStorage = "ERROR_INSUFFICIENT_STORAGE", 507, "There is no space left.";
    /// The service failed.
    Internal = "Error", 500, "Internal server error.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_forms_are_read() {
        let failure: Failure =
            serde_json::from_str(r#"{"ok":false,"error":{"name":"HTTP Error","message":"no"}}"#)
                .unwrap();
        assert_eq!(failure.error.code, "HTTP Error");
        let deal: Deal = serde_json::from_str(
            r#"{"status":"sealed","lastChange":"2021-03-18T11:46:50Z","chainDealID":7}"#,
        )
        .unwrap();
        assert_eq!(deal.status, DealStatus::Unknown);
        assert_eq!(deal.other["chainDealID"], 7);
    }
}
