//! `ls`.

use cairn_dag::list::{EntryType, Listed as Entry, Lister};
use cairn_wire::kubo::ls::{Link, Listed, Listing, Ls};

use super::super::call::CidForm;
use super::super::{Answer, Call, Failure, Handler, Records};

impl Handler for Ls {
    async fn handle(self, call: Call) -> Result<Answer<Listing>, Failure> {
        let form = call.cids()?;
        let look = self.resolve_type || self.size;
        let blocks = call.blocks();
        let mut folders = Vec::with_capacity(self.paths.len());
        for text in &self.paths {
            folders.push((text.to_string(), call.resolve(text).await?));
        }
        if self.stream {
            return Ok(Answer::Many(Records::work(move |out| async move {
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
        let mut objects = Vec::with_capacity(folders.len());
        for (hash, cid) in folders {
            let mut entries = Lister::open(&blocks, &cid, look).await?;
            let mut links = Vec::new();
            while let Some(entry) = entries.next().await? {
                links.push(link(entry, form));
            }
            links.sort_by(|a, b| a.name.cmp(&b.name));
            objects.push(Listed { hash, links });
        }
        Ok(Answer::One(Listing { objects }))
    }
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
        mod_time: super::time::rfc3339(entry.mtime),
    }
}

/// A mode in the form of Go's `fs.FileMode`, which Kubo answers with: <https://pkg.go.dev/io/fs#FileMode>.
fn mode(mode: Option<u32>, kind: EntryType) -> u32 {
    const DIRECTORY: u32 = 1 << 31;
    const SYMLINK: u32 = 1 << 27;
    let Some(mode) = mode.filter(|mode| *mode != 0) else {
        return 0;
    };
    // The set-user, set-group and sticky bits lie elsewhere there.
    let permissions = mode & 0o777 | (mode & 0o6000) << 12 | (mode & 0o1000) << 11;
    permissions
        | match kind {
            EntryType::Directory => DIRECTORY,
            EntryType::Symlink => SYMLINK,
            EntryType::File | EntryType::Unknown => 0,
        }
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
}
