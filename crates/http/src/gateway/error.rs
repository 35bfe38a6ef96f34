//! Error responses of the gateway. Statuses are chosen here and nowhere else in this face.
//!
//! | status | when |
//! |---|---|
//! | 400 | the path, the CID or a parameter cannot be read |
//! | 404 | no such link, or the block is not here |
//! | 405 | neither GET nor HEAD |
//! | 406 | the content has no such form, or is malformed |
//! | 410, 451 | the content is on a deny list |
//! | 412 | only what is cached was asked for, and a block is not here |
//! | 416 | no such range |
//! | 429 | too many requests at once |
//! | 500 | the store failed, a name cannot be resolved, or the website's `_redirects` is invalid |
//! | 501 | the path ends inside a block, or ranges are off for files of this size |
//! | 502 | peers or the DNS cannot be reached |
//! | 504 | no block came from peers in time, or no name was resolved |

use axum::body::Body;
use axum::response::Response;
use cairn_primitives::Cid;
use cairn_primitives::denylist::Refusal;
use cairn_primitives::with_causes;
use cairn_store::names::NameError;
use http::{HeaderValue, StatusCode, header};

use super::page::failure;
use super::response::put;

/// Seconds after which a client may try again.
const RETRY_AFTER: u32 = 60;

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
    /// The exchange with peers, or a lookup, failed.
    #[error("{0}")]
    Unreachable(String),
    /// A name cannot be resolved.
    #[error("{0}")]
    Name(String),
    /// Peers took too long.
    #[error("{text}")]
    Timeout {
        /// What was waited for.
        text: String,
        /// The block, if it was one.
        cid: Option<Box<Cid>>,
    },
    /// The method is neither GET nor HEAD.
    #[error("method not allowed: the gateway supports GET and HEAD")]
    Method,
    /// The content is not available in this format.
    #[error("{0}")]
    NotAcceptable(String),
    /// What was asked for does not exist in this program.
    #[error("{0}")]
    NotImplemented(String),
    /// The file has no such range.
    #[error("requested range not satisfiable: the file has {size} bytes")]
    Range {
        /// The file's size in bytes.
        size: u64,
    },
    /// Ranges are off for files of this size.
    #[error(
        "range requests not supported for files larger than {limit} bytes: switch to verifiable block requests (application/vnd.ipld.raw)"
    )]
    RangesOff {
        /// The maximum size in bytes.
        limit: u64,
    },
    /// The content is on a deny list.
    #[error("this content is blocked by the operator of this gateway: list {list:?}")]
    Refused {
        /// How.
        refusal: Refusal,
        /// The name of the list.
        list: String,
    },
    /// Too many requests at once.
    #[error("Too many requests. Please retry after {RETRY_AFTER} seconds.")]
    Busy,
    /// The website is broken.
    #[error("{0}")]
    Website(String),
    /// The node failed.
    #[error("{0}")]
    Internal(String),
}

/// How errors are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct ErrorView<'a> {
    /// Whether they are pages, for browsers.
    pub(super) html: bool,
    /// The path of the request.
    pub(super) path: &'a str,
    /// URL of a service that looks for providers of a CID.
    pub(super) diagnostics: Option<&'a str>,
}

impl GatewayError {
    /// A path that cannot be read.
    pub(super) fn bad_path(path: &str) -> Self {
        Self::Bad(format!("invalid path {path:?}"))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) | Self::NotHere(_) => StatusCode::NOT_FOUND,
            Self::NotCached(_) => StatusCode::PRECONDITION_FAILED,
            Self::Unreachable(_) => StatusCode::BAD_GATEWAY,
            Self::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable(_) => StatusCode::NOT_ACCEPTABLE,
            Self::NotImplemented(_) | Self::RangesOff { .. } => StatusCode::NOT_IMPLEMENTED,
            Self::Range { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Refused { refusal, .. } => match refusal {
                Refusal::Gone => StatusCode::GONE,
                Refusal::Legal => StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
            },
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Name(_) | Self::Website(_) | Self::Internal(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// What a person may try.
    fn hints(&self) -> &'static [&'static str] {
        match self {
            Self::Bad(_) => &[
                "Compare the address with where you have it from: CIDs are case-sensitive unless they begin with b or k.",
            ],
            Self::NotFound(_) => &[
                "Go up one level in the address and look for the name there.",
                "The content under a CID never changes: what is not there now was never there.",
            ],
            Self::NotHere(_) => &[
                "Ask another gateway: this one serves only content that it has.",
                "If this is your node, add or pin the content, or connect it to peers.",
            ],
            Self::Unreachable(_) | Self::Timeout { .. } => &[
                "Try again in a minute: the content may be found by then.",
                "If the content is yours, check that a node that has it is online.",
            ],
            Self::Name(_) => &[
                "Check the name: keys expire unless their owner publishes them again, and domains need a DNSLink record.",
            ],
            Self::NotAcceptable(_) | Self::NotImplemented(_) => {
                &["Ask for the block or the whole DAG with ?format=raw or ?format=car."]
            }
            Self::Busy => &["Wait a minute and try again."],
            Self::Refused { .. } => {
                &["Write to the operator of this gateway if you think that this is wrong."]
            }
            Self::Website(_) => &["Tell the owner of the website: its _redirects file is invalid."],
            Self::NotCached(_)
            | Self::Method
            | Self::Range { .. }
            | Self::RangesOff { .. }
            | Self::Internal(_) => &[],
        }
    }

    /// The response: the status and a line of text, or a page.
    pub(super) fn into_response(self, view: ErrorView<'_>) -> Response {
        let status = self.status();
        let text = self.to_string();
        let (body, media_type) = if view.html {
            let link = match (&self, view.diagnostics) {
                (Self::Timeout { cid: Some(cid), .. }, Some(url)) if !url.is_empty() => {
                    Some(format!("{}/?cid={cid}", url.trim_end_matches('/')))
                }
                _ => None,
            };
            let page = failure::page(status, &text, view.path, self.hints(), link.as_deref());
            (page, "text/html; charset=utf-8")
        } else {
            (format!("{text}\n"), "text/plain; charset=utf-8")
        };
        let length = body.len() as u64;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CONTENT_LENGTH, length.into());
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if view.html {
            put(
                headers,
                header::CONTENT_SECURITY_POLICY,
                super::page::policy(),
            );
        }
        match self {
            Self::Range { size } => {
                put(headers, header::CONTENT_RANGE, &format!("bytes */{size}"));
            }
            Self::Method => {
                headers.insert(
                    header::ALLOW,
                    HeaderValue::from_static("GET, HEAD, OPTIONS"),
                );
            }
            Self::Busy | Self::Timeout { .. } | Self::Unreachable(_) => {
                headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
            }
            _ => {}
        }
        response
    }
}

impl From<NameError> for GatewayError {
    fn from(error: NameError) -> Self {
        let text = error.to_string();
        match error {
            NameError::TimedOut { .. } => Self::Timeout { text, cid: None },
            NameError::NotAKey { .. } | NameError::NoName { .. } | NameError::TooDeep { .. } => {
                Self::Bad(text)
            }
            NameError::Dns { .. } => Self::Unreachable(text),
            _ => Self::Name(text),
        }
    }
}

impl From<cairn_dag::FetchError> for GatewayError {
    fn from(error: cairn_dag::FetchError) -> Self {
        use cairn_dag::FetchError;
        match &error {
            FetchError::Offline { .. } => Self::NotHere(error.to_string()),
            FetchError::NotFound { .. } => Self::NotFound(error.to_string()),
            FetchError::TimedOut { cid, .. } => Self::Timeout {
                text: error.to_string(),
                cid: Some(Box::new(cid.clone())),
            },
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
                "the content is neither a file nor a directory: ask for ?format=raw or ?format=car"
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
            ResolveError::Mutable(_) => Self::Name("this node does not resolve names".to_owned()),
            ResolveError::Name(error) => error.into(),
            other => Self::NotFound(other.to_string()),
        }
    }
}

impl From<cairn_dag::export::ExportError> for GatewayError {
    fn from(error: cairn_dag::export::ExportError) -> Self {
        use cairn_dag::export::ExportError;
        match error {
            ExportError::Node(error) => error.into(),
            // The content cannot be had in this form; the server works.
            ExportError::OutsideRoot
            | ExportError::PathTooLong
            | ExportError::TooManyLinks
            | ExportError::TooDeep { .. }
            | ExportError::SizeMismatch { .. } => Self::NotAcceptable(with_causes(&error)),
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
