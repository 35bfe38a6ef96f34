//! Errors of block stores.

use cairn_store::BlockError;
use cairn_store::block::ReferenceFault;

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
