//! Content paths: `/ipfs/CID/a/b`, `/ipns/NAME/a/b`, `/ipld/CID/a/b`.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/path-gateway/>; parsed as in Kubo.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::bytestring::{ByteString, to_text};
use crate::cid::{Cid, CidError};
use crate::quote::Quoted;

/// The namespace of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// A CID.
    Ipfs,
    /// A CID whose path follows the data model instead of UnixFS.
    Ipld,
    /// The key of a mutable name, or a domain name.
    Ipns,
}

impl Namespace {
    /// The first segment of paths in this namespace.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipfs => "ipfs",
            Self::Ipld => "ipld",
            Self::Ipns => "ipns",
        }
    }
}

/// Why a text is not a content path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// There is no namespace or no root.
    #[error("cannot read path {}: expected a form like /ipfs/CID", Quoted(.0))]
    NotEnoughComponents(ByteString),
    /// The first segment is not a namespace.
    #[error("cannot read path {}: unknown namespace {}", Quoted(.path), Quoted(.namespace))]
    UnknownNamespace {
        /// The whole text.
        path: ByteString,
        /// Its first segment.
        namespace: ByteString,
    },
    /// The root of an immutable path is not a CID.
    #[error("cannot read path {}: {reason}", Quoted(.path))]
    Root {
        /// The whole text.
        path: ByteString,
        /// What is wrong with the root.
        reason: CidError,
    },
    /// The path is mutable (`/ipns`), and an immutable one is required.
    #[error("cannot use path {}: it is mutable, and an immutable path is required", Quoted(.0))]
    Mutable(ByteString),
}

/// A valid content path: a namespace, a root, and names below it.
///
/// Names are bytes and need not be UTF-8. Stored in its clean form: without empty segments, `.` and `..`. A trailing
/// slash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContentPath {
    text: ByteString,
    namespace: Namespace,
    cid: Option<Cid>,
}

impl ContentPath {
    /// Parses a path that begins with its namespace. Percent signs are literal.
    ///
    /// # Errors
    /// Every [`PathError`] but [`PathError::Mutable`].
    pub fn new(text: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let text = text.as_ref();
        let not_enough = || PathError::NotEnoughComponents(text.into());
        let below = text.strip_prefix(b"/").ok_or_else(not_enough)?;
        let clean = clean(below);
        let mut segments = clean.split(|&byte| byte == b'/');
        let first = segments.next().unwrap_or_default();
        let root = segments.next().unwrap_or_default();
        if root.is_empty() {
            return Err(not_enough());
        }
        let namespace = match first {
            b"ipfs" => Namespace::Ipfs,
            b"ipld" => Namespace::Ipld,
            b"ipns" => Namespace::Ipns,
            _ => {
                return Err(PathError::UnknownNamespace {
                    path: text.into(),
                    namespace: first.into(),
                });
            }
        };
        let cid = match namespace {
            Namespace::Ipns => None,
            Namespace::Ipfs | Namespace::Ipld => {
                Some(to_text(root).parse().map_err(|reason| PathError::Root {
                    path: text.into(),
                    reason,
                })?)
            }
        };
        Ok(Self {
            text: [b"/", &*clean].concat().into(),
            namespace,
            cid,
        })
    }

    /// Parses user input: a path, a path without `/ipfs/`, or a URI such as `ipfs://CID/a%20b`.
    ///
    /// # Errors
    /// As for [`Self::new`], with the text as given.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let text = text.as_ref();
        let mut refused = None;
        if text.starts_with(b"/") {
            match Self::new(text) {
                Ok(path) => return Ok(path),
                Err(error) => refused = Some(error),
            }
        } else if let Some(path) = from_uri(text) {
            return Self::new(path).map_err(|error| error.about(text));
        }
        Self::new([b"/ipfs/", text].concat())
            .map_err(|_| refused.unwrap_or_else(|| PathError::NotEnoughComponents(text.into())))
    }

    /// The path of a CID.
    #[must_use]
    pub fn from_cid(cid: Cid) -> Self {
        Self {
            text: format!("/ipfs/{cid}").into(),
            namespace: Namespace::Ipfs,
            cid: Some(cid),
        }
    }

    /// The path in its clean form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        self.namespace
    }

    /// Whether the path is mutable.
    #[must_use]
    pub fn is_mutable(&self) -> bool {
        self.namespace == Namespace::Ipns
    }

    /// The root as it is written: a CID, the text of a key, a domain name.
    #[must_use]
    pub fn root(&self) -> Cow<'_, str> {
        to_text(self.segments().nth(2).unwrap_or_default())
    }

    fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|&byte| byte == b'/')
    }

    /// The root's CID; `None` in `/ipns`.
    #[must_use]
    pub fn cid(&self) -> Option<&Cid> {
        self.cid.as_ref()
    }

    /// The root's CID of an immutable path.
    ///
    /// # Errors
    /// [`PathError::Mutable`].
    pub fn immutable_root(&self) -> Result<&Cid, PathError> {
        self.cid
            .as_ref()
            .ok_or_else(|| PathError::Mutable(self.text.clone()))
    }

    /// The names below the root.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.segments().skip(3).filter(|name| !name.is_empty())
    }

    /// Whether the path ends in a slash, which asks for a directory.
    #[must_use]
    pub fn ends_in_slash(&self) -> bool {
        self.text.ends_with(b"/")
    }

    /// The path with further names. They are cleaned as well: `..` removes a name.
    ///
    /// # Errors
    /// As for [`Self::new`], when `..` would remove the root.
    pub fn join<T: AsRef<[u8]>>(
        &self,
        names: impl IntoIterator<Item = T>,
    ) -> Result<Self, PathError> {
        let mut text = self.text.as_bytes().to_vec();
        while text.ends_with(b"/") {
            text.pop();
        }
        for name in names {
            text.push(b'/');
            text.extend_from_slice(name.as_ref());
        }
        Self::new(text)
    }
}

impl PathError {
    /// The same error about another spelling of the path.
    fn about(self, text: &[u8]) -> Self {
        let path = text.into();
        match self {
            Self::NotEnoughComponents(_) => Self::NotEnoughComponents(path),
            Self::UnknownNamespace { namespace, .. } => Self::UnknownNamespace { path, namespace },
            Self::Root { reason, .. } => Self::Root { path, reason },
            Self::Mutable(_) => Self::Mutable(path),
        }
    }
}

/// What stands below the first slash of a path, without `.`, `..` and empty segments, as in Go's `path.Clean`. A trailing slash is
/// kept.
fn clean(below: &[u8]) -> Cow<'_, [u8]> {
    let inner = below.strip_suffix(b"/").unwrap_or(below);
    let segments = || inner.split(|&byte| byte == b'/');
    if segments().all(|segment| !matches!(segment, b"" | b"." | b"..")) {
        return below.into();
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in segments() {
        match segment {
            b"" | b"." => {}
            b".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    if below.ends_with(b"/") {
        kept.push(b"");
    }
    kept.join(&b'/').into()
}

/// The path of a URI with one of the namespaces as its scheme; `None` for everything else.
fn from_uri(text: &[u8]) -> Option<Vec<u8>> {
    let (scheme, rest) = text.split_at(text.iter().position(|&byte| byte == b':')?);
    let rest = rest.strip_prefix(b"://")?;
    let namespace = ["ipfs", "ipns", "ipld"]
        .into_iter()
        .find(|known| scheme.eq_ignore_ascii_case(known.as_bytes()))?;
    let rest = rest
        .split(|byte| matches!(byte, b'?' | b'#'))
        .next()
        .unwrap_or_default();
    let mut path = format!("/{namespace}/").into_bytes();
    // A percent sign without two hexadecimal digits is literal.
    path.extend(percent_encoding::percent_decode(rest));
    Some(path)
}

impl FromStr for ContentPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

impl From<Cid> for ContentPath {
    fn from(cid: Cid) -> Self {
        Self::from_cid(cid)
    }
}

impl fmt::Display for ContentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests;
