//! `dag/export`.

use cairn_dag::export::Car;
use cairn_wire::kubo::dag::export::DagExport;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::super::super::{Answer, ByteStream, Call, Failure, Handler};

impl Handler for DagExport {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let root = call.resolve(&self.root).await?;
        let car = Car::open(&call.blocks(), &root, self.local_only).await?;
        Ok(ByteStream {
            media_type: "application/vnd.ipld.car",
            length: None,
            stream: car.into_stream().map_err(Failure::from).boxed(),
        })
    }
}
