//! Error responses of the gateway. Statuses are chosen here and nowhere else in this face.
//!
//! | status | when |
//! |---|---|
//! | 400 | the path, the CID or the format cannot be read |
//! | 404 | no such link, or the block is not here |
//! | 405 | neither GET nor HEAD |
//! | 412 | only what is cached was asked for, and a block is not here |
//! | 406 | the content has no such form, or is malformed |
//! | 416 | no such range |
//! | 500 | the store failed |
//! | 502 | peers or names cannot be reached |
//! | 504 | no block came from peers in time, or no name was resolved |

use axum::body::Body;
use axum::response::Response;
use cairn_store::names::NameError;
use http::{HeaderValue, StatusCode, header};

use crate::cause::with_causes;

/// Why a request fails.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum GatewayError {
    /// The request cannot be read.
    #[error("{0}")]
    Bad(String),
    /// Nothing exists at that path.
    #[error("{0}")]
    NotFound(String),
    /// A block is not stored locally, and the node is offline.
    #[error("{0}")]
    NotHere(String),
    /// The same, where the client asked for cached content only.
    #[error("{0}")]
    NotCached(String),
    /// The exchange with peers, or a name, failed.
    #[error("{0}")]
    Unreachable(String),
    /// Peers took too long.
    #[error("{0}")]
    Timeout(String),
    /// The method is neither GET nor HEAD.
    #[error("method not allowed: the gateway supports GET and HEAD")]
    Method,
    /// The content is not available in this format.
    #[error("{0}")]
    NotAcceptable(String),
    /// The file has no such range.
    #[error("requested range not satisfiable: the file has {size} bytes")]
    Range {
        /// The file's size in bytes.
        size: u64,
    },
    /// The node failed.
    #[error("{0}")]
    Internal(String),
}

impl GatewayError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) | Self::NotHere(_) => StatusCode::NOT_FOUND,
            Self::NotCached(_) => StatusCode::PRECONDITION_FAILED,
            Self::Unreachable(_) => StatusCode::BAD_GATEWAY,
            Self::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable(_) => StatusCode::NOT_ACCEPTABLE,
            Self::Range { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The response: the status and a line of text.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Range { size } => {
                if let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}")) {
                    headers.insert(header::CONTENT_RANGE, range);
                }
            }
            Self::Method => {
                headers.insert(
                    header::ALLOW,
                    HeaderValue::from_static("GET, HEAD, OPTIONS"),
                );
            }
            _ => {}
        }
        response
    }
}

impl From<cairn_dag::FetchError> for GatewayError {
    fn from(error: cairn_dag::FetchError) -> Self {
        use cairn_dag::FetchError;
        match error {
            FetchError::Offline { .. } => Self::NotHere(error.to_string()),
            FetchError::NotFound { .. } => Self::NotFound(error.to_string()),
            FetchError::TimedOut { .. } => Self::Timeout(error.to_string()),
            FetchError::Exchange(_) => Self::Unreachable(with_causes(&error)),
            _ => Self::Internal(with_causes(&error)),
        }
    }
}

impl From<cairn_dag::NodeError> for GatewayError {
    fn from(error: cairn_dag::NodeError) -> Self {
        match error {
            cairn_dag::NodeError::Fetch(error) => error.into(),
            cairn_dag::NodeError::UnknownType { .. } => Self::NotAcceptable(
                "the content is neither a file nor a folder: ask for ?format=raw or ?format=car"
                    .to_owned(),
            ),
            // The content itself is malformed; the server works.
            other => Self::NotAcceptable(format!(
                "{}: ask for ?format=raw or ?format=car",
                with_causes(&other)
            )),
        }
    }
}

impl From<cairn_dag::resolve::ResolveError> for GatewayError {
    fn from(error: cairn_dag::resolve::ResolveError) -> Self {
        use cairn_dag::resolve::ResolveError;
        match error {
            ResolveError::Node(error) => error.into(),
            ResolveError::Mutable(_) => Self::Bad(error.to_string()),
            ResolveError::Name(NameError::NotFound { .. } | NameError::NoDnsLink { .. }) => {
                Self::NotFound(error.to_string())
            }
            ResolveError::Name(NameError::TimedOut { .. }) => Self::Timeout(error.to_string()),
            ResolveError::Name(NameError::NotAKey { .. } | NameError::NoName { .. }) => {
                Self::Bad(error.to_string())
            }
            ResolveError::Name(_) => Self::Unreachable(error.to_string()),
            other => Self::NotFound(other.to_string()),
        }
    }
}

impl From<cairn_dag::export::ExportError> for GatewayError {
    fn from(error: cairn_dag::export::ExportError) -> Self {
        match error {
            cairn_dag::export::ExportError::Node(error) => error.into(),
            other => Self::Internal(with_causes(&other)),
        }
    }
}

impl From<cairn_dag::export::CarError> for GatewayError {
    fn from(error: cairn_dag::export::CarError) -> Self {
        match error {
            cairn_dag::export::CarError::Root(error) => error.into(),
            other => Self::Internal(with_causes(&other)),
        }
    }
}
