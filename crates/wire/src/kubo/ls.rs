//! `ls`.

use std::fmt::Write as _;
use std::time::SystemTime;

use cairn_primitives::ByteString;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::shape::Either;
use crate::text::escaped;

/// Listed directories, with all entries or, in a stream, one entry.
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
    /// The directory, as named in the request.
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
    /// Mode and type as in Go's `fs.FileMode`; 0 if not stored.
    #[serde(default)]
    pub mode: u32,
    /// RFC 3339 time; year 1 if not stored.
    #[serde(default)]
    pub mod_time: String,
}

/// The UnixFS type of a folder in [`Link::type`].
pub const DIRECTORY: i32 = 1;

command! {
    /// List directory contents.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-ls>
    pub struct Ls: "ls" {
        examples: [
            "{program} ls CID",
            "{program} ls --long CID/photos",
        ],
        arguments {
            /// Paths to list.
            paths: Vec<ByteString> = required "ipfs-path",
        }
        options {
            /// Print column headers.
            headers: bool = "headers" | "v", false;
            /// Resolve the type of each entry.
            resolve_type: bool = "resolve-type", true;
            /// Resolve the size of each entry.
            size: bool = "size", true;
            /// Print entries as they are read.
            stream: bool = "stream" | "s", false;
            /// Include mode and modification time.
            long: bool = "long" | "l", false;
        }
        body: NoBody,
        reply: One<Listing>,
        if stream: Many<Listing>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |request, Either::One(listing) | Either::Each(listing), out| {
            let mut before = None;
            for object in &listing.objects {
                // A record of a stream does not say which directory came before it.
                let fresh = !request.stream && before != Some(&object.hash);
                object.text(request, fresh, before.is_some(), out);
                before = Some(&object.hash);
            }
        },
    }
}

impl Listed {
    /// Writes the entries; before the first of a directory, its name and the column headings.
    pub fn text(&self, request: &Ls, fresh: bool, others_before: bool, out: &mut String) {
        let mut columns = request.columns(fresh && request.headers);
        for link in &self.links {
            columns.widen(link);
        }
        columns.begin(&self.hash, fresh, others_before, out);
        for link in &self.links {
            columns.line(link, out);
        }
    }
}

impl Ls {
    /// The columns of one directory: call [`Self::widen`] with all entries, then [`Self::line`] with each.
    #[must_use]
    pub fn columns(&self, headings: bool) -> Columns {
        let shown: &'static [usize] = match (self.long, self.size) {
            (true, true) => &[0, 1, 2, 3, 4],
            (true, false) => &[0, 1, 3, 4],
            (false, true) => &[1, 2, 4],
            (false, false) => &[1, 4],
        };
        let mut columns = Columns {
            // Streamed entries cannot be aligned exactly; a minimum width aligns most of them.
            widths: [if self.stream { 9 } else { 0 }; 5],
            shown,
            headings,
            named: self.paths.len() > 1,
            now: SystemTime::now(),
        };
        if headings {
            columns.widen_to(&HEADINGS.map(str::to_owned));
        }
        columns
    }
}

const HEADINGS: [&str; 5] = ["Mode", "Hash", "Size", "ModTime", "Name"];

/// Columns as wide as their widest entry.
#[derive(Clone, Debug)]
pub struct Columns {
    widths: [usize; 5],
    shown: &'static [usize],
    headings: bool,
    /// Whether names of directories are printed.
    named: bool,
    now: SystemTime,
}

impl Columns {
    /// Widens the columns for an entry.
    pub fn widen(&mut self, link: &Link) {
        self.widen_to(&self.row(link));
    }

    fn widen_to(&mut self, row: &[String; 5]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }

    /// Writes the lines before the first entry.
    pub fn begin(&self, hash: &str, fresh: bool, others_before: bool, out: &mut String) {
        if fresh && self.named {
            if others_before {
                out.push('\n');
            }
            escaped(hash, out);
            out.push_str(":\n");
        }
        if self.headings {
            self.write(&HEADINGS.map(str::to_owned), out);
        }
    }

    /// Writes an entry.
    pub fn line(&self, link: &Link, out: &mut String) {
        self.write(&self.row(link), out);
    }

    fn row(&self, link: &Link) -> [String; 5] {
        let folder = link.r#type == DIRECTORY;
        let size = if folder {
            "-".to_owned()
        } else {
            link.size.to_string()
        };
        let mut name = String::new();
        escaped(&link.name, &mut name);
        if folder {
            name.push('/');
        }
        [
            mode(link),
            link.hash.clone(),
            size,
            time(&link.mod_time, self.now),
            name,
        ]
    }

    fn write(&self, row: &[String; 5], out: &mut String) {
        for (at, &column) in self.shown.iter().enumerate() {
            if at + 1 == self.shown.len() {
                out.push_str(&row[column]);
            } else {
                let width = self.widths[column];
                let _ = write!(out, "{:<width$} ", row[column]);
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
    let letters = "rwxrwxrwx".chars().enumerate().map(|(at, letter)| {
        if link.mode & (0o400 >> at) == 0 {
            '-'
        } else {
            letter
        }
    });
    std::iter::once(kind).chain(letters).collect()
}

/// The time as `ls` shows it: with hours within half a year, otherwise with the year.
fn time(text: &str, now: SystemTime) -> String {
    show_time(text, now).unwrap_or_else(|| "-".to_owned())
}

fn show_time(text: &str, now: SystemTime) -> Option<String> {
    let time = Pieces::parse(text).ok()?;
    let date = time.date();
    // Go's zero time means no time.
    if date == Date::constant(1, 1, 1) {
        return None;
    }
    let now = Timestamp::try_from(now).ok()?;
    let today = TimeZone::UTC.to_datetime(now).date();
    let days = date.duration_since(today).as_hours() / 24;
    Some(if (-HALF_A_YEAR..=1).contains(&days) {
        let time = date.to_datetime(time.time()?);
        time.strftime("%b %d %H:%M").to_string()
    } else {
        date.strftime("%b %d  %Y").to_string()
    })
}

/// Days of half a year.
const HALF_A_YEAR: i64 = 183;

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn times_are_short() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * 20_000);
        for (text, shown) in [
            ("2024-10-04T05:06:07Z", "Oct 04 05:06"),
            ("2024-05-01T05:06:07.25Z", "May 01 05:06"),
            ("2024-04-01T05:06:07Z", "Apr 01  2024"),
            ("1969-12-31T23:59:59Z", "Dec 31  1969"),
            ("2030-01-01T00:00:00Z", "Jan 01  2030"),
            ("0001-01-01T00:00:00Z", "-"),
            ("", "-"),
            ("2024-13-01T00:00:00Z", "-"),
        ] {
            assert_eq!(time(text, now), shown, "{text}");
        }
    }
}
