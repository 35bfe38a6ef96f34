//! Reading Git's objects.

use std::borrow::Cow;

use super::{CODEC, Commit, Entry, LINE, Object, Person, Sha1, Tag};
use crate::codec::CodecError;

/// An object that was read, and the first thing about it that is wrong but hides no link.
pub(super) struct Read<'a> {
    pub(super) object: Object<'a>,
    flaw: Option<CodecError>,
}

impl<'a> Read<'a> {
    /// Reads an object as far as its links need.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let mut reader = Reader {
            bytes,
            at: 0,
            flaw: None,
        };
        let object = match reader.until(b' ')? {
            b"blob" => reader.blob().map(Object::Blob),
            b"tree" => reader.tree().map(Object::Tree),
            b"commit" => reader.commit().map(Object::Commit),
            b"tag" => reader.tag().map(Object::Tag),
            _ => return Err(malformed("unknown type of object", 0)),
        }?;
        Ok(Self {
            object,
            flaw: reader.flaw,
        })
    }

    /// Reads an object with which nothing is wrong.
    pub(super) fn whole(bytes: &'a [u8]) -> Result<Object<'a>, CodecError> {
        let read = Self::of(bytes)?;
        if let Some(flaw) = read.flaw {
            return Err(flaw);
        }
        if let Object::Tree(entries) = &read.object {
            refuse_repeated_names(entries)?;
        }
        Ok(read.object)
    }
}

fn refuse_repeated_names(entries: &[Entry<'_>]) -> Result<(), CodecError> {
    let mut names: Vec<&[u8]> = entries.iter().map(|entry| entry.name).collect();
    names.sort_unstable();
    let repeated = names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    });
    match repeated {
        Some(name) => Err(CodecError::RepeatedKey(name.into())),
        None => Ok(()),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    flaw: Option<CodecError>,
}

fn malformed(reason: &'static str, at: usize) -> CodecError {
    CodecError::Malformed {
        codec: CODEC,
        reason,
        at,
    }
}

impl<'a> Reader<'a> {
    fn left(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// What is left, all of it.
    fn rest(&mut self) -> &'a [u8] {
        let rest = self.left();
        self.at = self.bytes.len();
        rest
    }

    /// What comes before the next such byte, which is skipped too.
    fn until(&mut self, end: u8) -> Result<&'a [u8], CodecError> {
        self.maybe_until(end).ok_or(CodecError::Truncated(CODEC))
    }

    fn maybe_until(&mut self, end: u8) -> Option<&'a [u8]> {
        let left = self.left();
        let length = left.iter().position(|byte| *byte == end)?;
        self.at += length + 1;
        left.get(..length)
    }

    /// The next line without its end, and where it begins; `None` at the end.
    fn line(&mut self) -> Option<(usize, &'a [u8])> {
        let start = self.at;
        let left = self.left();
        let window = left.get(..LINE).unwrap_or(left);
        let line = match window.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                self.at += end + 1;
                let line = window.get(..end).unwrap_or_default();
                line.strip_suffix(b"\r").unwrap_or(line)
            }
            None if window.is_empty() => return None,
            None => {
                // A carriage return may belong to a line's end that comes next.
                let line = match window.strip_suffix(b"\r") {
                    Some(line) if window.len() == LINE => line,
                    _ => window,
                };
                self.at += line.len();
                line
            }
        };
        Some((start, line))
    }

    /// The size in an object's head.
    fn size(&mut self) -> Result<i64, CodecError> {
        let at = self.at;
        let digits = self.until(0)?;
        std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| malformed("the size is not a number", at))
    }

    fn blob(&mut self) -> Result<&'a [u8], CodecError> {
        let at = self.at;
        let size =
            usize::try_from(self.size()?).map_err(|_| malformed("the size is negative", at))?;
        self.left().get(..size).ok_or(CodecError::Truncated(CODEC))
    }

    fn tree(&mut self) -> Result<Vec<Entry<'a>>, CodecError> {
        self.size()?;
        let mut entries = Vec::new();
        // What ends within an entry's mode or name, or right after the name, is not an entry.
        while let (Some(mode), Some(name)) = (self.maybe_until(b' '), self.maybe_until(0)) {
            let left = self.left();
            if left.is_empty() {
                break;
            }
            let hash = *left.first_chunk().ok_or(CodecError::Truncated(CODEC))?;
            self.at += hash.len();
            entries.push(Entry { mode, name, hash });
        }
        Ok(entries)
    }

    fn commit(&mut self) -> Result<Box<Commit<'a>>, CodecError> {
        self.size()?;
        let mut commit = Box::<Commit<'_>>::default();
        let mut next = self.line();
        while let Some((at, line)) = next {
            next = None;
            if let Some(hash) = line.strip_prefix(b"tree ") {
                commit.tree = Some(read_hash(hash, at)?);
            } else if let Some(hash) = line.strip_prefix(b"parent ") {
                commit.parents.push(read_hash(hash, at)?);
            } else if line.starts_with(b"author ") {
                commit.author = self.person(line, at);
            } else if line.starts_with(b"committer ") {
                commit.committer = self.person(line, at);
            } else if let Some(encoding) = line.strip_prefix(b"encoding ") {
                commit.encoding = Some(encoding);
            } else if let Some(hash) = line.strip_prefix(b"mergetag object ") {
                let (tag, after) = self.mergetag(read_hash(hash, at)?);
                commit.mergetags.push(tag);
                next = after;
            } else if line.starts_with(b"gpgsig ") {
                commit.signature = Some(self.signature());
            } else if line.is_empty() {
                commit.message = self.rest();
            } else {
                commit.other.push(line);
            }
            next = next.or_else(|| self.line());
        }
        Ok(commit)
    }

    /// The tag of a merged branch inside a commit, and the line after it.
    fn mergetag(&mut self, object: Sha1) -> (Tag<'a>, Option<(usize, &'a [u8])>) {
        let mut tag = Tag {
            object: Some(object),
            tagger: Some(Person::default()),
            ..Tag::default()
        };
        while let Some((at, line)) = self.line() {
            if let Some(kind) = line.strip_prefix(b" type ") {
                tag.kind = kind;
            } else if let Some(name) = line.strip_prefix(b" tag ") {
                tag.name = name;
            } else if let Some(tagger) = line.strip_prefix(b" ")
                && tagger.starts_with(b"tagger ")
            {
                tag.tagger = self.person(tagger, at);
            } else if line == b" " {
                let after = loop {
                    match self.line() {
                        Some((_, line)) if line.starts_with(b" ") => {
                            let message = tag.message.to_mut();
                            message.extend_from_slice(line);
                            message.push(b'\n');
                        }
                        Some(after) => break Some(after),
                        None => {
                            self.wrong(CodecError::Truncated(CODEC));
                            break None;
                        }
                    }
                };
                return (tag, after);
            }
        }
        (tag, None)
    }

    /// The lines of a PGP signature between its first and its last.
    fn signature(&mut self) -> Cow<'a, [u8]> {
        let mut signature = Vec::new();
        let mut first = true;
        while let Some((at, line)) = self.line() {
            if first {
                let begins = line == b" "
                    || line.starts_with(b" Version: ")
                    || line.starts_with(b" Comment: ");
                if !begins {
                    self.wrong(malformed(
                        "expected first line of sig to be a single space or version",
                        at,
                    ));
                    return signature.into();
                }
            } else if line == b" -----END PGP SIGNATURE-----" {
                return signature.into();
            }
            first = false;
            signature.extend_from_slice(line);
            signature.push(b'\n');
        }
        self.wrong(CodecError::Truncated(CODEC));
        signature.into()
    }

    fn tag(&mut self) -> Result<Box<Tag<'a>>, CodecError> {
        self.until(0)?;
        let mut tag = Box::new(Tag {
            tagger: Some(Person::default()),
            ..Tag::default()
        });
        while let Some((at, line)) = self.line() {
            if let Some(hash) = line.strip_prefix(b"object ") {
                tag.object = Some(read_hash(hash, at)?);
            } else if let Some(name) = line.strip_prefix(b"tag ") {
                tag.name = name;
            } else if line.starts_with(b"tagger ") {
                tag.tagger = self.person(line, at);
            } else if let Some(kind) = line.strip_prefix(b"type ") {
                tag.kind = kind;
            } else if line.is_empty() {
                tag.message = self.rest().into();
            }
        }
        Ok(tag)
    }

    fn person(&mut self, line: &'a [u8], at: usize) -> Option<Person<'a>> {
        let person = read_person(line);
        if person.is_none() {
            self.wrong(malformed("invalid author, committer or tagger", at));
        }
        person
    }

    fn wrong(&mut self, flaw: CodecError) {
        self.flaw.get_or_insert(flaw);
    }
}

/// A hash in hexadecimal digits of either case.
fn read_hash(digits: &[u8], at: usize) -> Result<Sha1, CodecError> {
    let mut hash = Sha1::default();
    if digits.len() != 2 * hash.len() {
        return Err(malformed("a hash is not one of SHA-1", at));
    }
    match data_encoding::HEXLOWER_PERMISSIVE.decode_mut(digits, &mut hash) {
        Ok(_) => Ok(hash),
        Err(_) => Err(malformed("a hash is not in hexadecimal digits", at)),
    }
}

/// `author NAME <EMAIL> DATE TIMEZONE`, cut at each space.
fn read_person(line: &[u8]) -> Option<Person<'_>> {
    let start = line.iter().position(|byte| *byte == b' ')?;
    let line = line.get(start + 1..)?;
    if !line.contains(&b' ') {
        return None;
    }
    let at = if line.starts_with(b"<") {
        0
    } else {
        1 + line.windows(2).position(|pair| pair == b" <")?
    };
    let (name, rest) = line.split_at_checked(at)?;
    let name = match name.iter().position(|byte| *byte != b' ') {
        Some(first) => name.get(first..name.len() - 1)?,
        None => &[],
    };
    let mut parts = rest.split(|byte| *byte == b' ');
    let mut email = Vec::new();
    loop {
        let part = parts.next()?;
        let part = part.strip_prefix(b"<").unwrap_or(part);
        if let Some(last) = part.strip_suffix(b">") {
            email.extend_from_slice(last);
            break;
        }
        email.extend_from_slice(part);
        email.push(b' ');
    }
    Some(Person {
        date: parts.next().unwrap_or_default(),
        timezone: parts.next().unwrap_or_default(),
        email: email.into(),
        name,
    })
}
