//! Writing Git's objects.

use data_encoding::HEXLOWER;

use super::{Commit, Object, Person, Tag};
use crate::codec::CodecError;

impl Object<'_> {
    /// The whole object, with its head.
    pub(super) fn write(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        let kind = match self {
            Self::Blob(content) => {
                out.extend_from_slice(content);
                "blob"
            }
            Self::Tree(entries) => {
                for entry in entries {
                    push(
                        &mut out,
                        &[entry.mode, b" ", entry.name, b"\0", &entry.hash],
                    );
                }
                "tree"
            }
            Self::Commit(commit) => {
                commit.write(&mut out)?;
                "commit"
            }
            Self::Tag(tag) => {
                tag.write(&mut out)?;
                "tag"
            }
        };
        let head = format!("{kind} {}\0", out.len());
        out.splice(..0, head.bytes());
        Ok(out)
    }
}

impl Commit<'_> {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let tree = self.tree.ok_or(CodecError::Missing("tree"))?;
        line(out, "tree ", HEXLOWER.encode(&tree).as_bytes());
        for parent in &self.parents {
            line(out, "parent ", HEXLOWER.encode(parent).as_bytes());
        }
        let author = self.author.as_ref().ok_or(CodecError::Missing("author"))?;
        author.write("author ", out);
        let committer = self
            .committer
            .as_ref()
            .ok_or(CodecError::Missing("committer"))?;
        committer.write("committer ", out);
        if let Some(encoding) = self.encoding {
            line(out, "encoding ", encoding);
        }
        for tag in &self.mergetags {
            let object = tag.object.ok_or(CodecError::Missing("object"))?;
            line(out, "mergetag object ", HEXLOWER.encode(&object).as_bytes());
            line(out, " type ", tag.kind);
            line(out, " tag ", tag.name);
            let tagger = tag.tagger.as_ref().ok_or(CodecError::Missing("tagger"))?;
            tagger.write(" tagger ", out);
            push(out, &[b" \n", &tag.message]);
        }
        if let Some(signature) = &self.signature {
            push(
                out,
                &[
                    b"gpgsig -----BEGIN PGP SIGNATURE-----\n",
                    signature,
                    b" -----END PGP SIGNATURE-----\n",
                ],
            );
        }
        for other in &self.other {
            line(out, "", other);
        }
        push(out, &[b"\n", self.message]);
        Ok(())
    }
}

impl Tag<'_> {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let object = self.object.ok_or(CodecError::Missing("object"))?;
        line(out, "object ", HEXLOWER.encode(&object).as_bytes());
        line(out, "type ", self.kind);
        line(out, "tag ", self.name);
        if let Some(tagger) = &self.tagger {
            tagger.write("tagger ", out);
        }
        if !self.message.is_empty() {
            push(out, &[b"\n", &self.message]);
        }
        Ok(())
    }
}

impl Person<'_> {
    fn write(&self, head: &str, out: &mut Vec<u8>) {
        push(out, &[head.as_bytes(), self.name, b" <", &self.email, b">"]);
        for part in [self.date, self.timezone] {
            if !part.is_empty() {
                push(out, &[b" ", part]);
            }
        }
        out.push(b'\n');
    }
}

fn push(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn line(out: &mut Vec<u8>, head: &str, text: &[u8]) {
    push(out, &[head.as_bytes(), text, b"\n"]);
}
