//! Overwrites bytes of a file.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{FileEdit, MAX_DEPTH, Part, too_deep};
use crate::mfs::MfsError;

impl FileEdit<'_, '_> {
    /// Writes over the bytes from `offset` on. All of them must lie within the file.
    pub(in crate::mfs) async fn overwrite(
        &mut self,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), MfsError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let root = self.root.clone();
        self.root = self.over(root, offset, bytes, 0).await?;
        Ok(())
    }

    /// Writes those of `bytes` that fall into a part; the first of them goes to `offset` in it.
    fn over<'s>(
        &'s mut self,
        part: Part,
        offset: u64,
        bytes: &'s [u8],
        depth: usize,
    ) -> BoxFuture<'s, Result<Part, MfsError>> {
        Box::pin(async move {
            let mut inner = match part {
                Part::Raw(data, maker) => {
                    return Ok(Part::Raw(patched(&data, offset, bytes), maker));
                }
                Part::Node(inner) => inner,
            };
            let own = inner.own();
            if offset < own
                && let Some(data) = &inner.fs.data
            {
                inner.fs.data = Some(patched(data, offset, bytes));
                inner.touch();
            }
            let end = offset.saturating_add(bytes.len() as u64);
            let mut start = own;
            for at in 0..inner.links.len() {
                let size = inner.fs.block_sizes.get(at).copied().unwrap_or(0);
                let (from, to) = (start.max(offset), (start + size).min(end));
                if from < to
                    && let Some(link) = inner.links.get(at)
                {
                    let cid = link.cid.clone();
                    if depth >= MAX_DEPTH {
                        return Err(too_deep(&cid));
                    }
                    let child = self.load(&cid).await?;
                    if child.size() != size {
                        return Err(crate::export::ExportError::SizeMismatch {
                            cid,
                            found: child.size(),
                            claimed: size,
                        }
                        .into());
                    }
                    let within = |at: u64| usize::try_from(at - offset).unwrap_or(usize::MAX);
                    let piece = bytes.get(within(from)..within(to)).unwrap_or_default();
                    let child = self.over(child, from - start, piece, depth + 1).await?;
                    let made = self.put(&child).await?;
                    if let Some(link) = inner.links.get_mut(at) {
                        link.cid = made.cid;
                    }
                }
                start += size;
                if start >= end {
                    break;
                }
            }
            Ok(Part::Node(inner))
        })
    }
}

/// Some bytes with others over them from an offset on, no longer than before.
fn patched(data: &Bytes, offset: u64, bytes: &[u8]) -> Bytes {
    let mut data = data.to_vec();
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    if let Some(place) = data.get_mut(offset..) {
        for (to, from) in place.iter_mut().zip(bytes) {
            *to = *from;
        }
    }
    data.into()
}
