//! `files/read`.

use cairn_dag::mfs::MfsError;
use cairn_wire::kubo::files::read::FilesRead;
use futures_util::{StreamExt as _, stream};

use super::super::super::{Answer, ByteStream, Call, Failure, Handler};

impl Handler for FilesRead {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let path = super::path(&self.path)?;
        let offset = u64::try_from(self.offset)
            .map_err(|_| Failure::normal("cannot specify negative offset"))?;
        let count = self
            .count
            .map(u64::try_from)
            .transpose()
            .map_err(|_| Failure::normal("cannot specify negative 'count'"))?;
        let bytes = super::mfs(&call)?
            .read(&path, offset, count)
            .await
            .map_err(|error| match error {
                MfsError::NotFound { .. } | MfsError::NotDirectory { .. } => {
                    Failure::normal(format!("{path}: {}", Failure::from(error)))
                }
                error => error.into(),
            })?;
        let pieces = stream::try_unfold(bytes, |mut bytes| async move {
            let piece = bytes.next().await?;
            Ok::<_, Failure>(piece.map(|piece| (piece, bytes)))
        });
        Ok(ByteStream {
            media_type: "text/plain",
            length: None,
            stream: pieces.boxed(),
        })
    }
}
