//! `object`: dag-pb nodes as links and data.

mod patch;
mod put;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_dag::object;
use cairn_primitives::codec::dag_pb::Link;
use cairn_wire::kubo::object::ObjectLink;
use cairn_wire::kubo::object::data::ObjectData;
use cairn_wire::kubo::object::diff::{
    ADDED, CHANGED, ObjectChange, ObjectChanges, ObjectDiff, REMOVED,
};
use cairn_wire::kubo::object::get::{ObjectGet, ObjectNode};
use cairn_wire::kubo::object::links::{ObjectLinkList, ObjectLinks};
use cairn_wire::kubo::object::stat::{ObjectSizes, ObjectStat};
use futures_util::StreamExt as _;

use super::super::call::CidForm;
use super::super::{Answer, ByteStream, Call, Failure, Handler};

impl Handler for ObjectGet {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.old_cids()?;
        let cid = call.resolve(&self.key).await?;
        let node = object::get(&call.blocks(), &cid).await?;
        let data = node.data.unwrap_or_default();
        let data = match &*self.data_encoding {
            // One character a byte: JSON cannot hold all bytes, and so none is lost.
            "text" => data.iter().map(|&byte| char::from(byte)).collect(),
            "base64" => STANDARD.encode(&data),
            _ => return Err(unknown_encoding()),
        };
        Ok(ObjectNode {
            links: links(node.links, form),
            data,
        })
    }
}

impl Handler for ObjectData {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let cid = call.resolve(&self.key).await?;
        let node = object::get(&call.blocks(), &cid).await?;
        let data = node.data.filter(|data| !data.is_empty());
        Ok(ByteStream {
            media_type: "text/plain",
            length: None,
            stream: futures_util::stream::iter(data.map(Ok)).boxed(),
        })
    }
}

impl Handler for ObjectLinks {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.old_cids()?;
        let cid = call.resolve(&self.key).await?;
        let found = object::links(&call.blocks(), &cid).await?;
        Ok(ObjectLinkList {
            hash: form.show(&cid),
            links: links(found, form),
        })
    }
}

impl Handler for ObjectStat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.old_cids()?;
        let cid = call.resolve(&self.key).await?;
        let stat = object::stat(&call.blocks(), &cid).await?;
        Ok(ObjectSizes {
            hash: form.show(&cid),
            num_links: stat.links,
            block_size: stat.block_size,
            links_size: stat.links_size,
            data_size: stat.data_size,
            cumulative_size: stat.cumulative_size,
        })
    }
}

impl Handler for ObjectDiff {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let before = call.resolve(&self.before).await?;
        let after = call.resolve(&self.after).await?;
        let changes = object::diff(&call.blocks(), &before, &after).await?;
        let changes = changes.into_iter().map(|change| ObjectChange {
            r#type: match (&change.before, &change.after) {
                (None, _) => ADDED,
                (_, None) => REMOVED,
                _ => CHANGED,
            },
            path: change.path.into_text(),
            // As in Kubo, in any requested base.
            before: change.before.map(|cid| cid.to_string().into()),
            after: change.after.map(|cid| cid.to_string().into()),
        });
        Ok(ObjectChanges {
            changes: changes.collect(),
        })
    }
}

fn links(links: Vec<Link>, form: CidForm) -> Vec<ObjectLink> {
    let to_record = |link: Link| ObjectLink::new(link.name, form.show(&link.cid), link.size);
    links.into_iter().map(to_record).collect()
}

fn unknown_encoding() -> Failure {
    Failure::normal("unknown data field encoding")
}
