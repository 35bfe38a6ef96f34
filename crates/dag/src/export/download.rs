//! Downloads for `get`: a tar archive, a compressed one, or a compressed file.

use std::ops::RangeInclusive;

use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_primitives::unixfs::Mtime;
use futures_util::Stream;
use tokio::task::JoinHandle;

use super::gzip::{DEFAULT_LEVEL, Gzip};
use super::{Content, ExportError, FileReader, Node, Tar, TarOptions};
use crate::fetch::Blocks;

/// Levels that gzip has.
const LEVELS: RangeInclusive<i64> = 1..=9;

/// Options of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetOptions {
    archive: bool,
    level: Option<u32>,
}

/// The format of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownloadFormat {
    /// A tar archive.
    Tar,
    /// Gzip.
    Gzip,
}

impl GetOptions {
    /// From Kubo's options: `archive`, `compress`, `compression-level`. The level is only checked when compressing.
    ///
    /// # Errors
    /// [`ExportError::CompressionLevel`].
    pub fn new(archive: bool, compress: bool, level: Option<i64>) -> Result<Self, ExportError> {
        let level = match level {
            _ if !compress => None,
            None => Some(DEFAULT_LEVEL),
            Some(level) if LEVELS.contains(&level) => u32::try_from(level).ok(),
            Some(_) => return Err(ExportError::CompressionLevel),
        };
        Ok(Self { archive, level })
    }

    /// The format of the download.
    #[must_use]
    pub fn packing(&self) -> DownloadFormat {
        if self.level.is_some() {
            DownloadFormat::Gzip
        } else {
            DownloadFormat::Tar
        }
    }
}

enum Inner {
    Tar(Tar),
    File(FileReader),
    Symlink(Option<Bytes>),
}

/// A file or a tree that is downloaded.
pub struct Download {
    inner: Inner,
    gzip: Option<Gzip>,
    /// A block that is being compressed, stored so that a dropped [`Download::next`] loses nothing.
    busy: Option<JoinHandle<(Gzip, Bytes)>>,
    size: u64,
}

impl Download {
    /// Opens a download of a CID under `name`. `now` is the time of members without one.
    ///
    /// # Errors
    /// [`ExportError::NotRegular`] for a directory that is to be compressed but not archived.
    pub async fn open(
        blocks: &Blocks,
        cid: &Cid,
        name: &[u8],
        options: GetOptions,
        now: Mtime,
    ) -> Result<Self, ExportError> {
        let node = Node::open(blocks, cid).await?;
        let size = node.size;
        let gzip = options.level.map(Gzip::new);
        let inner = if gzip.is_some() && !options.archive {
            match node.content {
                Content::File(file) => Inner::File(file),
                Content::Symlink(target) => Inner::Symlink(Some(target.into_bytes().into())),
                Content::Directory(_) => return Err(ExportError::NotRegular { size }),
            }
        } else {
            // An archive is for keeps and plain; what is unpacked at once keeps its fractions of seconds.
            let tar = TarOptions {
                now,
                nanos: !options.archive,
                relative: false,
            };
            Inner::Tar(Tar::new(node, name, tar)?)
        };
        Ok(Self {
            inner,
            gzip,
            busy: None,
            size,
        })
    }

    /// The length that Kubo announces: the size of a file, of a link's target, or of all blocks of a directory. It is
    /// not the length of the response.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next bytes, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ExportError> {
        loop {
            if let Some(busy) = &mut self.busy {
                let (gzip, out) = busy.await.map_err(|_| ExportError::Interrupted)?;
                self.busy = None;
                self.gzip = Some(gzip);
                if !out.is_empty() {
                    return Ok(Some(out));
                }
            }
            let frame = match &mut self.inner {
                Inner::Tar(tar) => tar.next().await?,
                Inner::File(file) => file.next().await?,
                Inner::Symlink(target) => target.take(),
            };
            let Some(mut gzip) = self.gzip.take() else {
                return Ok(frame);
            };
            let Some(frame) = frame else {
                return Ok(Some(gzip.finish()));
            };
            // Milliseconds a block: too long for a thread that serves others as well.
            self.busy = Some(tokio::task::spawn_blocking(move || {
                let out = gzip.push(&frame);
                (gzip, out)
            }));
        }
    }

    /// The bytes as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
        futures_util::stream::try_unfold(self, |mut download| async move {
            Ok(download.next().await?.map(|bytes| (bytes, download)))
        })
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("size", &self.size)
            .field("gzip", &self.gzip.is_some())
            .finish_non_exhaustive()
    }
}
