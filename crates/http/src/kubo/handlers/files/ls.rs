//! `files/ls`.

use bytes::{BufMut as _, Bytes};
use cairn_dag::Blocks;
use cairn_dag::list::{EntryType, Lister};
use cairn_dag::mfs::{EntryKind, Listed, Listing, MfsPath};
use cairn_wire::kubo::files::ls::{DIRECTORY, FilesEntry, FilesLs};

use super::super::super::answer::{Encoding, Sender};
use super::super::super::call::CidForm;
use super::super::super::{Answer, Call, Failure, Handler, Records};
use super::super::ls::{Pieces, json};

impl Handler for FilesLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let path = match &self.path {
            Some(path) => super::path(path)?,
            None => MfsPath::root(),
        };
        let listing = super::mfs(&call)?.ls(&path, self.long).await?;
        let form = call.cids()?;
        let (long, blocks) = (self.long, call.node().blocks());
        Ok(match call.encoding {
            Encoding::Xml => return Err(Failure::no_xml()),
            Encoding::Json => Records::large(move |out| as_json(listing, form, out)),
            Encoding::Text if self.unsorted || listing.directory().is_none() => {
                Records::large(move |out| as_text(listing, long, form, out))
            }
            Encoding::Text => {
                Records::large(move |out| as_sorted_text(listing, blocks, long, form, out))
            }
        }
        .into_stream())
    }
}

/// One JSON value, written while it is read.
async fn as_json(mut listing: Listing, form: CidForm, out: Sender<Bytes>) -> Result<(), Failure> {
    let mut text = Pieces::new(out);
    text.out.put_slice(b"{\"Entries\":");
    let mut any = false;
    while let Some(entry) = listing.next().await? {
        text.out.put_u8(if any { b',' } else { b'[' });
        any = true;
        json(&record(entry, form), &mut text.out)?;
        text.flush().await?;
    }
    // As Kubo writes an empty list.
    let end: &[u8] = if any { b"]}\n" } else { b"null}\n" };
    text.out.put_slice(end);
    text.finish().await
}

/// Lines in the order of the directory.
async fn as_text(
    mut listing: Listing,
    long: bool,
    form: CidForm,
    out: Sender<Bytes>,
) -> Result<(), Failure> {
    let mut text = Pieces::new(out);
    while let Some(entry) = listing.next().await? {
        line(&record(entry, form), long, &mut text).await?;
    }
    text.finish().await
}

/// Lines sorted by name. The listing protects what is read from collection.
async fn as_sorted_text(
    listing: Listing,
    blocks: Blocks,
    long: bool,
    form: CidForm,
    out: Sender<Bytes>,
) -> Result<(), Failure> {
    let mut text = Pieces::new(out);
    if let Some(directory) = listing.directory().cloned() {
        let mut entries = Lister::open_sorted(&blocks, &directory, long).await?;
        while let Some(entry) = entries.next().await? {
            let entry = FilesEntry {
                r#type: i32::from(entry.kind == EntryType::Directory) * DIRECTORY,
                size: i64::try_from(entry.size).unwrap_or(i64::MAX),
                hash: form.show(&entry.cid),
                name: entry.name.into_text(),
            };
            line(&entry, long, &mut text).await?;
        }
    }
    drop(listing);
    text.finish().await
}

async fn line(entry: &FilesEntry, long: bool, text: &mut Pieces) -> Result<(), Failure> {
    let mut line = String::new();
    entry.line(long, &mut line);
    text.out.put_slice(line.as_bytes());
    text.flush().await
}

fn record(entry: Listed, form: CidForm) -> FilesEntry {
    let name = entry.name.into_text();
    match entry.details {
        None => FilesEntry {
            name,
            ..FilesEntry::default()
        },
        Some((kind, size)) => FilesEntry {
            name,
            r#type: i32::from(kind == EntryKind::Directory) * DIRECTORY,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            hash: form.show(&entry.cid),
        },
    }
}
