//! The error that the Kubo RPC sends.

use serde::{Deserialize, Serialize};

/// The kind of a [`CommandError`], with Kubo's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The command failed.
    Normal,
    /// The request was wrong.
    Client,
    /// The program has a fault.
    Implementation,
    /// Too many requests.
    RateLimited,
    /// Not allowed.
    Forbidden,
}

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Normal => 0,
            Self::Client => 1,
            Self::Implementation => 2,
            Self::RateLimited => 3,
            Self::Forbidden => 4,
        }
    }
}

/// The JSON of a failed command: `{"Message":…,"Code":…,"Type":"error"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "PascalCase")]
#[error("{message}")]
pub struct CommandError {
    /// The error.
    pub message: String,
    /// [`ErrorCode::number`].
    pub code: u32,
    /// Always `error`.
    pub r#type: String,
    /// The same in Cairn's own words, where the message is Kubo's. It is only sent to clients that ask for
    /// [`STREAM_END`](crate::shape::STREAM_END): others expect the fields of Kubo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The trailer with the [`CommandError::detail`] of a response that failed after its start, percent-encoded. It is sent next to
/// `X-Stream-Error` if the client asked for [`STREAM_END`](crate::shape::STREAM_END).
pub const ERROR_DETAIL: &str = "x-error-detail";

impl CommandError {
    /// An error of this kind.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: code.number(),
            r#type: "error".to_owned(),
            detail: None,
        }
    }

    /// The same error with its text in Cairn's own words.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into()).filter(|detail| *detail != self.message);
        Self { detail, ..self }
    }

    /// The same error with the fields of Kubo only.
    #[must_use]
    pub fn without_detail(self) -> Self {
        Self {
            detail: None,
            ..self
        }
    }

    /// A command that failed.
    pub fn normal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Normal, message)
    }

    /// A request that was wrong.
    pub fn client(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Client, message)
    }
}
