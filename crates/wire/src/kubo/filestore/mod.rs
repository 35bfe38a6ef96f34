//! The filestore: blocks that are stored in other files.

use serde::{Deserialize, Serialize};

use crate::kubo::CidLink;

pub mod dups;
pub mod ls;
pub mod verify;

/// Status of a block that can be read, or was not checked.
pub const OK: i32 = 0;
/// Status of a block whose file cannot be read.
pub const FILE_ERROR: i32 = 10;
/// Status of a block whose file does not exist.
pub const NO_FILE: i32 = 11;
/// Status of a block whose file was changed.
pub const CHANGED: i32 = 12;
/// Status of a block with any other error.
pub const OTHER_ERROR: i32 = 20;
/// Status of a block that is not in the filestore.
pub const MISSING: i32 = 30;

/// A block, its location and its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FileBlock {
    /// Its status: [`OK`] and the others.
    pub status: i32,
    /// The error; empty if there is none.
    pub error_msg: String,
    /// The block as CIDv1 raw; absent if the argument is not a CID.
    pub key: Option<CidLink>,
    /// The file, relative to the directory of the repository's parent.
    pub file_path: String,
    /// Byte offset of the block in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
}

impl FileBlock {
    /// The status as a word.
    #[must_use]
    pub fn status_name(&self) -> &'static str {
        match self.status {
            OK => "ok",
            FILE_ERROR => "error",
            NO_FILE => "no-file",
            CHANGED => "changed",
            OTHER_ERROR => "ERROR",
            MISSING => "missing",
            _ => "???",
        }
    }

    /// Whether `verify --remove-bad-blocks` removes it.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        !matches!(self.status, OK | OTHER_ERROR)
    }

    /// Writes CID, size, path and offset.
    fn place(&self, out: &mut String) {
        use std::fmt::Write as _;
        let Some(key) = &self.key else {
            out.push_str("<corrupt key>");
            return;
        };
        if self.file_path.is_empty() {
            out.push_str(&key.cid);
            return;
        }
        // A formatted write into text cannot fail.
        let _ = write!(out, "{:<50} {:>6} ", key.cid, self.size);
        crate::text::escaped(&self.file_path, out);
        let _ = write!(out, " {}", self.offset);
    }
}

#[cfg(test)]
mod tests {
    use super::verify::FilestoreVerify;
    use super::*;
    use crate::Values;
    use crate::kubo::Command;

    #[test]
    fn lines_are_those_of_ipfs() {
        let block = FileBlock {
            status: CHANGED,
            error_msg: "EOF".to_owned(),
            key: Some(
                "bafkreibmrmenuxhgaomod4m26ds5ztdujxzhjobgvpsyl2v2ndcskq2iay"
                    .to_owned()
                    .into(),
            ),
            file_path: "d/one".to_owned(),
            offset: 7,
            size: 4,
        };
        let text = |query: &str, block: &FileBlock| {
            let mut out = String::new();
            let values = Values::from_query(query).unwrap();
            let request = FilestoreVerify::from_values(&values).unwrap();
            request.text(block, &mut out);
            out
        };
        assert_eq!(
            text("", &block),
            "changed bafkreibmrmenuxhgaomod4m26ds5ztdujxzhjobgvpsyl2v2ndcskq2iay      4 d/one 7\n"
        );
        let good = FileBlock {
            status: OK,
            key: Some(
                "zb2rhbVXHJuw1BW2QP89ppByMD9cdcZGaVZahAmQGKWnLLYWo"
                    .to_owned()
                    .into(),
            ),
            ..block.clone()
        };
        assert_eq!(
            text("remove-bad-blocks=true", &good),
            "ok      zb2rhbVXHJuw1BW2QP89ppByMD9cdcZGaVZahAmQGKWnLLYWo       4 d/one 7 keep\n"
        );
        assert!(text("remove-bad-blocks=true", &block).ends_with(" 7 remove\n"));
        let none = FileBlock {
            status: MISSING,
            file_path: String::new(),
            ..block.clone()
        };
        assert_eq!(
            text("", &none),
            "missing bafkreibmrmenuxhgaomod4m26ds5ztdujxzhjobgvpsyl2v2ndcskq2iay\n"
        );
        let other = FileBlock {
            status: OTHER_ERROR,
            key: None,
            ..none
        };
        assert_eq!(text("", &other), "ERROR   <corrupt key>\n");
    }
}
