//! `resolve`.

use cairn_dag::resolve;
use cairn_node::config::GoDuration;
use cairn_primitives::path::ContentPath;
use cairn_store::names::NameOptions;
use cairn_wire::kubo::resolve::{Resolve, ResolvedPath};

use super::super::{Answer, Call, Failure, Handler};

impl Handler for Resolve {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids_like(&self.name)?;
        let mut path = call.path(&self.name)?;
        if path.is_mutable() {
            let timeout = self
                .dht_timeout
                .as_deref()
                .map(|text| text.parse::<GoDuration>().map(GoDuration::to_std));
            let options = NameOptions {
                record_count: self
                    .dht_record_count
                    .and_then(|count| u32::try_from(count).ok()),
                timeout: timeout.transpose()?,
                ..NameOptions::default()
            };
            path = call.names(path, options, self.recursive).await?;
            if path.is_mutable() || !self.recursive {
                return Ok(ResolvedPath {
                    path: path.to_string(),
                });
            }
        }
        let resolved = resolve::resolve(&call.blocks(), &path).await?;
        let block = format!(
            "/{}/{}",
            resolved.namespace.as_str(),
            form.show(&resolved.cid)
        );
        let path = ContentPath::new([block.as_bytes(), &*resolved.remainder_path()].concat())?;
        Ok(ResolvedPath {
            path: path.to_string(),
        })
    }
}
