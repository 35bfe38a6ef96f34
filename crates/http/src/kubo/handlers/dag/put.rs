//! `dag/put`.

use cairn_dag::import::{ImportError, NodePutOptions};
use cairn_dag::pin::Below;
use cairn_store::block::MAX_BLOCK;
use cairn_wire::kubo::dag::put::{DagPut, StoredNode};

use super::super::super::files::Files;
use super::super::super::{Answer, Call, Failure, Handler, Records};

impl Handler for DagPut {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let format = NodePutOptions {
            input_codec: self.input_codec,
            store_codec: self.store_codec,
            hash: self.hash,
            allow_big_block: self.allow_big_block,
        }
        .resolve(&call.node().import_options())?;
        let node = call.node().clone();
        Ok(Records::work(move |out| async move {
            while files.next().await?.is_some() {
                let data = files
                    .whole(MAX_BLOCK, || ImportError::BigBlock.into())
                    .await?;
                let format = format.clone();
                let block = tokio::task::spawn_blocking(move || format.block(&data))
                    .await
                    .map_err(|_| Failure::normal("the encoding was interrupted"))??;
                let root = [block.cid.clone()];
                let hold = node.store().hold();
                node.store().put(&hold, vec![block]).await?;
                if self.pin {
                    node.pins()
                        .add_written(&hold, &root, "", Below::Unknown)
                        .await?;
                }
                let [cid] = root;
                out.send(StoredNode {
                    cid: form.show(&cid).into(),
                })
                .await?;
            }
            Ok(())
        }))
    }
}
