//! Headers of tar members: ustar, with PAX records for what does not fit.
//!
//! Spec: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>, sections *pax Interchange Format* and *ustar
//! Interchange Format*.

use cairn_primitives::unixfs::Mtime;

/// Size of a header and unit of all lengths, in bytes.
pub(super) const BLOCK: usize = 512;
/// Largest number that the twelve-byte fields hold.
const MAX_OCTAL: u64 = 0o777_7777_7777;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    File,
    Symlink,
    Directory,
}

/// A member of an archive.
#[derive(Clone, Debug)]
pub(super) struct Member<'a> {
    pub(super) kind: Type,
    pub(super) path: &'a [u8],
    /// Target of a symbolic link, empty otherwise.
    pub(super) target: &'a [u8],
    /// Permissions.
    pub(super) mode: u32,
    /// Bytes of content.
    pub(super) size: u64,
    pub(super) mtime: Mtime,
}

/// Appends the header of a member, preceded by a PAX header if needed. With `nanos`, a fractional second needs one.
pub(super) fn write(member: &Member<'_>, nanos: bool, out: &mut Vec<u8>) {
    // The path is by far the longest that may stand here.
    let room = member.path.len() + member.target.len() + BLOCK;
    let mut records = Vec::with_capacity(room);
    let split = split_path(member.path);
    if split.is_none() {
        record("path", member.path, &mut records);
    }
    if member.target.len() > 100 || !member.target.is_ascii() {
        record("linkpath", member.target, &mut records);
    }
    if member.size > MAX_OCTAL {
        record("size", member.size.to_string().as_bytes(), &mut records);
    }
    let fraction = member.mtime.nanos.filter(|_| nanos).unwrap_or_default();
    let seconds = u64::try_from(member.mtime.seconds)
        .ok()
        .filter(|seconds| *seconds <= MAX_OCTAL);
    if fraction != 0 || seconds.is_none() {
        record(
            "mtime",
            decimal(member.mtime.seconds, fraction).as_bytes(),
            &mut records,
        );
    }
    if !records.is_empty() {
        let (folder, name) = member
            .path
            .split_at(last_slash(member.path).map_or(0, |at| at + 1));
        let path = [folder, b"PaxHeaders.0/", name].concat();
        block(
            &Fields {
                path: (&b""[..], &path[..]),
                kind: b'x',
                size: records.len() as u64,
                ..Fields::default()
            },
            out,
        );
        out.reserve(records.len() + 3 * BLOCK);
        out.extend_from_slice(&records);
        pad(records.len() as u64, out);
    }
    let kind = match member.kind {
        Type::File => b'0',
        Type::Symlink => b'2',
        Type::Directory => b'5',
    };
    block(
        &Fields {
            path: split.unwrap_or((&b""[..], member.path)),
            target: member.target,
            mode: member.mode,
            size: if member.size > MAX_OCTAL {
                0
            } else {
                member.size
            },
            seconds: seconds.unwrap_or_default(),
            kind,
        },
        out,
    );
}

/// Appends zeros up to the next multiple of [`BLOCK`] after a content of this length.
pub(super) fn pad(length: u64, out: &mut Vec<u8>) {
    #[expect(clippy::cast_possible_truncation, reason = "less than BLOCK")]
    let over = (length % BLOCK as u64) as usize;
    if over != 0 {
        out.resize(out.len() + BLOCK - over, 0);
    }
}

#[derive(Default)]
struct Fields<'a> {
    path: (&'a [u8], &'a [u8]),
    target: &'a [u8],
    mode: u32,
    size: u64,
    seconds: u64,
    kind: u8,
}

fn block(fields: &Fields<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    text(fields.path.1, 100, out);
    octal(u64::from(fields.mode), 8, out);
    octal(0, 8, out);
    octal(0, 8, out);
    octal(fields.size, 12, out);
    octal(fields.seconds, 12, out);
    let sum_at = out.len();
    out.extend_from_slice(b"        ");
    out.push(fields.kind);
    text(fields.target, 100, out);
    out.extend_from_slice(b"ustar\x0000");
    text(b"", 64, out);
    octal(0, 8, out);
    octal(0, 8, out);
    text(fields.path.0, 155, out);
    out.resize(start + BLOCK, 0);
    let sum: u32 = out.iter().skip(start).map(|byte| u32::from(*byte)).sum();
    if let Some(field) = out.get_mut(sum_at..sum_at + 8) {
        field.copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

/// A text field for readers without PAX. Values that do not fit or are not ASCII also have a PAX record.
fn text(value: &[u8], length: usize, out: &mut Vec<u8>) {
    let end = out.len() + length;
    out.extend(value.iter().copied().filter(u8::is_ascii).take(length));
    out.resize(end, 0);
}

fn octal(value: u64, length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{value:0width$o}\0", width = length - 1).as_bytes());
}

/// A path as prefix and name of ustar, if it can be put so.
fn split_path(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if !path.is_ascii() {
        return None;
    }
    if path.len() <= 100 {
        return Some((&b""[..], path));
    }
    // The last slash at which the prefix fits leaves the shortest name.
    let upto = path.get(..path.len().min(156))?;
    let slash = last_slash(upto)?;
    let (prefix, name) = (path.get(..slash)?, path.get(slash + 1..)?);
    (!prefix.is_empty() && !name.is_empty() && name.len() <= 100).then_some((prefix, name))
}

/// Appends `length key=value\n`, where the length counts itself.
fn record(key: &str, value: &[u8], out: &mut Vec<u8>) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    out.extend_from_slice(format!("{length} {key}=").as_bytes());
    out.extend_from_slice(value);
    out.push(b'\n');
}

fn last_slash(path: &[u8]) -> Option<usize> {
    path.iter().rposition(|&byte| byte == b'/')
}

/// Seconds with a fraction that counts forward from them.
fn decimal(seconds: i64, nanos: u32) -> String {
    if nanos == 0 {
        return seconds.to_string();
    }
    if seconds >= 0 {
        return trim(format!("{seconds}.{nanos:09}"));
    }
    // -2 seconds and 0.25 forward is -1.75.
    trim(format!(
        "-{}.{:09}",
        -(i128::from(seconds) + 1),
        1_000_000_000 - nanos.min(999_999_999)
    ))
}

fn trim(mut number: String) -> String {
    number.truncate(number.trim_end_matches('0').len());
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_count_themselves() {
        for length in [
            1, 80, 90, 91, 92, 93, 94, 95, 96, 980, 989, 990, 991, 992, 993, 994,
        ] {
            let mut out = Vec::new();
            record("path", "x".repeat(length).as_bytes(), &mut out);
            let text = String::from_utf8(out).unwrap();
            let (claimed, _) = text.split_once(' ').unwrap();
            assert_eq!(claimed.parse::<usize>().unwrap(), text.len());
        }
    }

    #[test]
    fn fractions_count_forward() {
        assert_eq!(decimal(1_700_000_000, 5), "1700000000.000000005");
        assert_eq!(decimal(-2, 250_000_000), "-1.75");
        assert_eq!(decimal(-1, 500_000_000), "-0.5");
        assert_eq!(decimal(-7, 0), "-7");
    }

    #[test]
    fn paths_split_where_they_can() {
        let deep = format!("{}/{}", "p".repeat(150), "n".repeat(99));
        assert_eq!(
            split_path(deep.as_bytes()).map(|(prefix, name)| (prefix.len(), name.len())),
            Some((150, 99))
        );
        assert_eq!(split_path("n".repeat(101).as_bytes()), None);
        assert_eq!(
            split_path(format!("{}/x", "p".repeat(156)).as_bytes()),
            None
        );
        assert_eq!(split_path("a/ü".as_bytes()), None);
        assert_eq!(split_path(b"a"), Some((&b""[..], &b"a"[..])));
    }
}
