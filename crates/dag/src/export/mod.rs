//! Exports of content: files, tar archives, CARs.

mod car;
mod car_path;
mod cat;
mod download;
mod file;
mod gzip;
mod node;
mod tar;

pub use car::{Car, CarError};
pub use car_path::{ByteRange, CarOptions, CarScope, PathCar};
pub use cat::{Cat, CatRange};
pub use download::{Download, DownloadFormat, GetOptions};
pub use file::FileReader;
pub use gzip::DEFAULT_LEVEL;
pub use node::{Content, Node};
pub use tar::{MAX_TAR_PATH, Tar, TarOptions};

use crate::error::NodeError;

/// Why content could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A file was expected, and it is a directory.
    #[error("a directory cannot be read as a file")]
    IsDirectory,
    /// An offset below zero.
    #[error("the offset is negative")]
    NegativeOffset,
    /// A length below zero.
    #[error("the length is negative")]
    NegativeLength,
    /// A level of compression that gzip does not have.
    #[error("the compression level must be between 1 and 9")]
    CompressionLevel,
    /// A directory was to be compressed without being archived.
    #[error("a directory can only be compressed as an archive")]
    NotRegular {
        /// Its size in bytes, as a download would have announced it.
        size: u64,
    },
    /// A name that would leave its directory when unpacked.
    #[error("a name leads out of its directory: export a CAR instead")]
    OutsideRoot,
    /// The path of a member of an archive is longer than [`MAX_TAR_PATH`].
    #[error(
        "a path in the archive would have more than {MAX_TAR_PATH} bytes: export a CAR instead"
    )]
    PathTooLong,
    /// Too many symbolic links in directories that have a name twice.
    #[error("too many symbolic links in directories with duplicate names: export a CAR instead")]
    TooManyLinks,
    /// The nodes of a file are nested too deep.
    #[error("block {cid} is nested too deeply in its file")]
    TooDeep {
        /// The block.
        cid: cairn_primitives::Cid,
    },
    /// A block of a file does not have the size stated in its parent.
    #[error("block {cid} has {found} bytes of the file, but its parent states {claimed}")]
    SizeMismatch {
        /// The block.
        cid: cairn_primitives::Cid,
        /// Bytes of the file in it and below it.
        found: u64,
        /// Bytes that the node above names.
        claimed: u64,
    },
    /// The compressing thread panicked.
    #[error("the export was interrupted")]
    Interrupted,
    /// A block could not be read.
    #[error(transparent)]
    Node(#[from] NodeError),
}
