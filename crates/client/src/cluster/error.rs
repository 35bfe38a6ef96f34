//! Errors of the client.

use std::fmt::Write as _;
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_wire::cluster::{Failure, GlobalPinInfo};
use http::StatusCode;

use crate::address::AddressError;
use crate::error::TransportError;
use crate::rest::CallError;
use crate::upload::UploadError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The address of a peer cannot be parsed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The credentials contain characters that are invalid in a header.
    #[error("the credentials contain characters that are invalid in a header")]
    Credentials,
    /// The peer refused the request.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The text of the peer.
        message: String,
    },
    /// The request failed after the response had started.
    #[error("the request failed after its response had started: {message}")]
    Interrupted {
        /// The text of the peer.
        message: String,
    },
    /// None of several peers could be used.
    #[error("no peer of the cluster answered{}", list(attempts))]
    Unreachable {
        /// What happened at each peer, in the order in which they were tried.
        attempts: Vec<Attempt>,
    },
    /// The peer cannot be reached.
    #[error(transparent)]
    Connection(#[from] TransportError),
    /// The peer did not respond, or did not continue to respond, in time.
    #[error("no response within {} s", limit.as_secs_f64())]
    Timeout {
        /// The timeout.
        limit: Duration,
    },
    /// The content to send cannot be read.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The response has no record of what was added.
    #[error("the peer did not say what it has added")]
    NothingAdded,
    /// A pin failed on too many peers to reach its target.
    #[error("{cid} failed on {}", failures(status))]
    PinFailed {
        /// The CID.
        cid: Cid,
        /// Its status.
        status: Box<GlobalPinInfo>,
    },
    /// A pin did not reach its target in time.
    #[error("{cid} did not get there within {} s: {}", limit.as_secs_f64(), states(status))]
    WaitTimeout {
        /// The CID.
        cid: Cid,
        /// The time.
        limit: Duration,
        /// Its last status.
        status: Box<GlobalPinInfo>,
    },
    /// The response is not one of a peer of a cluster.
    #[error(transparent)]
    Call(CallError<Failure>),
}

/// A peer that could not be used.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The address of the peer.
    pub address: String,
    /// What happened.
    pub error: ClusterError,
}

impl ClusterError {
    /// The HTTP status, if the peer refused the request.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the pin is not in the pinset.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether credentials are missing or invalid.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
    }
}

impl From<CallError<Failure>> for ClusterError {
    fn from(error: CallError<Failure>) -> Self {
        match error {
            CallError::Refused { status, error, .. } => Self::Refused {
                status,
                message: error.message,
            },
            // Proxies, and the reference for a wrong method, answer without the JSON of an error.
            CallError::Malformed { status, .. } if !status.is_success() => Self::Refused {
                status,
                message: format!("the peer answered {status}"),
            },
            CallError::Interrupted { error } => Self::Interrupted {
                message: error.message,
            },
            CallError::Ended(message) => Self::Interrupted { message },
            CallError::Timeout { limit } => Self::Timeout { limit },
            CallError::Upload(error) => Self::Upload(error),
            CallError::Transport(error) => Self::Connection(error),
            other => Self::Call(other),
        }
    }
}

fn list(attempts: &[Attempt]) -> String {
    let mut out = String::new();
    for (at, Attempt { address, error }) in attempts.iter().enumerate() {
        let separator = if at == 0 { ": " } else { "; " };
        let _ = write!(out, "{separator}{address}: {error}");
    }
    out
}

/// The peers on which a pin failed, with their errors.
fn failures(status: &GlobalPinInfo) -> String {
    let failed = status
        .peer_map
        .iter()
        .filter(|(_, on)| on.status.is_error());
    let each: Vec<String> = failed
        .map(|(id, on)| {
            let name = if on.peername.is_empty() {
                id
            } else {
                &on.peername
            };
            format!("{name}: {}", on.error)
        })
        .collect();
    each.join("; ")
}

/// The states of a pin with the number of peers in each.
fn states(status: &GlobalPinInfo) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for on in status.peer_map.values() {
        let name = on.status.name();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    let each: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{name} on {count}"))
        .collect();
    match each.is_empty() {
        true => "no peer has it".to_owned(),
        false => each.join(", "),
    }
}
