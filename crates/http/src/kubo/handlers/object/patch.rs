//! `object/patch`.

use bytes::Bytes;
use cairn_dag::import::EXCHANGE_LIMIT;
use cairn_dag::object::{self, LinkOptions};
use cairn_primitives::Cid;
use cairn_store::block::MAX_BLOCK;
use cairn_wire::kubo::object::ObjectCid;
use cairn_wire::kubo::object::patch::add_link::ObjectPatchAddLink;
use cairn_wire::kubo::object::patch::append_data::ObjectPatchAppendData;
use cairn_wire::kubo::object::patch::rm_link::ObjectPatchRmLink;
use cairn_wire::kubo::object::patch::set_data::ObjectPatchSetData;

use super::super::super::files::Files;
use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for ObjectPatchAddLink {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let root = call.resolve(&self.root).await?;
        let target = call.resolve(&self.target).await?;
        let options = LinkOptions {
            create: self.create,
            any_node: self.allow_non_unixfs || call.rpc.is_compat(),
            max_size: max_size(self.allow_big_block),
        };
        let hold = call.node().store().hold();
        let new =
            object::add_link(&call.blocks(), &hold, &root, &self.name, &target, options).await?;
        made(&call, &new)
    }
}

impl Handler for ObjectPatchRmLink {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let root = call.resolve(&self.root).await?;
        let options = LinkOptions {
            create: false,
            any_node: self.allow_non_unixfs || call.rpc.is_compat(),
            max_size: max_size(self.allow_big_block),
        };
        let hold = call.node().store().hold();
        let new = object::remove_link(&call.blocks(), &hold, &root, &self.name, options).await?;
        made(&call, &new)
    }
}

impl Handler for ObjectPatchSetData {
    async fn handle(self, (call, files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let limit = max_size(self.allow_big_block);
        let root = call.resolve(&self.root).await?;
        let data = data(files, limit).await?;
        let hold = call.node().store().hold();
        let new = object::set_data(&call.blocks(), &hold, &root, data, limit).await?;
        made(&call, &new)
    }
}

impl Handler for ObjectPatchAppendData {
    async fn handle(self, (call, files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let limit = max_size(self.allow_big_block);
        let root = call.resolve(&self.root).await?;
        let data = data(files, limit).await?;
        let hold = call.node().store().hold();
        let new = object::append_data(&call.blocks(), &hold, &root, &data, limit).await?;
        made(&call, &new)
    }
}

/// Largest block that a command makes.
fn max_size(allow_big_block: bool) -> usize {
    if allow_big_block {
        MAX_BLOCK
    } else {
        EXCHANGE_LIMIT
    }
}

/// The file of a request. One that is too large for a block is read far enough to be refused as such.
async fn data(mut files: Files, limit: usize) -> Result<Bytes, Failure> {
    if files.next().await?.is_none() {
        return Err(Failure::normal("expected a file argument"));
    }
    files.at_most(limit + 1).await
}

fn made(call: &Call, cid: &Cid) -> Result<ObjectCid, Failure> {
    Ok(ObjectCid {
        hash: call.cids()?.show(cid),
    })
}
