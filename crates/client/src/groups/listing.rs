//! Reading files and directories.

use std::time::SystemTime;

use cairn_primitives::Cid;
use cairn_wire::kubo::cat::Cat;
use cairn_wire::kubo::get::Get;
use cairn_wire::kubo::ls::{Link, Listing, Ls};

use crate::error::Error;
use crate::kubo::{Call, IntoPath, IntoPaths, Kubo, binary, cid, many, one, setters, some};
use crate::time;

impl Kubo {
    /// Reads files; several are concatenated.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let head = kubo.cat("/ipfs/bafkqabtimvwgy3yk").offset(0).length(512).to_vec(512).await?;
    /// # let _ = head; Ok(())
    /// # }
    /// ```
    pub fn cat(&self, paths: impl IntoPaths) -> Call<Cat> {
        Call::new(self, Cat::new(paths.into_paths()))
    }

    /// Reads a file or directory as a tar archive. [`Call::to_dir`] and [`Call::to_path`] extract it.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// // Download to downloads/bafy….
    /// kubo.get("bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354").to_dir("downloads").await?;
    /// // Download a compressed archive.
    /// kubo.get("bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354")
    ///     .archive(true)
    ///     .compress(true)
    ///     .to_file("directory.tar.gz")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, path: impl IntoPath) -> Call<Get> {
        Call::new(self, Get::new(path.into_path()))
    }

    /// Lists directories. If streamed, the items are entries.
    pub fn ls(&self, paths: impl IntoPaths) -> Call<Ls> {
        Call::new(self, Ls::new(paths.into_paths()))
    }
}

/// The kind of a directory entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Not reported, or not known by this client.
    Unknown,
}

/// A directory and its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Directory {
    /// The path of the directory as given in the call.
    pub path: String,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The path of the directory as given in the call.
    pub directory: String,
    /// Its name.
    pub name: String,
    /// Its CID.
    pub cid: Cid,
    /// Its kind.
    pub kind: EntryKind,
    /// Size of a file in bytes; 0 for a directory.
    pub size: u64,
    /// Target of a symbolic link.
    pub target: Option<String>,
    /// Its permissions, if stored and `long` is set.
    pub mode: Option<u32>,
    /// Its modification time, if stored and `long` is set.
    pub mtime: Option<SystemTime>,
}

fn entry(directory: &str, link: Link) -> Result<Entry, Error> {
    Ok(Entry {
        directory: directory.to_owned(),
        cid: cid(&link.hash)?,
        kind: match link.r#type {
            1 => EntryKind::Directory,
            2 => EntryKind::File,
            4 => EntryKind::Symlink,
            _ => EntryKind::Unknown,
        },
        name: link.name,
        size: link.size,
        target: some(link.target),
        mode: Some(link.mode & 0o777).filter(|mode| *mode != 0),
        mtime: time::rfc3339(&link.mod_time),
    })
}

fn directories(listing: Listing) -> Result<Vec<Directory>, Error> {
    let directories = listing.objects.into_iter().map(|object| {
        let path = object.hash;
        let entries = object.links.into_iter().map(|link| entry(&path, link));
        Ok(Directory {
            entries: entries.collect::<Result<_, Error>>()?,
            path,
        })
    });
    directories.collect()
}

binary!(Cat, Get);

one! {
    Ls, Listing => Vec<Directory>, directories;
}

many! {
    Ls, Listing => Entry, |listing, items| {
        items.extend(directories(listing)?.into_iter().flat_map(|directory| directory.entries));
        Ok(())
    };
}

cairn_wire::Cat!(setters);
cairn_wire::Get!(setters);
cairn_wire::Ls!(setters);
