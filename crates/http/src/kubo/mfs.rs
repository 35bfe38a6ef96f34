//! What Kubo says where the mutable file system fails.

use cairn_dag::mfs::MfsError;

use super::Failure;
use crate::cause::with_causes;

impl From<MfsError> for Failure {
    fn from(error: MfsError) -> Self {
        Self::normal(text(&error))
    }
}

/// The text of an error.
pub(super) fn text(error: &MfsError) -> String {
    match error {
        MfsError::EmptyPath => "paths must not be empty".to_owned(),
        MfsError::RelativePath { .. } => "paths must start with a leading slash".to_owned(),
        MfsError::NotFound { .. } => "file does not exist".to_owned(),
        MfsError::NotDirectory { path } => {
            let path = path.strip_prefix('/').unwrap_or(path);
            format!("cannot access {path}: Not a directory")
        }
        MfsError::NotADirectory { path } => {
            let path = path.strip_prefix('/').unwrap_or(path);
            format!("{path} was not a directory")
        }
        MfsError::NotFile { path } => format!("{path} was not a file"),
        MfsError::AlreadyExists { .. } => {
            "directory already has entry by that name".to_owned()
        }
        MfsError::RootExists => "cannot create directory '/': Already exists".to_owned(),
        MfsError::RootRemoved => "cannot delete root".to_owned(),
        MfsError::IsDirectory { .. } => {
            "path is a directory, use -r to remove directories".to_owned()
        }
        MfsError::NoName { .. } => "cannot create file with empty name".to_owned(),
        MfsError::PastEnd { offset, size } => {
            format!("offset was past end of file ({offset} > {size})")
        }
        MfsError::NotUnixFs { reason, .. } => {
            let refused = "cp: source must be a valid UnixFS (dag-pb or raw codec)";
            match reason {
                Some(reason) => format!("{refused}: {}", with_causes(&**reason)),
                None => refused.to_owned(),
            }
        }
        MfsError::Symlink { .. } => "symlinks not yet supported".to_owned(),
        MfsError::OnlyDirectories { .. } => "can only update directories".to_owned(),
        MfsError::RootForm => "cannot change CID format of the MFS root; use 'ipfs config Import.CidVersion' and 'ipfs config Import.HashFunction' instead".to_owned(),
        MfsError::TooManyUnflushed { limit } => format!(
            "reached limit of {limit} unflushed MFS operations. To resolve: 1) run 'ipfs files flush' to persist changes, 2) use --flush=true (default), or 3) increase Internal.MFSNoFlushLimit in config"
        ),
        MfsError::CopySource { path, source } => {
            format!("cp: cannot get node from path {path}: {}", text(source))
        }
        MfsError::CopyReplace { source, .. } => match &**source {
            MfsError::NotFile { path } => {
                format!("cp: cannot unlink existing file: not a file: {path}")
            }
            source => format!("cp: cannot unlink existing file: {}", text(source)),
        },
        MfsError::CopyPut { path, source } => {
            format!("cp: cannot put node in path {path}: {}", text(source))
        }
        MfsError::CopyFlush { path, source } => {
            format!("cp: cannot flush the created file {path}: {}", text(source))
        }
        MfsError::Body(source) => with_causes(&**source),
        error => with_causes(error),
    }
}
