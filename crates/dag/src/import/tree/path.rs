//! Paths as they stand in the parts of a multipart body.

/// Makes a path absolute and clean: no empty parts, no `.`, no `..`, which stops at the root; no slash at the end.
///
/// <https://pkg.go.dev/path#Clean> of `"/" + path`.
pub(super) fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut clean = String::with_capacity(path.len() + 1);
    if parts.is_empty() {
        clean.push('/');
    }
    for part in parts {
        clean.push('/');
        clean.push_str(part);
    }
    clean
}

/// What is left of a clean path below a clean folder, if it lies there.
pub(super) fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.ends_with('/') {
        return path.strip_prefix(folder);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// Puts a name behind a clean folder.
pub(super) fn within(folder: &str, name: &str) -> String {
    match (folder.ends_with('/'), name) {
        (_, "") => folder.to_owned(),
        (true, name) => format!("{folder}{name}"),
        (false, name) => format!("{folder}/{name}"),
    }
}

/// Joins two names, either of which may be empty.
pub(super) fn join(first: &str, second: &str) -> String {
    match (first, second) {
        ("", name) | (name, "") => name.to_owned(),
        (first, second) => format!("{first}/{second}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans() {
        for (path, cleaned) in [
            ("", "/"),
            ("a", "/a"),
            ("a/b/", "/a/b"),
            ("a//b", "/a/b"),
            ("./a/../b", "/b"),
            ("../../x", "/x"),
            ("/", "/"),
            ("..", "/"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }

    #[test]
    fn tells_what_lies_below() {
        assert_eq!(below("/a/b", "/a"), Some("b"));
        assert_eq!(below("/ab", "/a"), None);
        assert_eq!(below("/a", "/a"), None);
        assert_eq!(below("/a", "/"), Some("a"));
        assert_eq!(below("/", "/"), Some(""));
    }
}
