//! Values of the IPLD data model: the content of a block, independent of its codec.
//!
//! Spec: <https://ipld.io/docs/data-model/>

use bytes::Bytes;

use crate::bytestring::ByteString;
use crate::cid::Cid;
use crate::cid_list::CidList;
use crate::codec::{CodecError, MAX_DEPTH};

/// A value.
///
/// Decoders never build a value that is nested deeper than [`MAX_DEPTH`], so walking, comparing and dropping it
/// cannot exhaust the stack. Code that nests values itself must keep to the same bound; encoders check it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ipld {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// An integer. Codecs write -2^64 to 2^64-1.
    Integer(i128),
    /// A float. Codecs write no NaN and no infinity.
    Float(f64),
    /// Text, which older writers did not always write as UTF-8.
    String(ByteString),
    /// Bytes.
    Bytes(Bytes),
    /// A list.
    List(Vec<Self>),
    /// A map with unique keys, in the order in which they were read or will be written.
    Map(Vec<(ByteString, Self)>),
    /// Another block.
    Link(Cid),
}

impl Ipld {
    /// The data model's name of the kind, as in `map`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Integer(_) => "int",
            Self::Float(_) => "float",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Link(_) => "link",
        }
    }

    /// The value that a path segment names: the entry of a map, or the item of a list by its decimal index.
    #[must_use]
    pub fn get(&self, segment: impl AsRef<[u8]>) -> Option<&Self> {
        let segment = segment.as_ref();
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.as_bytes() == segment)
                .map(|(_, value)| value),
            Self::List(items) => items.get(index(segment)?),
            _ => None,
        }
    }

    /// As [`Self::get`], but moves the value out of its container.
    #[must_use]
    pub fn take(self, segment: impl AsRef<[u8]>) -> Option<Self> {
        let segment = segment.as_ref();
        match self {
            Self::Map(entries) => entries
                .into_iter()
                .find(|(key, _)| key.as_bytes() == segment)
                .map(|(_, value)| value),
            Self::List(mut items) => {
                let index = index(segment).filter(|index| *index < items.len())?;
                Some(items.swap_remove(index))
            }
            _ => None,
        }
    }

    /// All links inside, in order.
    #[must_use]
    pub fn links(&self) -> CidList {
        let mut found = CidList::new();
        let mut waiting = vec![self];
        while let Some(value) = waiting.pop() {
            match value {
                Self::Link(cid) => found.push(cid),
                Self::List(items) => waiting.extend(items.iter().rev()),
                Self::Map(entries) => waiting.extend(entries.iter().rev().map(|(_, value)| value)),
                _ => {}
            }
        }
        found
    }
}

/// The index that a segment writes, in plain decimal digits.
fn index(segment: &[u8]) -> Option<usize> {
    let plain =
        segment == b"0" || (!segment.starts_with(b"0") && segment.iter().all(u8::is_ascii_digit));
    plain
        .then(|| std::str::from_utf8(segment).ok()?.parse().ok())
        .flatten()
}

impl From<Cid> for Ipld {
    fn from(cid: Cid) -> Self {
        Self::Link(cid)
    }
}

impl From<&str> for Ipld {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Ipld {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Bytes> for Ipld {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<bool> for Ipld {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Ipld {
    fn from(value: i64) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u64> for Ipld {
    fn from(value: u64) -> Self {
        Self::Integer(value.into())
    }
}

/// Maximum number of values and keys that a decoder builds from one block. Each takes 64 bytes or a little more, and
/// a list grows by doubling: what is built from a block of 2 MiB stays below 64 MiB.
pub(crate) const MAX_VALUES: usize = 1 << 19;

/// Builds a value from the events of a decoder, with an explicit stack instead of recursion.
pub(crate) struct Builder {
    codec: &'static str,
    open: Vec<OpenContainer>,
    left: usize,
}

enum OpenContainer {
    List(Vec<Ipld>),
    Map {
        entries: Vec<(ByteString, Ipld)>,
        key: Option<ByteString>,
    },
}

impl Builder {
    pub(crate) fn new(codec: &'static str) -> Self {
        Self {
            codec,
            open: Vec::new(),
            left: MAX_VALUES,
        }
    }

    /// How many lists and maps are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    fn spend(&mut self) -> Result<(), CodecError> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or(CodecError::TooLarge(self.codec))?;
        Ok(())
    }

    fn push(&mut self, open: OpenContainer, allowed: usize) -> Result<(), CodecError> {
        if self.open.len() >= allowed {
            return Err(CodecError::TooDeep(self.codec));
        }
        self.open.push(open);
        Ok(())
    }

    pub(crate) fn open_list(&mut self) -> Result<(), CodecError> {
        self.push(OpenContainer::List(Vec::new()), MAX_DEPTH)
    }

    pub(crate) fn open_map(&mut self) -> Result<(), CodecError> {
        self.push(
            OpenContainer::Map {
                entries: Vec::new(),
                key: None,
            },
            MAX_DEPTH,
        )
    }

    /// As [`Self::open_map`]; the map may be the inner one of DAG-JSON's bytes, which is not a level of the value.
    pub(crate) fn open_json_map(&mut self) -> Result<(), CodecError> {
        let reserved = match self.open.last() {
            Some(OpenContainer::Map { entries, key }) => {
                entries.is_empty() && key.as_deref() == Some(b"/")
            }
            _ => false,
        };
        self.push(
            OpenContainer::Map {
                entries: Vec::new(),
                key: None,
            },
            MAX_DEPTH + usize::from(reserved),
        )
    }

    /// The name of the entry whose value comes next.
    pub(crate) fn key(&mut self, name: impl Into<ByteString>) -> Result<(), CodecError> {
        self.spend()?;
        if let Some(OpenContainer::Map { key, .. }) = self.open.last_mut() {
            *key = Some(name.into());
        }
        Ok(())
    }

    /// Puts a value into what is open; gives it back when nothing is.
    pub(crate) fn value(&mut self, value: Ipld) -> Result<Option<Ipld>, CodecError> {
        self.spend()?;
        match self.open.last_mut() {
            None => return Ok(Some(value)),
            Some(OpenContainer::List(items)) => items.push(value),
            Some(OpenContainer::Map { entries, key }) => {
                entries.push((key.take().unwrap_or_default(), value));
            }
        }
        Ok(None)
    }

    /// Closes what was opened last.
    pub(crate) fn close(&mut self) -> Result<Ipld, CodecError> {
        match self.open.pop() {
            Some(OpenContainer::List(mut items)) => {
                trim(&mut items);
                Ok(Ipld::List(items))
            }
            Some(OpenContainer::Map { mut entries, .. }) => {
                refuse_repeated_keys(&entries)?;
                trim(&mut entries);
                Ok(Ipld::Map(entries))
            }
            None => Ok(Ipld::Null),
        }
    }
}

/// Gives back room that was made for more: a list of one item would hold four times what it needs.
fn trim<T>(items: &mut Vec<T>) {
    if items.capacity() > 2 * items.len() {
        items.shrink_to_fit();
    }
}

/// Refuses a map in which a key stands twice.
pub(crate) fn refuse_repeated_keys(entries: &[(ByteString, Ipld)]) -> Result<(), CodecError> {
    // Keys in the order of DAG-CBOR or of DAG-JSON, as canonical blocks have them, need no sorting.
    let by_length =
        |(a, _): &(ByteString, Ipld), (b, _): &(ByteString, Ipld)| (a.len(), a) < (b.len(), b);
    if entries.is_sorted_by(by_length) || entries.is_sorted_by(|(a, _), (b, _)| a < b) {
        return Ok(());
    }
    let mut keys: Vec<&ByteString> = entries.iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    match keys
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a == b))
    {
        Some(pair) => Err(CodecError::RepeatedKey(
            pair.first().map(|key| (*key).clone()).unwrap_or_default(),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_lead_into_lists_and_maps() {
        let value = Ipld::Map(vec![(
            "a".into(),
            Ipld::List(vec![Ipld::Null, 7u64.into()]),
        )]);
        assert_eq!(
            value.get("a").and_then(|list| list.get("1")),
            Some(&Ipld::Integer(7))
        );
        for bad in ["01", "+1", "2", "-1", "", "a"] {
            assert_eq!(value.get("a").and_then(|list| list.get(bad)), None, "{bad}");
            assert_eq!(
                value.clone().take("a").and_then(|list| list.take(bad)),
                None,
                "{bad}"
            );
        }
        assert_eq!(
            value.take("a").and_then(|list| list.take("1")),
            Some(Ipld::Integer(7))
        );
    }

    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Ipld>() <= 64);
    }
}
