//! Error responses of the RPC. Statuses are chosen here and nowhere else in this face.
//!
//! | status | when | body |
//! |---|---|---|
//! | 400 | an argument or option cannot be read | text |
//! | 400 | the command says that the request is wrong (code 1) | JSON |
//! | 403 | a foreign page calls, or a credential is missing | text |
//! | 404 | no such command | text |
//! | 405 | not POST | text |
//! | 500 | the command failed | JSON |

use axum::response::Response;
use cairn_primitives::with_causes;
use cairn_wire::{CommandError, ErrorCode, ParseError};
use http::{HeaderValue, StatusCode, header};

use super::answer::plain;
use crate::stream::Reason;

mod text;

pub(crate) use text::text;

/// Why a command did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The request cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The command failed after everything was sent: the response ends normally, with the error in a trailer.
    #[error("{0}")]
    Trailer(Reason),
}

impl Failure {
    /// The command failed.
    pub(crate) fn normal(message: impl Into<String>) -> Self {
        Self::Command(CommandError::normal(message))
    }

    /// The request is invalid.
    pub(crate) fn client(message: impl Into<String>) -> Self {
        Self::Command(CommandError::client(message))
    }

    /// The command failed after everything was sent.
    pub(crate) fn trailer(reason: impl Into<Reason>) -> Self {
        Self::Trailer(reason.into())
    }

    /// What is said of it once the response has started.
    pub(crate) fn into_reason(self) -> Reason {
        match self {
            Self::Parse(error) => error.to_string().into(),
            Self::Command(CommandError {
                message, detail, ..
            }) => Reason { message, detail },
            Self::Trailer(reason) => reason,
        }
    }

    /// The command has no XML form.
    pub(crate) fn no_xml() -> Self {
        Self::normal("this command does not answer as XML")
    }

    /// The status of a response that has not started.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Command(error) if error.code != ErrorCode::Client.number() => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Command(_) | Self::Parse(_) => StatusCode::BAD_REQUEST,
            Self::Trailer(_) => StatusCode::OK,
        }
    }
}

/// Errors of the layers below. Clients get Kubo's text of an error and its causes; callers in the same process also
/// get our own.
macro_rules! from_errors {
    ($($error:ty),+ $(,)?) => { $(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let own = with_causes(&error);
                Self::Command(CommandError::normal(text(&error)).with_detail(own))
            }
        }
    )+ };
}

from_errors!(
    cairn_dag::FetchError,
    cairn_dag::NodeError,
    cairn_dag::export::CarError,
    cairn_dag::export::ExportError,
    cairn_dag::gc::CollectError,
    cairn_dag::import::ImportError,
    cairn_dag::mfs::MfsError,
    cairn_dag::object::ObjectError,
    cairn_dag::pin::PinError,
    cairn_dag::resolve::ResolveError,
    cairn_node::bootstrap::BootstrapError,
    cairn_node::config::ConfigCommandError,
    cairn_node::config::DurationError,
    cairn_node::keystore::KeystoreError,
    cairn_node::names::PublishError,
    cairn_node::remote_services::ServiceError,
    cairn_node::swarm_filters::FilterError,
    cairn_primitives::cid::CidError,
    cairn_primitives::cid::FormatError,
    cairn_primitives::codec::CodecError,
    cairn_primitives::ipns::RecordError,
    cairn_primitives::keys::KeyError,
    cairn_primitives::keys::PeerIdError,
    cairn_primitives::keys::Pkcs8Error,
    cairn_primitives::multiaddr::MultiaddrError,
    cairn_primitives::multibase::MultibaseError,
    cairn_primitives::multihash::HashError,
    cairn_primitives::path::PathError,
    cairn_primitives::unixfs::BuildError,
    cairn_store::BlockError,
    cairn_store::NetworkError,
    cairn_wire::multipart::MultipartError,
    crate::logs::LogLevelError,
    crate::remote_pins::RemotePinError,
);

pub(crate) fn parse(refused: &ParseError) -> Response {
    bad_request(&text(refused))
}

pub(crate) fn bad_request(message: &str) -> Response {
    vary(plain(StatusCode::BAD_REQUEST, format!("{message}\n")))
}

pub(crate) fn not_found(within: bool) -> Response {
    let response = plain(StatusCode::NOT_FOUND, "404 page not found\n".to_owned());
    if within { vary(response) } else { response }
}

pub(crate) fn forbidden() -> Response {
    vary(plain(StatusCode::FORBIDDEN, "403 - Forbidden\n".to_owned()))
}

pub(crate) fn access_denied() -> Response {
    plain(
        StatusCode::FORBIDDEN,
        "Kubo RPC Access Denied: Please provide a valid authorization token as defined in the API.Authorizations configuration.\n"
            .to_owned(),
    )
}

pub(crate) fn method_not_allowed() -> Response {
    let mut response = vary(plain(
        StatusCode::METHOD_NOT_ALLOWED,
        "405 - Method Not Allowed\n".to_owned(),
    ));
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("OPTIONS, POST"));
    response
}

pub(crate) fn vary(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Origin"));
    response
}
