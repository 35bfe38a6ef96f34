//! A streaming reader of tar archives with bounded memory.
//!
//! Format: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06>. Long names, large sizes
//! and fine times come as PAX records; GNU's long names are understood as well.

use std::io::{self, Read};

use super::extract::ExtractError;

const BLOCK: usize = 512;
/// Maximum size of the records before an entry, in bytes.
const RECORDS_LIMIT: u64 = 1024 * 1024;
/// Maximum length of a name, in bytes: the path limit of Linux.
const NAME_LIMIT: usize = 4096;

/// The type of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A file; its content follows.
    File,
    /// A symbolic link with its target.
    Symlink(Vec<u8>),
}

/// An entry's head.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// Its path in the archive.
    pub path: Vec<u8>,
    /// Its type.
    pub kind: EntryKind,
    /// Its mode.
    pub mode: u32,
    /// Seconds since 1970, and nanoseconds.
    pub mtime: (i64, u32),
}

/// The extended header records of an entry.
#[derive(Debug, Default)]
struct Records {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    mtime: Option<(i64, u32)>,
    size: Option<u64>,
}

/// Calls a function for each entry of an archive, with a reader of its content. The unread rest of the content is skipped.
///
/// # Errors
///
/// [`ExtractError::Read`] and [`ExtractError::Archive`] if the archive cannot be read or is truncated, and those of the
/// function.
pub fn each<R: Read>(
    mut input: R,
    mut with: impl FnMut(Head, &mut dyn Read) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    let mut records = Records::default();
    while let Some(header) = header(&mut input)? {
        let kind = header.kind();
        let size = match kind {
            b'x' | b'g' | b'L' | b'K' => header.size()?,
            _ => match records.size {
                Some(size) => size,
                None => header.size()?,
            },
        };
        let mut content = Content((&mut input).take(size));
        match kind {
            b'x' => pax(&small(&mut content)?, &mut records)?,
            b'L' => records.path = Some(trimmed(&small(&mut content)?).to_vec()),
            b'K' => records.target = Some(trimmed(&small(&mut content)?).to_vec()),
            b'g' => {}
            _ => with(head(&header, std::mem::take(&mut records))?, &mut content)?,
        }
        let left = content.0.limit();
        skip(&mut input, left + padding(size))?;
    }
    Ok(())
}

/// The content of an entry. Reading truncated content is an error.
struct Content<R>(io::Take<R>);

impl<R: Read> Read for Content<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(out)?;
        if count == 0 && self.0.limit() > 0 && !out.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, CUT));
        }
        Ok(count)
    }
}

/// The error of truncated entries.
pub(super) const CUT: &str = "it ends within an entry";

struct Header([u8; BLOCK]);

impl Header {
    fn field(&self, from: usize, to: usize) -> &[u8] {
        self.0.get(from..to).unwrap_or_default()
    }

    fn kind(&self) -> u8 {
        self.field(156, 157).first().copied().unwrap_or(0)
    }

    fn size(&self) -> Result<u64, ExtractError> {
        number(self.field(124, 136))
            .and_then(|size| u64::try_from(size).ok())
            .ok_or_else(|| malformed("it states a size that is none"))
    }

    fn path(&self) -> Vec<u8> {
        let name = trimmed(self.field(0, 100));
        let prefix = if self.field(257, 263) == b"ustar\0" {
            trimmed(self.field(345, 500))
        } else {
            &[]
        };
        if prefix.is_empty() {
            name.to_vec()
        } else {
            [prefix, b"/", name].concat()
        }
    }

    /// Whether the checksum is right.
    fn is_sound(&self) -> bool {
        let sum: i64 = self
            .0
            .iter()
            .enumerate()
            .map(|(at, byte)| {
                if (148..156).contains(&at) {
                    32
                } else {
                    i64::from(*byte)
                }
            })
            .sum();
        number(self.field(148, 156)) == Some(sum)
    }
}

/// The next header; `None` at the end, which is marked by a block of zeros.
fn header(input: &mut impl Read) -> Result<Option<Header>, ExtractError> {
    let mut block = [0; BLOCK];
    let mut filled = 0;
    while filled < BLOCK {
        match input.read(block.get_mut(filled..).unwrap_or_default()) {
            Ok(0) if filled == 0 => return Err(malformed("it ends without its last blocks")),
            Ok(0) => return Err(malformed("it ends within a header")),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ExtractError::Read(error)),
        }
    }
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let header = Header(block);
    if header.is_sound() {
        Ok(Some(header))
    } else {
        Err(malformed("a checksum is wrong"))
    }
}

fn head(header: &Header, records: Records) -> Result<Head, ExtractError> {
    let path = records.path.unwrap_or_else(|| header.path());
    if path.len() > NAME_LIMIT {
        return Err(ExtractError::Name {
            path: display_path(path.get(..64).unwrap_or_default()),
            reason: "it is too long",
        });
    }
    let kind = match header.kind() {
        b'5' => EntryKind::Directory,
        b'0' | 0 => EntryKind::File,
        b'2' => {
            let target = records
                .target
                .unwrap_or_else(|| trimmed(header.field(157, 257)).to_vec());
            if target.len() > NAME_LIMIT {
                return Err(ExtractError::Name {
                    path: display_path(&path),
                    reason: "the target of the link is too long",
                });
            }
            EntryKind::Symlink(target)
        }
        _ => {
            return Err(ExtractError::Kind {
                path: display_path(&path),
            });
        }
    };
    let mode = number(header.field(100, 108))
        .and_then(|mode| u32::try_from(mode).ok())
        .unwrap_or(0);
    let mtime = records
        .mtime
        .unwrap_or_else(|| (number(header.field(136, 148)).unwrap_or(0), 0));
    Ok(Head {
        path,
        kind,
        mode,
        mtime,
    })
}

/// A number in octal, or in base 256 if the first bit is set.
fn number(field: &[u8]) -> Option<i64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // The second bit is the sign.
        let begin = if first & 0x40 == 0 {
            i64::from(first & 0x3f)
        } else {
            i64::from(first | 0x80) - 256
        };
        return rest.iter().try_fold(begin, |value, byte| {
            value.checked_mul(256)?.checked_add(i64::from(*byte))
        });
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() {
        Some(0)
    } else {
        i64::from_str_radix(text, 8).ok()
    }
}

fn pax(mut bytes: &[u8], records: &mut Records) -> Result<(), ExtractError> {
    let wrong = || malformed("a record before an entry is not understood");
    while !trimmed(bytes).is_empty() {
        let space = bytes
            .iter()
            .position(|byte| *byte == b' ')
            .ok_or_else(wrong)?;
        let length: usize = bytes
            .get(..space)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(wrong)?;
        let record = bytes
            .get(space + 1..length)
            .and_then(|record| record.strip_suffix(b"\n"))
            .ok_or_else(wrong)?;
        bytes = bytes.get(length..).unwrap_or_default();
        let equals = record
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or_else(wrong)?;
        let (key, value) = (
            record.get(..equals).unwrap_or_default(),
            record.get(equals + 1..).unwrap_or_default(),
        );
        let text = std::str::from_utf8(value).ok();
        match key {
            b"path" => records.path = Some(value.to_vec()),
            b"linkpath" => records.target = Some(value.to_vec()),
            b"mtime" => records.mtime = text.and_then(time),
            b"size" => {
                records.size = Some(text.and_then(|text| text.parse().ok()).ok_or_else(wrong)?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Seconds with a decimal fraction.
fn time(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    let digits: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(9)
        .collect();
    let nanoseconds: u32 = digits.parse().ok()?;
    // Times before 1970 are negative numbers: -1.25 is a quarter of a second before -1.
    if whole.starts_with('-') && nanoseconds > 0 {
        Some((seconds.checked_sub(1)?, 1_000_000_000 - nanoseconds))
    } else {
        Some((seconds, nanoseconds))
    }
}

fn small(content: &mut impl Read) -> Result<Vec<u8>, ExtractError> {
    let mut bytes = Vec::new();
    content
        .take(RECORDS_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(ExtractError::Read)?;
    if bytes.len() as u64 > RECORDS_LIMIT {
        Err(malformed("an entry has too many records"))
    } else {
        Ok(bytes)
    }
}

fn skip(input: &mut impl Read, count: u64) -> Result<(), ExtractError> {
    let skipped = io::copy(&mut input.take(count), &mut io::sink()).map_err(ExtractError::Read)?;
    if skipped == count {
        Ok(())
    } else {
        Err(malformed(CUT))
    }
}

/// The padding of an entry's last block.
fn padding(size: u64) -> u64 {
    let block = BLOCK as u64;
    (block - size % block) % block
}

fn trimmed(name: &[u8]) -> &[u8] {
    let end = name
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

fn malformed(why: &'static str) -> ExtractError {
    ExtractError::Archive(why)
}

/// A path in a message.
pub(super) fn display_path(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        for (text, read) in [
            ("5", Some((5, 0))),
            ("5.25", Some((5, 250_000_000))),
            ("-1.25", Some((-2, 750_000_000))),
            ("0.000000001", Some((0, 1))),
            ("x", None),
            ("1.x", None),
        ] {
            assert_eq!(time(text), read, "{text}");
        }
    }

    #[test]
    fn reads_numbers() {
        for (field, read) in [
            (b"0000644\0".as_slice(), Some(0o644)),
            (b"  12 \0", Some(10)),
            (b"\0\0\0", Some(0)),
            (b"89", None),
            (b"\x80\0\0\x01\x02", Some(258)),
            (b"\xff\xff\xfe", Some(-2)),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"", None),
        ] {
            assert_eq!(number(field), read, "{field:?}");
        }
    }
}
