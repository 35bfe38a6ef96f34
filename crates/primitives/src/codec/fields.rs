//! Maps with the fields of a codec's schema.

use super::CodecError;
use crate::bytestring::ByteString;
use crate::cid::Cid;
use crate::ipld::{Ipld, refuse_repeated_keys};

/// A map with known fields.
pub(super) struct Fields<'a> {
    codec: &'static str,
    entries: &'a [(ByteString, Ipld)],
}

impl<'a> Fields<'a> {
    /// Takes a value for a map; `what` tells of it in errors.
    ///
    /// # Errors
    /// [`CodecError::Kind`], [`CodecError::RepeatedKey`].
    pub(super) fn of(
        codec: &'static str,
        what: &'static str,
        value: &'a Ipld,
    ) -> Result<Self, CodecError> {
        match value {
            Ipld::Map(entries) => {
                refuse_repeated_keys(entries)?;
                Ok(Self { codec, entries })
            }
            other => Err(wrong_kind(codec, what, other, "map")),
        }
    }

    /// Refuses fields that are not known; `map` is the name of the map in its schema.
    ///
    /// # Errors
    /// [`CodecError::UnknownField`].
    pub(super) fn only(self, map: &'static str, known: &[&str]) -> Result<Self, CodecError> {
        match self
            .entries
            .iter()
            .find(|(key, _)| !known.iter().any(|known| key == known))
        {
            Some((key, _)) => Err(CodecError::UnknownField {
                map,
                key: key.clone(),
            }),
            None => Ok(self),
        }
    }

    /// A field, also when it is null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Ipld> {
        self.entries
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// A field that is neither absent nor null.
    pub(super) fn set(&self, name: &str) -> Option<&'a Ipld> {
        self.get(name).filter(|value| !matches!(value, Ipld::Null))
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// [`CodecError::Missing`].
    pub(super) fn need(&self, name: &'static str) -> Result<&'a Ipld, CodecError> {
        self.get(name).ok_or(CodecError::Missing(name))
    }

    /// Text that must be there.
    ///
    /// # Errors
    /// [`CodecError::Missing`], [`CodecError::Kind`].
    pub(super) fn text(&self, name: &'static str) -> Result<&'a ByteString, CodecError> {
        as_text(self.codec, name, self.need(name)?)
    }

    /// A list that must be there.
    ///
    /// # Errors
    /// [`CodecError::Missing`], [`CodecError::Kind`].
    pub(super) fn list(&self, name: &'static str) -> Result<&'a [Ipld], CodecError> {
        as_list(self.codec, name, self.need(name)?)
    }

    /// A link that must be there.
    ///
    /// # Errors
    /// [`CodecError::Missing`], [`CodecError::Kind`].
    pub(super) fn link(&self, name: &'static str) -> Result<&'a Cid, CodecError> {
        match self.need(name)? {
            Ipld::Link(cid) => Ok(cid),
            other => Err(wrong_kind(self.codec, name, other, "link")),
        }
    }
}

/// The text of a value that must be text.
pub(super) fn as_text<'a>(
    codec: &'static str,
    field: &'static str,
    value: &'a Ipld,
) -> Result<&'a ByteString, CodecError> {
    match value {
        Ipld::String(text) => Ok(text),
        other => Err(wrong_kind(codec, field, other, "string")),
    }
}

/// The items of a value that must be a list.
pub(super) fn as_list<'a>(
    codec: &'static str,
    field: &'static str,
    value: &'a Ipld,
) -> Result<&'a [Ipld], CodecError> {
    match value {
        Ipld::List(items) => Ok(items),
        other => Err(wrong_kind(codec, field, other, "list")),
    }
}

/// The error for a value of the wrong kind.
pub(super) fn wrong_kind(
    codec: &'static str,
    field: &'static str,
    found: &Ipld,
    wanted: &'static str,
) -> CodecError {
    CodecError::Kind {
        codec,
        field,
        found: found.kind(),
        wanted,
    }
}
