//! `ls`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};
use crate::text::escaped;

/// What is listed, with all or, in a stream, one of its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listing {
    /// The folders.
    pub objects: Vec<Listed>,
}

/// A folder and its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listed {
    /// The folder, as it was named in the request.
    pub hash: String,
    /// Its entries.
    pub links: Vec<Link>,
}

/// An entry of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its CID.
    pub hash: String,
    /// Bytes of a file; 0 for a folder.
    pub size: u64,
    /// UnixFS type: 1 folder, 2 file, 4 symlink, 0 unknown.
    pub r#type: i32,
    /// Target of a symlink.
    #[serde(default)]
    pub target: String,
    /// Mode, 0 when none is kept.
    #[serde(default)]
    pub mode: u32,
    /// RFC 3339 time; year 1 when none is kept.
    #[serde(default)]
    pub mod_time: String,
}

/// The UnixFS type of a folder in [`Link::type`].
pub const DIRECTORY: i32 = 1;

endpoint! {
    /// Lists folders.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-ls>
    pub struct Ls: "ls" {
        arguments {
            /// The folders.
            paths: Vec<String> = required "ipfs-path",
        }
        options {
            /// Print what each column is.
            headers: bool = "headers" | "v", false;
            /// Look at each entry to tell its type.
            resolve_type: bool = "resolve-type", true;
            /// Look at each entry to tell its size.
            size: bool = "size", true;
            /// Answer with one entry a line.
            stream: bool = "stream" | "s", false;
            /// Print mode and time as well.
            long: bool = "long" | "l", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::Many, Listing,
        text: |request, listing, out| {
            let several = request.paths.len() > 1;
            for (at, object) in listing.objects.iter().enumerate() {
                if several {
                    if at > 0 {
                        out.push('\n');
                    }
                    escaped(&object.hash, out);
                    out.push_str(":\n");
                }
                table(request, &object.links, out);
            }
        },
    }
}

/// Writes entries in columns as wide as their widest.
fn table(request: &Ls, links: &[Link], out: &mut String) {
    let mut rows: Vec<[String; 5]> = Vec::with_capacity(links.len() + 1);
    if request.headers {
        rows.push(["Mode", "Hash", "Size", "ModTime", "Name"].map(str::to_owned));
    }
    for link in links {
        let folder = link.r#type == DIRECTORY;
        let size = if folder { "-".to_owned() } else { link.size.to_string() };
        let mut name = String::new();
        escaped(&link.name, &mut name);
        if folder {
            name.push('/');
        }
        rows.push([mode(link), link.hash.clone(), size, time(&link.mod_time), name]);
    }
    let shown: &[usize] = match (request.long, request.size) {
        (true, true) => &[0, 1, 2, 3, 4],
        (true, false) => &[0, 1, 3, 4],
        (false, true) => &[1, 2, 4],
        (false, false) => &[1, 4],
    };
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    for row in &rows {
        for (at, &column) in shown.iter().enumerate() {
            if at + 1 == shown.len() {
                out.push_str(&row[column]);
            } else {
                let _ = write!(out, "{:<width$} ", row[column], width = widths[column]);
            }
        }
        out.push('\n');
    }
}

fn mode(link: &Link) -> String {
    let kind = match link.r#type {
        DIRECTORY => 'd',
        4 => 'l',
        _ => '-',
    };
    if link.mode == 0 {
        return "-".to_owned();
    }
    let letters = "rwxrwxrwx".chars().enumerate().map(|(at, letter)| if link.mode & (0o400 >> at) == 0 { '-' } else { letter });
    std::iter::once(kind).chain(letters).collect()
}

fn time(text: &str) -> String {
    if text.is_empty() || text.starts_with("0001-01-01") { "-".to_owned() } else { text.to_owned() }
}
