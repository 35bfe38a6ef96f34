//! `POST /add`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AddedOutput, Cluster};
use crate::shape::Files;

/// What is uploaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AddFormat {
    /// Files and directories.
    #[default]
    Unixfs,
    /// One CAR with one root. Of several files only the first is read.
    Car,
}

/// The layout of the DAG of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AddLayout {
    /// Balanced.
    #[default]
    Balanced,
    /// Trickle.
    Trickle,
}

endpoint_with_pin_options! {
    /// Add files, a directory or a CAR, and pin the last node.
    ///
    /// The parts are as in the RPC of IPFS: the file name is the path, percent-encoded; `application/x-directory` is a directory,
    /// `application/symlink` a link. With `stream-channels` the status of a well-formed request is 200; a later
    /// error is in the trailer `X-Stream-Error`. Without, the response is one JSON list after the end of the upload, or an error
    /// with its own status. `pin-update` is ignored.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#the-add-endpoint>
    pub struct AddFiles: POST "/add" as "addFiles" of Cluster {
        path {}
        query {
            /// Store the blocks only on the answering peer; the others fetch them when they pin.
            local: bool = Value "local", default false;
            /// Accepted for compatibility: directories are added with all that they contain.
            recursive: bool = Value "recursive", default false;
            /// Accepted for compatibility: hidden files are always added.
            hidden: bool = Value "hidden", default false;
            /// Wrap everything in a directory, whose name in the response is empty.
            wrap_with_directory: bool = Value "wrap-with-directory", default false;
            /// Split the DAG into shards that different peers may pin.
            shard: bool = Value "shard", default false;
            /// Send the records as they come.
            stream_channels: bool = Value "stream-channels", default true;
            /// What is uploaded.
            format: AddFormat = Value "format", default AddFormat::Unixfs;
            /// Only store the blocks.
            no_pin: bool = Value "no-pin", default false;
            /// The layout of the DAGs of files.
            layout: AddLayout = Value "layout", default AddLayout::Balanced;
            /// How files are cut: `size-BYTES`, `rabin-MIN-AVG-MAX`, `buzhash`.
            chunker: String = Value "chunker", default "size-262144".to_owned();
            /// Store the content of files in raw blocks; without a value, with CIDv1 only.
            raw_leaves: Option<bool> = Value "raw-leaves";
            /// Send records of progress.
            progress: bool = Value "progress", default false;
            /// The CID version.
            cid_version: i64 = Value "cid-version", default 0;
            /// The hash function.
            hash: String = Value "hash", default "sha2-256".to_owned();
            /// Store references to files instead of their content.
            nocopy: bool = Value "nocopy", default false;
        }
        body: Files,
        reply: 200 One<Vec<AddedOutput>> if stream_channels: Many<AddedOutput>,
        errors: [400, 401, 500],
        access: Scope("cluster"),
        safe: false,
        command: "cluster/add",
    }
}

impl AddFiles {
    /// An upload with the defaults of the API.
    #[must_use]
    pub fn new() -> Self {
        with_default_pin_options! {
            local: false,
            recursive: false,
            hidden: false,
            wrap_with_directory: false,
            shard: false,
            stream_channels: true,
            format: AddFormat::Unixfs,
            no_pin: false,
            layout: AddLayout::Balanced,
            chunker: "size-262144".to_owned(),
            raw_leaves: None,
            progress: false,
            cid_version: 0,
            hash: "sha2-256".to_owned(),
            nocopy: false,
        }
    }
}

impl Default for AddFiles {
    fn default() -> Self {
        Self::new()
    }
}
