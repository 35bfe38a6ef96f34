//! Paths in the mutable file system.

use std::fmt;

use std::str::FromStr;

use cairn_primitives::ByteString;
use cairn_primitives::bytestring::to_text;

use super::MfsError;

/// An absolute path, cleaned: no empty names, no `.`, no `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MfsPath {
    names: Vec<ByteString>,
    /// Whether it ended with a slash: such a destination is a directory to copy or move into.
    into: bool,
}

impl MfsPath {
    /// The root.
    #[must_use]
    pub fn root() -> Self {
        Self {
            names: Vec::new(),
            into: false,
        }
    }

    /// The names from the root down.
    #[must_use]
    pub fn names(&self) -> &[ByteString] {
        &self.names
    }

    /// Whether it is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether it was written with a slash at its end, the root apart.
    #[must_use]
    pub fn has_slash(&self) -> bool {
        self.into
    }

    /// The last name, when there is one and no slash follows it.
    #[must_use]
    pub fn file_name(&self) -> Option<&[u8]> {
        if self.into {
            return None;
        }
        self.names.last().map(ByteString::as_bytes)
    }

    /// The path without a slash at its end.
    #[must_use]
    pub fn without_slash(mut self) -> Self {
        self.into = false;
        self
    }

    /// The path of a name in this directory.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        let mut names = self.names.clone();
        names.push(name.into());
        Self { names, into: false }
    }

    /// The directory that holds it, and its name; `None` for the root.
    #[must_use]
    pub fn split(&self) -> Option<(Self, &[u8])> {
        let (name, above) = self.names.split_last()?;
        let above = Self {
            names: above.to_vec(),
            into: false,
        };
        Some((above, name))
    }

    /// Whether it lies in `directory`, or is it.
    #[must_use]
    pub fn is_within(&self, directory: &Self) -> bool {
        self.names.starts_with(&directory.names)
    }
}

impl MfsPath {
    /// Reads a path; its names need not be UTF-8.
    ///
    /// # Errors
    /// [`MfsError::EmptyPath`], [`MfsError::RelativePath`].
    pub fn new(path: &[u8]) -> Result<Self, MfsError> {
        if path.is_empty() {
            return Err(MfsError::EmptyPath);
        }
        if !path.starts_with(b"/") {
            return Err(MfsError::RelativePath {
                path: to_text(path).into_owned(),
            });
        }
        let mut names: Vec<ByteString> = Vec::new();
        for name in path.split(|&byte| byte == b'/') {
            match name {
                b"" | b"." => {}
                b".." => drop(names.pop()),
                name => names.push(name.into()),
            }
        }
        let into = path.ends_with(b"/") && !names.is_empty();
        Ok(Self { names, into })
    }
}

impl FromStr for MfsPath {
    type Err = MfsError;

    fn from_str(text: &str) -> Result<Self, MfsError> {
        Self::new(text.as_bytes())
    }
}

impl fmt::Display for MfsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.names.is_empty() {
            return f.write_str("/");
        }
        for name in &self.names {
            write!(f, "/{name}")?;
        }
        if self.into {
            f.write_str("/")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned() {
        for (text, want, name) in [
            ("/", "/", None),
            ("//", "/", None),
            ("/..", "/", None),
            ("/a/./b//c", "/a/b/c", Some("c")),
            ("/a/../b", "/b", Some("b")),
            ("/a/b/", "/a/b/", None),
            ("/a/b/..", "/a", Some("a")),
        ] {
            let path: MfsPath = text.parse().unwrap();
            assert_eq!(
                (path.to_string().as_str(), path.file_name()),
                (want, name.map(str::as_bytes))
            );
        }
        assert!(matches!("".parse::<MfsPath>(), Err(MfsError::EmptyPath)));
        assert!(matches!(
            "a/b".parse::<MfsPath>(),
            Err(MfsError::RelativePath { .. })
        ));
    }
}
