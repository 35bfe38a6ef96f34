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
            folders.push((text.clone(), call.resolve(text).await?));
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
        name: entry.name,
        size: entry.size,
        r#type: match entry.kind {
            EntryType::Directory => 1,
            EntryType::File => 2,
            EntryType::Symlink => 4,
            EntryType::Unknown => 0,
        },
        target: entry.target,
        mode: entry.mode.unwrap_or(0),
        mod_time: super::time::rfc3339(entry.mtime),
    }
}
