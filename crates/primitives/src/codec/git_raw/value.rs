//! Git's objects in the data model.
//!
//! A blob is bytes, its head among them; a tree is a map by name.

use bytes::Bytes;

use super::{CODEC, Commit, Entry, Object, Person, Sha1, Tag, cid};
use crate::bytestring::ByteString;
use crate::cid::Cid;
use crate::codec::CodecError;
use crate::codec::fields::{Fields, as_text, wrong_kind};
use crate::ipld::{Ipld, MAX_VALUES, refuse_repeated_keys};

/// The value of an object that was read from some bytes.
pub(super) fn build(object: Object<'_>, whole: &Bytes) -> Result<Ipld, CodecError> {
    match object {
        Object::Blob(content) => {
            let head = format!("blob {}\0", content.len());
            let length = head.len() + content.len();
            Ok(Ipld::Bytes(if whole.starts_with(head.as_bytes()) {
                whole.slice(..length)
            } else {
                [head.as_bytes(), content].concat().into()
            }))
        }
        Object::Tree(entries) => tree(entries),
        Object::Commit(commit) => commit_value(&commit),
        Object::Tag(tag) => tag_value(&tag),
    }
}

fn map<const N: usize>(entries: [(&str, Ipld); N]) -> Ipld {
    let entries = entries.into_iter();
    Ipld::Map(entries.map(|(key, value)| (key.into(), value)).collect())
}

fn link(hash: &Sha1) -> Result<Ipld, CodecError> {
    cid(hash).map(Ipld::Link)
}

/// Refuses what would take more values than are built from one block.
fn bound(items: usize, values: usize) -> Result<(), CodecError> {
    if items > MAX_VALUES / values {
        return Err(CodecError::TooLarge(CODEC));
    }
    Ok(())
}

/// Text, as its bytes are: what is not UTF-8 is kept.
fn text(text: &[u8]) -> Ipld {
    Ipld::String(text.into())
}

fn tree(entries: Vec<Entry<'_>>) -> Result<Ipld, CodecError> {
    bound(entries.len(), 6)?;
    let entries = entries.into_iter().map(|entry| {
        let hash = link(&entry.hash)?;
        let value = map([("mode", text(entry.mode)), ("hash", hash)]);
        Ok((entry.name.into(), value))
    });
    let entries = entries.collect::<Result<Vec<_>, CodecError>>()?;
    refuse_repeated_keys(&entries)?;
    Ok(Ipld::Map(entries))
}

fn commit_value(commit: &Commit<'_>) -> Result<Ipld, CodecError> {
    bound(
        commit.parents.len() + commit.other.len() + 20 * commit.mergetags.len(),
        1,
    )?;
    let tree = commit.tree.ok_or(CodecError::Missing("tree"))?;
    let tags = commit.mergetags.iter().map(|tag| tag_value(tag));
    let other = commit.other.iter().map(|line| text(line));
    let parents = commit.parents.iter().map(link);
    let optional = |value: Option<&[u8]>| value.map_or(Ipld::Null, text);
    Ok(map([
        ("tree", link(&tree)?),
        ("parents", Ipld::List(parents.collect::<Result<_, _>>()?)),
        ("message", text(commit.message)),
        ("author", person_value(commit.author.as_ref())?),
        ("committer", person_value(commit.committer.as_ref())?),
        ("encoding", optional(commit.encoding)),
        ("signature", optional(commit.signature.as_deref())),
        ("mergetag", Ipld::List(tags.collect::<Result<_, _>>()?)),
        ("other", Ipld::List(other.collect())),
    ]))
}

fn tag_value(tag: &Tag<'_>) -> Result<Ipld, CodecError> {
    let object = tag.object.ok_or(CodecError::Missing("object"))?;
    Ok(map([
        ("object", link(&object)?),
        ("type", text(tag.kind)),
        ("tag", text(tag.name)),
        ("tagger", person_value(tag.tagger.as_ref())?),
        ("message", text(&tag.message)),
    ]))
}

fn person_value(person: Option<&Person<'_>>) -> Result<Ipld, CodecError> {
    let Some(person) = person else {
        return Ok(Ipld::Null);
    };
    Ok(map([
        ("date", text(person.date)),
        ("timezone", text(person.timezone)),
        ("email", text(&person.email)),
        ("name", text(person.name)),
    ]))
}

/// The object of a value that is not a blob. What links by `object` is a tag, what holds nothing but maps is a tree.
pub(super) fn object(value: &Ipld) -> Result<Object<'_>, CodecError> {
    let fields = Fields::of(CODEC, "an object", value)?;
    let entries = match value {
        Ipld::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    if entries
        .iter()
        .all(|(_, value)| matches!(value, Ipld::Map(_)))
    {
        let entries = entries.iter().map(entry).collect::<Result<_, _>>()?;
        return Ok(Object::Tree(entries));
    }
    if matches!(fields.get("object"), Some(Ipld::Link(_))) {
        return tag(&fields).map(|tag| Object::Tag(Box::new(tag)));
    }
    commit(fields).map(|commit| Object::Commit(Box::new(commit)))
}

fn entry((name, value): &(ByteString, Ipld)) -> Result<Entry<'_>, CodecError> {
    let fields =
        Fields::of(CODEC, "an entry", value)?.only("ipldgit.TreeEntry", &["mode", "hash"])?;
    Ok(Entry {
        mode: fields.text("mode")?.as_bytes(),
        name: name.as_bytes(),
        hash: hash(fields.link("hash")?)?,
    })
}

fn commit(fields: Fields<'_>) -> Result<Commit<'_>, CodecError> {
    let fields = fields.only(
        "ipldgit.Commit.Repr",
        &[
            "tree",
            "parents",
            "message",
            "author",
            "committer",
            "encoding",
            "signature",
            "mergetag",
            "other",
        ],
    )?;
    let optional = |name| {
        let value = fields.set(name);
        value.map(|value| as_text(CODEC, name, value).map(ByteString::as_bytes))
    };
    let parent = |value: &Ipld| match value {
        Ipld::Link(cid) => hash(cid),
        other => Err(wrong_kind(CODEC, "an item of parents", other, "link")),
    };
    let mergetag = |value| {
        let fields = Fields::of(CODEC, "an item of mergetag", value)?;
        tag(&fields)
    };
    let other = |value| as_text(CODEC, "an item of other", value).map(ByteString::as_bytes);
    Ok(Commit {
        tree: Some(hash(fields.link("tree")?)?),
        parents: fields
            .list("parents")?
            .iter()
            .map(parent)
            .collect::<Result<_, _>>()?,
        message: fields.text("message")?.as_bytes(),
        author: fields.set("author").map(person).transpose()?,
        committer: fields.set("committer").map(person).transpose()?,
        encoding: optional("encoding").transpose()?,
        signature: optional("signature")
            .transpose()?
            .map(std::borrow::Cow::Borrowed),
        mergetags: fields
            .list("mergetag")?
            .iter()
            .map(mergetag)
            .collect::<Result<_, _>>()?,
        other: fields
            .list("other")?
            .iter()
            .map(other)
            .collect::<Result<_, _>>()?,
    })
}

fn tag<'a>(fields: &Fields<'a>) -> Result<Tag<'a>, CodecError> {
    Ok(Tag {
        object: Some(hash(fields.link("object")?)?),
        kind: fields.text("type")?.as_bytes(),
        name: fields.text("tag")?.as_bytes(),
        tagger: fields.set("tagger").map(person).transpose()?,
        message: fields.text("message")?.as_bytes().into(),
    })
}

fn person(value: &Ipld) -> Result<Person<'_>, CodecError> {
    let fields = Fields::of(CODEC, "a person", value)?.only(
        "ipldgit.PersonInfo.Repr",
        &["date", "timezone", "email", "name"],
    )?;
    Ok(Person {
        date: fields.text("date")?.as_bytes(),
        timezone: fields.text("timezone")?.as_bytes(),
        email: fields.text("email")?.as_bytes().into(),
        name: fields.text("name")?.as_bytes(),
    })
}

/// The SHA-1 of a link.
fn hash(cid: &Cid) -> Result<Sha1, CodecError> {
    let hash = cid.hash();
    match hash.digest().try_into() {
        Ok(digest) if hash.code() == crate::multihash::SHA1 => Ok(digest),
        _ => Err(CodecError::Unsupported {
            codec: CODEC,
            reason: "a link is not by SHA-1",
        }),
    }
}
