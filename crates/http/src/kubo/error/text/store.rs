//! Errors of block stores.

use cairn_store::BlockError;
use cairn_store::block::ReferenceFault;
use cairn_store::names::NameError;

use super::{KuboText, text};

impl KuboText for BlockError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::OutsideRoot { root } => format!(
                "cannot add filestore references outside ipfs root ({})",
                root.display()
            ),
            Self::NoReference(fault) => text(fault),
            _ => return None,
        })
    }
}

impl KuboText for NameError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { name } => format!("could not resolve name {name:?}"),
            Self::TooDeep { name, limit } => format!(
                "could not resolve name {name:?}: more than {limit} names point to each other"
            ),
            Self::TimedOut { name } => format!("could not resolve name {name:?}: timeout"),
            Self::Failed { name, reason } => format!("could not resolve name {name:?}: {reason}"),
            _ => return None,
        })
    }
}

impl KuboText for ReferenceFault {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::FilesOff => "filestore is not enabled, see https://git.io/vNItf",
            Self::UrlsOff => "urlstore is not enabled",
            Self::Changed => "data in file did not match: it was changed",
            _ => return None,
        };
        Some(known.to_owned())
    }
}
