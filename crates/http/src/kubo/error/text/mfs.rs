//! Errors of the mutable file system.

use cairn_dag::mfs::MfsError;

use super::{KuboText, text};

impl KuboText for MfsError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::EmptyPath => "paths must not be empty".to_owned(),
            Self::RelativePath { .. } => "paths must start with a leading slash".to_owned(),
            Self::NotFound { .. } => "file does not exist".to_owned(),
            Self::NotDirectory { path } => {
                let path = path.strip_prefix('/').unwrap_or(path);
                format!("cannot access {path}: Not a directory")
            }
            Self::NotADirectory { path } => {
                let path = path.strip_prefix('/').unwrap_or(path);
                format!("{path} was not a directory")
            }
            Self::NotFile { path } => format!("{path} was not a file"),
            Self::AlreadyExists { .. } => {
                "directory already has entry by that name".to_owned()
            }
            Self::RootExists => "cannot create directory '/': Already exists".to_owned(),
            Self::RootRemoved => "cannot delete root".to_owned(),
            Self::IsDirectory { .. } => {
                "path is a directory, use -r to remove directories".to_owned()
            }
            Self::NoName { .. } => "cannot create file with empty name".to_owned(),
            Self::PastEnd { offset, size } => {
                format!("offset was past end of file ({offset} > {size})")
            }
            Self::NotUnixFs { reason, .. } => {
                let refused = "cp: source must be a valid UnixFS (dag-pb or raw codec)";
                match reason {
                    Some(reason) => format!("{refused}: {}", text(&**reason)),
                    None => refused.to_owned(),
                }
            }
            Self::Symlink { .. } => "symlinks not yet supported".to_owned(),
            Self::OnlyDirectories { .. } => "can only update directories".to_owned(),
            Self::RootForm => "cannot change CID format of the MFS root; use 'ipfs config Import.CidVersion' and 'ipfs config Import.HashFunction' instead".to_owned(),
            Self::TooManyUnflushed { limit } => format!(
                "reached limit of {limit} unflushed MFS operations. To resolve: 1) run 'ipfs files flush' to persist changes, 2) use --flush=true (default), or 3) increase Internal.MFSNoFlushLimit in config"
            ),
            Self::CopySource { path, source } => {
                format!("cp: cannot get node from path {path}: {}", text(&**source))
            }
            Self::CopyReplace { source, .. } => match &**source {
                Self::NotFile { path } => {
                    format!("cp: cannot unlink existing file: not a file: {path}")
                }
                source => format!("cp: cannot unlink existing file: {}", text(source)),
            },
            Self::CopyPut { path, source } => {
                format!("cp: cannot put node in path {path}: {}", text(&**source))
            }
            Self::CopyFlush { path, source } => {
                format!("cp: cannot flush the created file {path}: {}", text(&**source))
            }
            Self::Body(source) => text(&**source),
            Self::Resolve(error) => text(error),
            Self::Export(error) => text(error),
            Self::Node(error) => text(error),
            Self::Build(error) => text(error),
            Self::Rows(error) => text(error),
            Self::Store(error) => text(error),
            _ => return None,
        })
    }
}
