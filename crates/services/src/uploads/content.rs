//! Content as it arrives: limited, hashed, and with the names of its files.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cairn_dag::import::{FileMeta, ImportOptions};
use cairn_primitives::ByteString;
use cairn_primitives::multihash::Hasher;
use futures_util::{Stream, StreamExt as _};
use parking_lot::Mutex;
use serde::Serialize;

use super::FileParts;
use super::error::TooLong;
use crate::backend::import::{Content, Entries, Entry, SourceError};

/// Maximum size of the names and types of the files that are kept with an upload, in bytes. Files beyond it are stored in
/// the directory, but not listed.
const MAX_FILES: usize = 1 << 20;

/// An item of [`FileParts`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FilePart {
    /// A file begins; the one before ends.
    File {
        /// The name of the form field.
        field: String,
        /// Its name, which may be a path.
        name: ByteString,
        /// Its media type.
        kind: String,
    },
    /// Bytes of the file.
    Data(Bytes),
}

/// The options of all imports: those of the hosted service.
pub(super) fn options() -> ImportOptions {
    ImportOptions {
        cid_version: Some(1),
        raw_leaves: Some(true),
        chunker: Some("size-262144".to_owned()),
        max_file_links: Some(174),
        hash: Some("sha2-256".to_owned()),
        ..ImportOptions::default()
    }
}

/// Ends with an error after `limit` bytes.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    count: Arc<AtomicU64>,
    limit: u64,
}

impl Meter {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            count: Arc::default(),
            limit,
        }
    }

    /// How many bytes came.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: &Bytes) -> Result<(), SourceError> {
        let length = bytes.len() as u64;
        let before = self.count.fetch_add(length, Ordering::Relaxed);
        if before.saturating_add(length) > self.limit {
            let limit = self.limit;
            return Err(Arc::new(TooLong { limit }));
        }
        Ok(())
    }

    /// The same content, counted.
    pub(super) fn content<'a>(&self, content: Content<'a>) -> Content<'a> {
        let meter = self.clone();
        let counted = content.map(move |bytes| {
            let bytes = bytes?;
            meter.add(&bytes)?;
            Ok(bytes)
        });
        counted.boxed()
    }

    /// The same files, counted.
    pub(super) fn files<'a>(&self, files: FileParts<'a>) -> FileParts<'a> {
        let meter = self.clone();
        let counted = files.map(move |part| {
            let part = part?;
            if let FilePart::Data(bytes) = &part {
                meter.add(bytes)?;
            }
            Ok(part)
        });
        counted.boxed()
    }
}

/// The same content; its hash is in `hasher` when it has ended.
pub(super) fn hashed(content: Content<'_>, hasher: Arc<Mutex<Hasher>>) -> Content<'_> {
    content
        .inspect(move |bytes| {
            if let Ok(bytes) = bytes {
                hasher.lock().update(bytes);
            }
        })
        .boxed()
}

/// The entries of one file of this name.
pub(super) fn one_file<'a>(name: &str, content: Content<'a>) -> Entries<'a> {
    let head = Entry::File {
        path: name.into(),
        meta: FileMeta::default(),
    };
    futures_util::stream::iter([Ok(head)])
        .chain(content.map(|bytes| bytes.map(Entry::Data)))
        .boxed()
}

/// A file as it is kept with an upload.
#[derive(Serialize)]
struct KeptFile<'a> {
    name: &'a str,
    r#type: &'a str,
}

/// The names and types of files, as JSON.
#[derive(Debug, Default)]
pub(super) struct Names {
    json: String,
    count: u64,
}

impl Names {
    pub(super) fn add(&mut self, name: &ByteString, kind: &str) {
        self.count += 1;
        let file = KeptFile {
            name: &name.to_text(),
            r#type: kind,
        };
        let Ok(json) = serde_json::to_string(&file) else {
            return;
        };
        if self.json.len() + json.len() + 2 > MAX_FILES {
            return;
        }
        self.json.push(if self.json.is_empty() { '[' } else { ',' });
        self.json.push_str(&json);
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The JSON.
    pub(super) fn finish(mut self) -> String {
        if self.json.is_empty() {
            self.json.push('[');
        }
        self.json.push(']');
        self.json
    }
}

/// The entries of files, whose paths `place` decides.
pub(super) fn entries<'a>(
    files: impl Stream<Item = Result<FilePart, SourceError>> + Send + 'a,
    mut place: impl FnMut(String, ByteString, String) -> ByteString + Send + 'a,
) -> Entries<'a> {
    files
        .map(move |part| {
            Ok(match part? {
                FilePart::File { field, name, kind } => Entry::File {
                    path: place(field, name, kind),
                    meta: FileMeta::default(),
                },
                FilePart::Data(bytes) => Entry::Data(bytes),
            })
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn content_beyond_the_limit_ends_with_an_error() {
        for (limit, whole) in [(6, true), (5, false)] {
            let meter = Meter::new(limit);
            let content = futures_util::stream::iter([Ok(Bytes::from("abc")), Ok("def".into())]);
            let read: Vec<_> = meter.content(content.boxed()).collect().await;
            assert_eq!(read.iter().all(Result::is_ok), whole);
            assert_eq!(meter.count(), 6);
        }
    }

    #[test]
    fn names_are_kept_up_to_their_limit() {
        let mut names = Names::default();
        assert_eq!(Names::default().finish(), "[]");
        names.add(&"ü/\"x\"".into(), "image/png");
        names.add(&"y".into(), "");
        for _ in 0..100_000 {
            names.add(&"a long name of a file".into(), "text/plain");
        }
        assert_eq!(names.count(), 100_002);
        let json = names.finish();
        assert!(json.len() <= MAX_FILES);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            read[0],
            serde_json::json!({ "name": "ü/\"x\"", "type": "image/png" })
        );
        assert_eq!(read[1]["name"], "y");
    }
}
