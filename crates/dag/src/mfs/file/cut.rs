//! Truncates files.

use cairn_primitives::Version;
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::unixfs::CidMaker;
use futures_util::future::BoxFuture;

use super::{FileEdit, MAX_DEPTH, Part, too_deep};
use crate::mfs::MfsError;

impl FileEdit<'_, '_> {
    /// Cuts the file to a size, which is not more than it has. The leaf that the cut goes through stays, even when nothing
    /// of it is left: so does Kubo.
    pub(in crate::mfs) async fn cut(&mut self, size: u64) -> Result<(), MfsError> {
        if size < self.size() {
            let root = self.root.clone();
            self.root = self.cut_part(root, size, 0).await?;
        }
        Ok(())
    }

    fn cut_part(
        &mut self,
        part: Part,
        size: u64,
        depth: usize,
    ) -> BoxFuture<'_, Result<Part, MfsError>> {
        Box::pin(async move {
            let mut inner = match part {
                Part::Raw(data, maker) => {
                    let end = usize::try_from(size).unwrap_or(usize::MAX).min(data.len());
                    return Ok(Part::Raw(data.slice(..end), maker));
                }
                Part::Node(inner) => inner,
            };
            let own = inner.own();
            if inner.links.is_empty() || size < own {
                if let Some(data) = &inner.fs.data {
                    let end = usize::try_from(size).unwrap_or(usize::MAX).min(data.len());
                    inner.fs.data = Some(data.slice(..end));
                }
                inner.links.clear();
                inner.fs.block_sizes.clear();
                inner.fs.file_size = Some(size);
                inner.touch();
                // Kubo rebuilds this node, in the oldest form.
                inner.maker = oldest()?;
                return Ok(Part::Node(inner));
            }
            let mut start = own;
            let sizes = inner.fs.block_sizes.clone();
            for (at, child_size) in sizes.into_iter().enumerate() {
                if size >= start + child_size {
                    start += child_size;
                    continue;
                }
                let Some(link) = inner.links.get(at) else {
                    break;
                };
                let cid = link.cid.clone();
                if depth >= MAX_DEPTH {
                    return Err(too_deep(&cid));
                }
                let child = self.load(&cid).await?;
                let child = self.cut_part(child, size - start, depth + 1).await?;
                let made = self.put(&child).await?;
                inner.links.truncate(at);
                inner.fs.block_sizes.truncate(at);
                inner.fs.file_size = Some(start);
                inner.push(made, size - start);
                break;
            }
            Ok(Part::Node(inner))
        })
    }
}

fn oldest() -> Result<CidMaker, MfsError> {
    let sha2 =
        HashFunction::from_code(SHA2_256).map_err(cairn_primitives::unixfs::BuildError::from)?;
    Ok(CidMaker::new(Version::V0, sha2)?)
}
