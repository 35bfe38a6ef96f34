//! `cat`.

use cairn_dag::export::{Cat as Reading, CatRange};
use cairn_wire::kubo::cat::Cat;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::super::{Answer, ByteStream, Call, Failure, Handler};

impl Handler for Cat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let mut reading = Reading::new(call.blocks(), CatRange::new(self.offset, self.length)?);
        for path in &self.paths {
            if reading.is_full() {
                break;
            }
            let cid = call.resolve(path).await?;
            reading.add(&cid).await?;
        }
        let length = Some(reading.length());
        Ok(ByteStream {
            media_type: "text/plain",
            length,
            stream: reading.into_stream().map_err(Failure::from).boxed(),
        })
    }
}
