//! `filestore`.

use std::sync::Arc;

use cairn_dag::filestore::{self, CheckedReference, ListOptions};
use cairn_store::block::{Filestore, ReferenceFault};
use cairn_store::meta::ReferenceOrder;
use cairn_wire::kubo::filestore::FileBlock;
use cairn_wire::kubo::filestore::dups::FilestoreDups;
use cairn_wire::kubo::filestore::ls::FilestoreLs;
use cairn_wire::kubo::filestore::verify::FilestoreVerify;
use cairn_wire::kubo::refs::links::Ref;

use super::super::call::CidForm;
use super::super::error::text;
use super::super::{Answer, Call, Failure, Handler, Records};

impl Handler for FilestoreLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let options = ListOptions {
            order: order(self.file_order),
            only: self.cids,
            ..ListOptions::default()
        };
        list(&call, options)
    }
}

impl Handler for FilestoreVerify {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let options = ListOptions {
            order: order(self.file_order),
            only: self.cids,
            verify: true,
            remove: self.remove_bad_blocks,
        };
        list(&call, options)
    }
}

impl Handler for FilestoreDups {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let files = enabled(&call)?;
        let form = call.cids()?;
        let list = filestore::duplicates(files);
        Ok(Records::stream(futures_util::stream::try_unfold(
            list,
            move |mut list| async move {
                let next = list.next().await.transpose()?;
                Ok(next.map(|cid| (Ref::new(form.show(&cid)), list)))
            },
        )))
    }
}

fn enabled(call: &Call) -> Result<Arc<Filestore>, Failure> {
    let files = call.node().filestore().cloned();
    files.ok_or_else(|| Failure::normal(text(&ReferenceFault::FilesOff)))
}

fn order(by_file: bool) -> ReferenceOrder {
    if by_file {
        ReferenceOrder::Place
    } else {
        ReferenceOrder::Key
    }
}

fn list(call: &Call, options: ListOptions) -> Result<Records<FileBlock>, Failure> {
    let files = enabled(call)?;
    let form = call.cids()?;
    let list = filestore::list(files, options);
    Ok(Records::stream(futures_util::stream::try_unfold(
        list,
        move |mut list| async move {
            let next = list.next().await.transpose()?;
            Ok(next.map(|found| (record(found, form), list)))
        },
    )))
}

fn record(found: CheckedReference, form: CidForm) -> FileBlock {
    let (file_path, offset, size) = found.reference.map_or_else(Default::default, |place| {
        (place.path.to_string(), place.offset, u64::from(place.size))
    });
    FileBlock {
        status: found.status.number(),
        error_msg: found
            .problem
            .map(|problem| text(&problem))
            .unwrap_or_default(),
        key: found.cid.map(|cid| form.show(&cid).into()),
        file_path,
        offset,
        size,
    }
}
