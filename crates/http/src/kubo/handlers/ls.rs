//! `ls`.

use bytes::{BufMut as _, Bytes, BytesMut};
use cairn_dag::list::{EntryType, Listed as Entry, Lister};
use cairn_dag::{Blocks, NodeError};
use cairn_primitives::unixfs::Mtime;
use cairn_primitives::{Cid, rfc3339};
use cairn_wire::kubo::ls::{Link, Listed, Listing, Ls};
use serde::Serialize;

use super::super::answer::{Encoding, Sender};
use super::super::call::CidForm;
use super::super::{Answer, Call, Failure, Handler, OneOrMany, Records, times};

impl Handler for Ls {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let look = self.resolve_type || self.size;
        let blocks = call.blocks();
        let mut folders = Vec::with_capacity(self.paths.len());
        for text in &self.paths {
            folders.push((text.to_string(), call.resolve(text).await?));
        }
        if self.stream {
            return Ok(OneOrMany::Many(Records::large(move |out| async move {
                for (hash, cid) in folders {
                    let mut entries = Lister::open(&blocks, &cid, look).await?;
                    while let Some(entry) = entries.next().await? {
                        out.send(Listing {
                            objects: vec![Listed {
                                hash: hash.clone(),
                                links: vec![link(entry, form)],
                            }],
                        })
                        .await?;
                    }
                }
                Ok(())
            })));
        }
        let list = DirectoryLister {
            blocks,
            folders,
            look,
            form,
        };
        Ok(match call.encoding {
            Encoding::Xml => return Err(Failure::no_xml()),
            Encoding::Json => OneOrMany::Json(Records::large(|out| list.json(out)).into_stream()),
            Encoding::Text => {
                OneOrMany::Json(Records::large(|out| list.text(self, out)).into_stream())
            }
        })
    }
}

/// Bytes that are buffered before the first is sent: an error before that is a plain error response.
const FIRST: usize = 1 << 20;
/// Bytes that are sent together after that.
const BATCH: usize = 32 << 10;

/// Lists directories in one response, with the entries of each sorted by name. Neither the response nor a directory
/// is held in memory as a whole.
struct DirectoryLister {
    blocks: Blocks,
    folders: Vec<(String, Cid)>,
    look: bool,
    form: CidForm,
}

impl DirectoryLister {
    async fn open(&self, cid: &Cid) -> Result<Lister, NodeError> {
        Lister::open_sorted(&self.blocks, cid, self.look).await
    }

    /// One JSON value: a [`Listing`].
    async fn json(self, out: Sender<Bytes>) -> Result<(), Failure> {
        let mut text = Pieces::new(out);
        text.out.put_slice(b"{\"Objects\":[");
        for (at, (hash, cid)) in self.folders.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            text.out.put_slice(comma.as_bytes());
            text.out.put_slice(b"{\"Hash\":");
            json(hash, &mut text.out)?;
            text.out.put_slice(b",\"Links\":[");
            let mut entries = self.open(cid).await?;
            let mut first = true;
            while let Some(entry) = entries.next().await? {
                if !std::mem::take(&mut first) {
                    text.out.put_u8(b',');
                }
                json(&link(entry, self.form), &mut text.out)?;
                text.flush().await?;
            }
            text.out.put_slice(b"]}");
            text.flush().await?;
        }
        text.out.put_slice(b"]}\n");
        text.finish().await
    }

    /// As `ipfs ls` prints it: each directory is read once for the column widths and once for the lines.
    async fn text(self, request: Ls, out: Sender<Bytes>) -> Result<(), Failure> {
        let mut text = Pieces::new(out);
        let mut before = None;
        for (hash, cid) in &self.folders {
            let fresh = before != Some(hash);
            let mut columns = request.columns(fresh && request.headers);
            let mut entries = self.open(cid).await?;
            while let Some(entry) = entries.next().await? {
                columns.widen(&link(entry, self.form));
            }
            let mut lines = String::new();
            columns.begin(hash, fresh, before.is_some(), &mut lines);
            let mut entries = self.open(cid).await?;
            while let Some(entry) = entries.next().await? {
                columns.line(&link(entry, self.form), &mut lines);
                text.out.put_slice(lines.as_bytes());
                lines.clear();
                text.flush().await?;
            }
            text.out.put_slice(lines.as_bytes());
            before = Some(hash);
        }
        text.finish().await
    }
}

/// Text that is being sent.
pub(super) struct Pieces {
    pub(super) out: BytesMut,
    sender: Sender<Bytes>,
    least: usize,
}

impl Pieces {
    pub(super) fn new(sender: Sender<Bytes>) -> Self {
        Self {
            out: BytesMut::new(),
            sender,
            least: FIRST,
        }
    }

    pub(super) async fn flush(&mut self) -> Result<(), Failure> {
        if self.out.len() < self.least {
            return Ok(());
        }
        self.least = BATCH;
        let piece = std::mem::take(&mut self.out).freeze();
        self.sender.send(piece).await
    }

    pub(super) async fn finish(self) -> Result<(), Failure> {
        if self.out.is_empty() {
            return Ok(());
        }
        self.sender.send(self.out.freeze()).await
    }
}

pub(super) fn json(value: &impl Serialize, out: &mut BytesMut) -> Result<(), Failure> {
    serde_json::to_writer(out.writer(), value).map_err(|error| Failure::normal(error.to_string()))
}

fn link(entry: Entry, form: CidForm) -> Link {
    Link {
        hash: form.show(&entry.cid),
        name: entry.name.into_text(),
        size: entry.size,
        r#type: match entry.kind {
            EntryType::Directory => 1,
            EntryType::File => 2,
            EntryType::Symlink => 4,
            EntryType::Unknown => 0,
        },
        target: entry.target.into_text(),
        mode: mode(entry.mode, entry.kind),
        mod_time: mod_time(entry.mtime),
    }
}

/// A mode in the form of Go's `fs.FileMode`, which Kubo answers with: <https://pkg.go.dev/io/fs#FileMode>.
fn mode(mode: Option<u32>, kind: EntryType) -> u32 {
    const DIRECTORY: u32 = 1 << 31;
    const SYMLINK: u32 = 1 << 27;
    let Some(mode) = mode.filter(|mode| *mode != 0) else {
        return 0;
    };
    // The set-user, set-group and sticky bits are different there.
    let permissions = mode & 0o777 | (mode & 0o6000) << 12 | (mode & 0o1000) << 11;
    permissions
        | match kind {
            EntryType::Directory => DIRECTORY,
            EntryType::Symlink => SYMLINK,
            EntryType::File | EntryType::Unknown => 0,
        }
}

/// RFC 3339 in UTC as Go writes it: fractional digits without trailing zeros, and Go's zero time for no time or one outside
/// the years 1 to 9999.
fn mod_time(mtime: Option<Mtime>) -> String {
    const SECOND: u32 = 1_000_000_000;
    let time = mtime.and_then(|mtime| {
        let nanos = mtime.nanos.unwrap_or(0);
        let seconds = mtime.seconds.checked_add((nanos / SECOND).into())?;
        rfc3339::format(seconds, nanos % SECOND).filter(|time| !time.starts_with("0000"))
    });
    time.unwrap_or_else(|| times::NONE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_gos() {
        for (unix, kind, go) in [
            (None, EntryType::Directory, 0),
            (Some(0), EntryType::Directory, 0),
            (Some(0o644), EntryType::File, 0o644),
            (Some(0o755), EntryType::Directory, 2_147_484_141),
            (Some(0o777), EntryType::Symlink, 1 << 27 | 0o777),
            (
                Some(0o7755),
                EntryType::File,
                1 << 23 | 1 << 22 | 1 << 20 | 0o755,
            ),
        ] {
            assert_eq!(mode(unix, kind), go, "{unix:?} {kind:?}");
        }
    }

    #[test]
    fn times_are_written_as_in_go() {
        let at = |seconds, nanos| mod_time(Some(Mtime { seconds, nanos }));
        assert_eq!(at(0, None), "1970-01-01T00:00:00Z");
        assert_eq!(
            at(1_700_000_000, Some(500_000_000)),
            "2023-11-14T22:13:20.5Z"
        );
        assert_eq!(at(951_782_400, None), "2000-02-29T00:00:00Z");
        assert_eq!(at(-1, Some(1)), "1969-12-31T23:59:59.000000001Z");
        assert_eq!(at(253_402_300_799, None), "9999-12-31T23:59:59Z");
        let none = "0001-01-01T00:00:00Z";
        assert_eq!(at(253_402_300_800, None), none);
        assert_eq!(at(i64::MAX, Some(u32::MAX)), none);
        assert_eq!(at(i64::MIN, None), none);
        assert_eq!(mod_time(None), none);
    }
}
