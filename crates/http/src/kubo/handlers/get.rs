//! `get`.

use std::time::{SystemTime, UNIX_EPOCH};

use cairn_dag::export::{Download, DownloadFormat, ExportError, GetOptions};
use cairn_primitives::unixfs::node::Mtime;
use cairn_wire::kubo::get::Get;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::super::{Answer, ByteStream, Call, Failure, Handler};

impl Handler for Get {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let options = GetOptions::new(
            self.archive,
            self.compress,
            self.compression_level.map(i64::from),
        )?;
        let path = call.path(&self.path)?;
        let cid = call.resolve(&self.path).await?;
        // The archive's root has the last name of the path.
        let name = match path.names().last() {
            Some(name) => name.to_vec(),
            None => path.root().into_owned().into_bytes(),
        };
        let media_type = match options.packing() {
            DownloadFormat::Tar => "application/x-tar",
            DownloadFormat::Gzip => "application/gzip",
        };
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = Mtime {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: None,
        };
        let download = match Download::open(&call.blocks(), &cid, &name, options, now).await {
            Ok(download) => download,
            // Kubo sends the size before it checks the compression level.
            Err(error @ ExportError::NotRegular { size }) => {
                let stream = futures_util::stream::iter([Err(error.into())]).boxed();
                return Ok(ByteStream {
                    media_type,
                    length: Some(size),
                    stream,
                });
            }
            Err(error) => return Err(error.into()),
        };
        let length = Some(download.size());
        Ok(ByteStream {
            media_type,
            length,
            stream: download.into_stream().map_err(Failure::from).boxed(),
        })
    }
}
