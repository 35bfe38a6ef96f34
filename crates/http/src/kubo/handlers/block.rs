//! `block`.

use cairn_dag::import::{BlockPutOptions, EXCHANGE_LIMIT, put_block};
use cairn_dag::pin::Below;
use cairn_store::block::MAX_BLOCK;
use cairn_wire::kubo::block::get::BlockGet;
use cairn_wire::kubo::block::put::{BlockPut, BlockSize};
use cairn_wire::kubo::block::rm::{BlockRm, Removed};
use cairn_wire::kubo::block::stat::BlockStat;
use futures_util::StreamExt as _;

use super::super::error::text;
use super::super::files::Files;
use super::super::{Answer, ByteStream, Call, Failure, Handler, Records};

impl Handler for BlockPut {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let is_plain = self.format.is_none() && self.cid_codec == "raw";
        let format = if call.rpc.is_compat() && is_plain {
            // Kubo 0.7's default format.
            let is_v0 = self.mhtype == "sha2-256" && self.mhlen == -1;
            Some(if is_v0 { "v0" } else { "protobuf" }.to_owned())
        } else {
            self.format
        };
        let format = BlockPutOptions {
            cid_codec: Some(self.cid_codec),
            format,
            mhtype: Some(self.mhtype),
            mhlen: Some(i64::from(self.mhlen)),
            allow_big_block: self.allow_big_block,
        }
        .resolve(&call.node().import_options())?;
        let most = if self.allow_big_block {
            MAX_BLOCK
        } else {
            EXCHANGE_LIMIT
        };
        let node = call.node().clone();
        Ok(Records::work(move |out| async move {
            while files.next().await?.is_some() {
                // One byte more than allowed is enough to refuse the block.
                let data = files.at_most(most + 1).await?;
                let size = data.len() as u64;
                let hold = node.store().hold();
                let root = [put_block(&**node.store(), &hold, &format, data).await?];
                if self.pin {
                    node.pins()
                        .add_written(&hold, &root, "", Below::Unknown)
                        .await?;
                }
                let [cid] = root;
                out.send(BlockSize {
                    key: form.show(&cid),
                    size,
                })
                .await?;
            }
            Ok(())
        }))
    }
}

impl Handler for BlockGet {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let cid = call.resolve(&self.cid).await?;
        let data = call.blocks().get(&cid).await?;
        let stream = futures_util::stream::iter((!data.is_empty()).then_some(Ok(data))).boxed();
        Ok(ByteStream {
            media_type: "application/vnd.ipld.raw",
            length: None,
            stream,
        })
    }
}

impl Handler for BlockStat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let cid = call.resolve(&self.cid).await?;
        let size = cairn_dag::stat::block(&call.blocks(), &cid).await?;
        Ok(BlockSize {
            key: form.show(&cid),
            size,
        })
    }
}

impl Handler for BlockRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let mut cids = Vec::with_capacity(self.cids.len());
        for text in &self.cids {
            cids.push(call.resolve(text).await?);
        }
        let pinner = call.node().pins().clone();
        Ok(Records::work(move |out| async move {
            for cid in cids {
                let done = pinner.remove_block(&cid, self.force).await;
                if self.quiet && done.is_ok() {
                    continue;
                }
                let error = done.err().map(|error| text(&error)).unwrap_or_default();
                out.send(Removed {
                    hash: form.show(&cid),
                    error,
                })
                .await?;
            }
            Ok(())
        }))
    }
}
