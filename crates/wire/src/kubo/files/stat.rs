//! `files/stat`.

use std::fmt::Write as _;

use cairn_primitives::ByteString;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::text::{escaped, human_bytes};

/// A file or a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FileStat {
    /// Its CID.
    pub hash: String,
    /// Bytes of a file; 0 for a directory.
    pub size: u64,
    /// Total size of its blocks, in bytes.
    pub cumulative_size: u64,
    /// Number of links of its root block.
    pub blocks: usize,
    /// `file` or `directory`.
    pub r#type: String,
    /// Whether `local` and `size_local` are set.
    #[serde(default, skip_serializing_if = "is_false")]
    pub with_locality: bool,
    /// Whether all of its blocks are stored locally.
    #[serde(default, skip_serializing_if = "is_false")]
    pub local: bool,
    /// Bytes of its blocks that are stored locally.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub size_local: u64,
    /// Time of its last change, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<i64>,
    /// The nanoseconds of that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime_nsecs: Option<u32>,
    /// Its mode as in Go's `fs.FileMode`, in octal; absent if not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// The default output format.
const FORMAT: &str = "<hash>
Size: <size>
CumulativeSize: <cumulsize>
ChildBlocks: <childs>
Type: <type>
Mode: <mode> (<mode-octal>)
Mtime: <mtime>";

/// The text of an attribute that is not stored.
const NOT_SET: &str = "not set";

command! {
    /// Show the CID, size and type of a file or directory.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-stat>
    pub struct FilesStat: "files/stat" {
        examples: [
            "{program} files stat /photos",
            "{program} files stat --hash /",
            "{program} files stat --format='<hash> <size>' /notes.txt",
        ],
        arguments {
            /// Path in MFS or below /ipfs.
            path: ByteString = required "path",
        }
        options {
            /// No effect: this command changes nothing.
            flush: bool = "flush" | "f", true;
            /// Output format with the tokens `<hash>`, `<size>`, `<cumulsize>`, `<type>`, `<childs>`, `<mode>`, `<mode-octal>`, `<mtime>`, `<mtime-secs>` and `<mtime-nsecs>`.
            format: Option<String> = "format", None;
            /// Print only the CID.
            hash: bool = "hash", false;
            /// Print only the total size of all blocks.
            size: bool = "size", false;
            /// Include how much of the DAG is stored locally.
            with_local: bool = "with-local", false;
        }
        body: NoBody,
        reply: One<FileStat>,
        safe: true,
        needs: Repository,
        text: |request, stat, out| stat.text(request, out),
    }
}

impl FilesStat {
    /// Whether more than one output option is set.
    #[must_use]
    pub fn has_several_formats(&self) -> bool {
        let format = self.format.as_ref().is_some_and(|format| format != FORMAT);
        u8::from(format) + u8::from(self.hash) + u8::from(self.size) > 1
    }
}

impl FileStat {
    fn text(&self, request: &FilesStat, out: &mut String) {
        let format = match &request.format {
            _ if request.hash => "<hash>",
            _ if request.size => "<cumulsize>",
            Some(format) => format,
            None => FORMAT,
        };
        let mode = self
            .mode
            .as_ref()
            .and_then(|mode| u32::from_str_radix(mode, 8).ok())
            .filter(|mode| *mode != 0);
        let time = self.mtime.filter(|seconds| *seconds > 0);
        let unset = || NOT_SET.to_owned();
        let mut hash = String::new();
        escaped(&self.hash, &mut hash);
        let shown = [
            ("<hash>", hash),
            ("<size>", self.size.to_string()),
            ("<cumulsize>", self.cumulative_size.to_string()),
            ("<childs>", self.blocks.to_string()),
            ("<type>", self.r#type.clone()),
            ("<mode>", mode.map_or_else(unset, letters)),
            (
                "<mode-octal>",
                mode.map_or_else(unset, |mode| format!("0{:o}", mode & 0o777)),
            ),
            ("<mtime>", time.map_or_else(unset, date)),
            (
                "<mtime-secs>",
                time.map_or_else(unset, |seconds| seconds.to_string()),
            ),
            (
                "<mtime-nsecs>",
                time.map_or_else(unset, |_| self.mtime_nsecs.unwrap_or(0).to_string()),
            ),
        ];
        let text = shown
            .iter()
            .fold(format.to_owned(), |text, (token, value)| {
                text.replace(token, value)
            });
        out.push_str(&text);
        out.push('\n');
        if self.with_locality {
            #[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
            let percent = 100.0 * self.size_local as f64 / self.cumulative_size as f64;
            let _ = writeln!(
                out,
                "Local: {} of {} ({percent:.2}%)",
                human_bytes(self.size_local),
                human_bytes(self.cumulative_size)
            );
        }
    }
}

/// A mode as Go formats it, in lower case: <https://pkg.go.dev/io/fs#FileMode.String>.
fn letters(mode: u32) -> String {
    let mut out: String = "daltldpsugct?"
        .chars()
        .enumerate()
        .filter(|(at, _)| mode & (1 << (31 - at)) != 0)
        .map(|(_, letter)| letter)
        .collect();
    if out.is_empty() {
        out.push('-');
    }
    out.extend("rwxrwxrwx".chars().enumerate().map(|(at, letter)| {
        if mode & (0o400 >> at) == 0 {
            '-'
        } else {
            letter
        }
    }));
    out
}

/// A time in UTC like `14 Nov 2023, 22:13:20 UTC`, or in seconds after the year 9999.
fn date(seconds: i64) -> String {
    let time =
        DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(SignedDuration::from_secs(seconds));
    match time {
        Ok(time) => time.strftime("%-d %b %Y, %H:%M:%S UTC").to_string(),
        Err(_) => format!("{seconds} s after 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubo::Command as _;

    fn shown(request: &FilesStat, stat: &FileStat) -> String {
        let mut out = String::new();
        request.text(stat, &mut out);
        out
    }

    #[test]
    fn is_shown_as_asked() {
        let stat = FileStat {
            hash: "Qm".into(),
            size: 4,
            cumulative_size: 73,
            blocks: 1,
            r#type: "file".into(),
            mode: Some("0755".into()),
            mtime: Some(1_700_000_000),
            ..FileStat::default()
        };
        let mut request = FilesStat::new("/f".into());
        assert_eq!(
            shown(&request, &stat),
            "Qm\nSize: 4\nCumulativeSize: 73\nChildBlocks: 1\nType: file\nMode: -rwxr-xr-x (0755)\nMtime: 14 Nov 2023, 22:13:20 UTC\n"
        );
        request.format = Some("<mtime-secs> <mtime-nsecs> <mode-octal> <zz>".into());
        assert_eq!(shown(&request, &stat), "1700000000 0 0755 <zz>\n");
        request.hash = true;
        assert!(request.has_several_formats());
        request.format = None;
        assert!(!request.has_several_formats());
        assert_eq!(shown(&request, &stat), "Qm\n");
    }

    #[test]
    fn attributes_that_are_absent_are_not_set() {
        let stat = FileStat {
            with_locality: true,
            local: true,
            size_local: 702,
            cumulative_size: 1404,
            ..FileStat::default()
        };
        let request = FilesStat::new("/".into());
        let text = shown(&request, &stat);
        assert!(
            text.contains("Mode: not set (not set)\nMtime: not set\n"),
            "{text}"
        );
        assert!(
            text.ends_with("Local: 702 B of 1.4 kB (50.00%)\n"),
            "{text}"
        );
    }

    #[test]
    fn modes_and_dates_are_gos() {
        assert_eq!(letters(1 << 27 | 0o777), "lrwxrwxrwx");
        assert_eq!(letters(1 << 23 | 0o4), "u------r--");
        assert_eq!(date(951_782_400), "29 Feb 2000, 00:00:00 UTC");
    }
}
