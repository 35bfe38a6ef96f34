//! Paths of referenced files, as given and as stored.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::super::traits::{BlockError, ReferenceFault};
use super::FilestoreOptions;
use crate::meta::MAX_REFERENCE_PATH;

/// Paths from the root; leaves come in the order of their files, so that the last one is kept.
#[derive(Debug, Default)]
pub(super) struct StoredPaths(Option<(Arc<str>, Arc<str>)>);

impl StoredPaths {
    /// As [`relative`].
    pub(super) fn relative(
        &mut self,
        options: &FilestoreOptions,
        source: &Arc<str>,
    ) -> Result<Arc<str>, BlockError> {
        if let Some((last, stored)) = &self.0
            && last == source
        {
            return Ok(Arc::clone(stored));
        }
        let stored = relative(options, source)?;
        self.0 = Some((Arc::clone(source), Arc::clone(&stored)));
        Ok(stored)
    }
}

/// The path of a file from the root, as it is stored; `source` is its absolute path.
pub(super) fn relative(options: &FilestoreOptions, source: &str) -> Result<Arc<str>, BlockError> {
    let refuse = |fault| Err(BlockError::NoReference(fault));
    if is_url(source) {
        return refuse(if options.urls {
            ReferenceFault::Urls
        } else {
            ReferenceFault::UrlsOff
        });
    }
    if !options.files {
        return refuse(ReferenceFault::FilesOff);
    }
    let outside = || BlockError::OutsideRoot {
        root: options.root.clone(),
    };
    // By names alone, as in Kubo: links are followed when the file is read.
    let path = clean(Path::new(source)).ok_or_else(outside)?;
    let root = clean(&options.root).ok_or_else(outside)?;
    let names: Option<Vec<&str>> = path
        .strip_prefix(&root)
        .map_err(|_| outside())?
        .components()
        .map(|name| name.as_os_str().to_str())
        .collect();
    let stored = names.ok_or_else(outside)?.join("/");
    match stored.len() {
        0 => Err(outside()),
        length if length > MAX_REFERENCE_PATH => refuse(ReferenceFault::LongPath { length }),
        _ => Ok(stored.into()),
    }
}

/// The file that a stored path names. A path that leads out of the root, which nothing here stores, names none.
pub(super) fn absolute(options: &FilestoreOptions, stored: &str) -> Option<PathBuf> {
    let mut path = options.root.clone();
    for name in stored.split('/') {
        match Path::new(name).components().next()? {
            Component::Normal(only) if only.len() == name.len() => path.push(only),
            _ => return None,
        }
    }
    Some(path)
}

/// An absolute path without `.` and `..`; `None` for one that is not absolute.
pub(super) fn clean(path: &Path) -> Option<PathBuf> {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                cleaned.pop();
            }
            part => cleaned.push(part),
        }
    }
    path.is_absolute().then_some(cleaned)
}

/// Whether a source is a URL, as Kubo tells it.
fn is_url(source: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| source.len() > scheme.len() && source.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> FilestoreOptions {
        FilestoreOptions {
            root: PathBuf::from("/srv/files"),
            files: true,
            urls: false,
        }
    }

    #[test]
    fn paths_are_stored_from_the_root() {
        for (given, stored) in [
            ("/srv/files/a", "a"),
            ("/srv/files//b/./c d", "b/c d"),
            ("/srv/files/b/../a", "a"),
            ("/srv/other/../files/ü", "ü"),
        ] {
            assert_eq!(&*relative(&options(), given).unwrap(), stored, "{given}");
        }
        assert_eq!(
            absolute(&options(), "b/c d"),
            Some(PathBuf::from("/srv/files/b/c d"))
        );
    }

    #[test]
    fn what_leads_out_of_the_root_is_refused() {
        for given in [
            "",
            "a",
            "/srv/files",
            "/srv/files2/a",
            "/srv/files/../a",
            "/srv/files/../../etc/passwd",
            "files/a",
        ] {
            let refused = relative(&options(), given).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "the file is outside of /srv/files: only files below it can be referenced",
                "{given}"
            );
        }
        for stored in ["", "..", "a/../b", "/etc/passwd", "a//b", "./a"] {
            assert_eq!(absolute(&options(), stored), None, "{stored}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_refused() {
        let says = |options: &FilestoreOptions, source: &str| {
            relative(options, source).unwrap_err().to_string()
        };
        let long = format!("/srv/files/{}", "x/".repeat(MAX_REFERENCE_PATH));
        assert!(says(&options(), &long).contains("at most 4096 are allowed"));
        assert_eq!(
            says(&options(), "https://host/a"),
            "references to URLs are disabled"
        );
        let urls = FilestoreOptions {
            files: false,
            urls: true,
            ..options()
        };
        assert!(says(&urls, "http://host/a").contains("not supported"));
        assert_eq!(
            says(&urls, "/srv/files/a"),
            "references to files are disabled"
        );
    }
}
