//! `dag/get`.

use cairn_dag::resolve;
use cairn_primitives::{Codec, codec};
use cairn_wire::kubo::dag::get::DagGet;
use futures_util::StreamExt as _;

use super::super::super::error::text;
use super::super::super::{Answer, ByteStream, Call, Failure, Handler};

impl Handler for DagGet {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let output = Codec::from_name(&self.output_codec)?;
        let resolved = call.follow(&self.path).await?;
        let value = resolve::value(&call.blocks(), &resolved).await?;
        let piece = match codec::encode(output, &value) {
            Ok(bytes) => (!bytes.is_empty()).then(|| Ok(bytes.into())),
            Err(error @ codec::CodecError::UnknownEncoder(_)) => {
                return Err(Failure::normal(format!(
                    "invalid encoding: {output} - {}",
                    text(&error)
                )));
            }
            // Kubo has started its response by then.
            Err(error) => Some(Err(Failure::trailer(Failure::from(error).into_reason()))),
        };
        Ok(ByteStream {
            media_type: "text/plain",
            length: None,
            stream: futures_util::stream::iter(piece).boxed(),
        })
    }
}
