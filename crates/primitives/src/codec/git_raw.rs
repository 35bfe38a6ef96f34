//! Git's objects: blobs, trees, commits and tags, as Git hashes them (`kind SP size NUL content`).
//!
//! Spec: <https://github.com/ipld/ipld/blob/master/specs/codecs/git/index.md>; the objects themselves:
//! <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>
//!
//! Links are CIDs of git-raw with the SHA-1 in the object. Values and bytes are the same as Kubo's, also for objects
//! that Git would not write: the size is only used for blobs, data after a blob or after the last complete entry of a
//! tree is skipped, a line of more than [`LINE`] bytes is several, and a carriage return before a line end is
//! dropped. Decoding and encoding preserves the bytes of objects that Git writes.
//!
//! Text that is not UTF-8 is decoded with U+FFFD; [`rewrite`] preserves it.

use std::borrow::Cow;

use bytes::Bytes;

use super::CodecError;
use crate::cid::{Cid, Codec};
use crate::cid_list::CidList;
use crate::ipld::Ipld;
use crate::multihash::{Multihash, SHA1};

mod read;
mod value;
mod write;

use read::Read;

const CODEC: &str = "git-raw";

/// Maximum size of a line, with its end, in bytes; what is longer counts as several lines.
const LINE: usize = 4096;

/// Reads a block.
///
/// # Errors
/// [`CodecError::Truncated`], [`CodecError::Malformed`], [`CodecError::Missing`], [`CodecError::RepeatedKey`],
/// [`CodecError::TooLarge`].
pub fn decode(bytes: &Bytes) -> Result<Ipld, CodecError> {
    value::build(Read::whole(bytes)?, bytes)
}

/// Writes the object of a value: bytes are a whole blob with its head, a map is a tag, a commit or a tree.
///
/// # Errors
/// [`CodecError::Kind`], [`CodecError::Missing`], [`CodecError::UnknownField`], [`CodecError::RepeatedKey`];
/// [`CodecError::Unsupported`] for links to what is not named by a SHA-1.
pub fn encode(value: &Ipld) -> Result<Vec<u8>, CodecError> {
    match value {
        Ipld::Bytes(bytes) => Ok(bytes.to_vec()),
        other => value::object(other)?.write(),
    }
}

/// Writes again what is read, with text as it is.
///
/// # Errors
/// As for [`decode`].
pub fn rewrite(bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
    Read::whole(bytes)?.write()
}

/// The links of a block, in the order of the value. Looks neither at text, people and signatures nor for names that repeat;
/// whatever [`decode`] takes, this takes.
///
/// # Errors
/// [`CodecError::Truncated`], [`CodecError::Malformed`].
pub fn links(bytes: &[u8]) -> Result<CidList, CodecError> {
    let hashes: Vec<Sha1> = match Read::of(bytes)?.object {
        Object::Blob(_) => Vec::new(),
        Object::Tree(entries) => entries.iter().map(|entry| entry.hash).collect(),
        Object::Commit(commit) => {
            let tags = commit.mergetags.iter().filter_map(|tag| tag.object);
            let parents = commit.parents.iter().copied();
            commit.tree.into_iter().chain(parents).chain(tags).collect()
        }
        Object::Tag(tag) => tag.object.into_iter().collect(),
    };
    hashes.iter().map(cid).collect()
}

/// The name of an object.
type Sha1 = [u8; 20];

/// An object; text may be in any encoding.
enum Object<'a> {
    /// The content.
    Blob(&'a [u8]),
    Tree(Vec<Entry<'a>>),
    Commit(Box<Commit<'a>>),
    Tag(Box<Tag<'a>>),
}

/// An entry of a tree.
struct Entry<'a> {
    mode: &'a [u8],
    name: &'a [u8],
    hash: Sha1,
}

#[derive(Default)]
struct Commit<'a> {
    tree: Option<Sha1>,
    parents: Vec<Sha1>,
    message: &'a [u8],
    author: Option<Person<'a>>,
    committer: Option<Person<'a>>,
    encoding: Option<&'a [u8]>,
    /// The lines between the first and the last of a PGP signature.
    signature: Option<Cow<'a, [u8]>>,
    mergetags: Vec<Tag<'a>>,
    /// Lines that are none of these.
    other: Vec<&'a [u8]>,
}

#[derive(Default)]
struct Tag<'a> {
    object: Option<Sha1>,
    kind: &'a [u8],
    name: &'a [u8],
    tagger: Option<Person<'a>>,
    /// In a commit, each line begins with a space.
    message: Cow<'a, [u8]>,
}

/// A person and a time.
#[derive(Default)]
struct Person<'a> {
    date: &'a [u8],
    timezone: &'a [u8],
    email: Cow<'a, [u8]>,
    name: &'a [u8],
}

fn cid(hash: &Sha1) -> Result<Cid, CodecError> {
    match Multihash::wrap(SHA1, hash) {
        Ok(hash) => Ok(Cid::v1(Codec::GIT_RAW, hash)),
        Err(_) => Err(CodecError::Unsupported {
            codec: CODEC,
            reason: "a hash cannot be wrapped",
        }),
    }
}

#[cfg(test)]
mod tests;
