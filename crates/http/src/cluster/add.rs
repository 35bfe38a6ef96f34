//! `POST /add`.

use std::sync::Arc;

use cairn_dag::import::{FileMeta, ImportOptions};
use cairn_primitives::ByteString;
use cairn_services::backend::import::{Content, Entries, Entry, SourceError};
use cairn_services::cluster::{AddOptions, AddUpload, AddedEvent};
use cairn_wire::cluster::{AddFiles, AddFormat, AddLayout, AddedOutput, CidText};
use cairn_wire::multipart::PartHead;
use cairn_wire::rest::Fault;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;

use super::Face;
use super::convert::options;
use super::error::{Refusal, of, refusal};
use crate::parts::unescape;
use crate::rest::{Answer, Files, Handler, Input, OneOrMany};
use crate::stream::Producer;

/// Events that wait for the client; at the bound the import waits.
const EVENTS: usize = 64;

/// Maximum length of the path of a part and of the target of a link, in bytes.
const MAX_PATH: usize = 64 << 10;

/// The most records of an upload that are answered together, without `stream-channels`.
const MAX_RECORDS: usize = 2_000_000;

impl Handler<Face> for AddFiles {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let add = add_options(&self)?;
        let stream = self.stream_channels;
        let cluster = Arc::clone(&call.service.cluster);
        let records = upload(cluster, add, self.format, call.body);
        if stream {
            return Ok(OneOrMany::Begun(records));
        }
        let mut records = records;
        let mut all = Vec::new();
        while let Some(record) = records.next().await {
            if all.len() == MAX_RECORDS {
                return Err(refusal(
                    400,
                    format!("more than {MAX_RECORDS} records: use stream-channels=true"),
                ));
            }
            all.push(record?);
        }
        Ok(OneOrMany::One(all))
    }
}

fn add_options(add: &AddFiles) -> Result<AddOptions, Refusal> {
    if add.nocopy {
        return Err(refusal(
            400,
            "parameter nocopy invalid: references to files are not kept",
        ));
    }
    Ok(AddOptions {
        import: ImportOptions {
            cid_version: Some(add.cid_version),
            hash: Some(add.hash.clone()),
            raw_leaves: Some(add.raw_leaves.unwrap_or(add.cid_version == 1)),
            chunker: Some(add.chunker.clone()),
            trickle: Some(add.layout == AddLayout::Trickle),
            wrap: add.wrap_with_directory,
            ..ImportOptions::default()
        },
        pin: options(add.pin_options())?,
        no_pin: add.no_pin,
        shard: add.shard,
        progress: add.progress,
    })
}

/// Runs an upload for as long as its records are read.
fn upload(
    cluster: Arc<cairn_services::cluster::Cluster>,
    add: AddOptions,
    format: AddFormat,
    files: Files,
) -> BoxStream<'static, Result<AddedOutput, Refusal>> {
    let (events, receiver) = mpsc::channel(EVENTS);
    let running = async move {
        let done = match format {
            AddFormat::Unixfs => {
                let upload = AddUpload::Files(entries(files));
                cluster.add(add, upload, events).await
            }
            AddFormat::Car => match archive(files).await {
                Ok((name, content)) => {
                    let upload = AddUpload::Car(name, content);
                    cluster.add(add, upload, events).await
                }
                Err(error) => Err(error),
            },
        };
        done.map_err(|error| of(&error))
    };
    Producer::new(running, receiver)
        .map(|event| event.map(output))
        .boxed()
}

fn output(event: AddedEvent) -> AddedOutput {
    match event {
        AddedEvent::Progress(bytes) => AddedOutput {
            bytes,
            ..AddedOutput::default()
        },
        AddedEvent::Added(entry) => AddedOutput {
            name: entry.name,
            cid: entry.cid.map(CidText),
            bytes: entry.bytes,
            size: entry.size,
            allocations: entry.peers,
        },
    }
}

/// An invalid part of an upload.
#[derive(Debug, thiserror::Error)]
enum PartError {
    #[error(transparent)]
    Body(Fault),
    #[error("the path of a file, or the target of a link, is longer than {MAX_PATH} bytes")]
    Long,
}

fn source(error: PartError) -> SourceError {
    Arc::new(error)
}

/// The path of a part, which is percent-encoded.
fn path(head: &PartHead) -> Result<ByteString, PartError> {
    let name = head.disposition("filename").unwrap_or_default();
    if name.len() > MAX_PATH {
        return Err(PartError::Long);
    }
    Ok(unescape(&name))
}

/// Where the reading of a body is.
enum Reading {
    Heads(Files),
    File(Files),
}

/// The parts of a body as entries.
fn entries(files: Files) -> Entries<'static> {
    let entries = futures_util::stream::try_unfold(Reading::Heads(files), |reading| async move {
        let mut files = match reading {
            Reading::File(mut files) => {
                let data = files.chunk().await;
                if let Some(data) = data.map_err(|error| source(PartError::Body(error)))? {
                    return Ok(Some((Entry::Data(data), Reading::File(files))));
                }
                files
            }
            Reading::Heads(files) => files,
        };
        let head = files.next().await;
        let Some(head) = head.map_err(|error| source(PartError::Body(error)))? else {
            return Ok(None);
        };
        let path = path(&head).map_err(source)?;
        let meta = FileMeta::default();
        Ok(match head.media_type().as_deref() {
            Some("application/x-directory") => {
                Some((Entry::Directory { path, meta }, Reading::Heads(files)))
            }
            Some("application/symlink") => {
                let mut target = Vec::new();
                while let Some(data) = files
                    .chunk()
                    .await
                    .map_err(|error| source(PartError::Body(error)))?
                {
                    if target.len() + data.len() > MAX_PATH {
                        return Err(source(PartError::Long));
                    }
                    target.extend_from_slice(&data);
                }
                let target = target.into();
                Some((Entry::Symlink { path, target, meta }, Reading::Heads(files)))
            }
            _ => Some((Entry::File { path, meta }, Reading::File(files))),
        })
    });
    entries.boxed()
}

/// The first part of a body as an archive, with its name.
async fn archive(
    mut files: Files,
) -> Result<(String, Content<'static>), cairn_services::cluster::ClusterError> {
    use cairn_services::backend::BackendError;
    use cairn_services::cluster::ClusterError;
    let unreadable = |error| ClusterError::Backend(BackendError::Source(source(error)));
    let head = files.next().await;
    let head = head.map_err(|error| unreadable(PartError::Body(error)))?;
    let head = head.ok_or(ClusterError::NothingToAdd)?;
    let name = path(&head).map_err(unreadable)?;
    let content = futures_util::stream::try_unfold(files, |mut files| async move {
        let data = files.chunk().await;
        let data = data.map_err(|error| source(PartError::Body(error)))?;
        Ok(data.map(|data| (data, files)))
    });
    let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
    Ok((name, content.boxed()))
}
