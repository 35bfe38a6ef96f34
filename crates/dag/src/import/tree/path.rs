//! Paths in the parts of a multipart body.

use cairn_primitives::ByteString;

/// Makes a path absolute and clean: no empty parts, no `.`, no `..`, which stops at the root; no slash at the end.
///
/// <https://pkg.go.dev/path#Clean> of `"/" + path`.
pub(super) fn clean(path: &[u8]) -> ByteString {
    let mut parts = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut clean = Vec::with_capacity(path.len() + 1);
    if parts.is_empty() {
        clean.push(b'/');
    }
    for part in parts {
        clean.push(b'/');
        clean.extend_from_slice(part);
    }
    clean.into()
}

/// What is left of a clean path below a clean folder, if it lies there.
pub(super) fn below<'a>(path: &'a [u8], folder: &[u8]) -> Option<&'a [u8]> {
    if folder.ends_with(b"/") {
        return path.strip_prefix(folder);
    }
    path.strip_prefix(folder)?.strip_prefix(b"/")
}

/// Puts a name behind a clean folder.
pub(super) fn within(folder: &[u8], name: &[u8]) -> ByteString {
    match (folder.ends_with(b"/"), name) {
        (_, b"") => folder.into(),
        (true, name) => [folder, name].concat().into(),
        (false, name) => [folder, b"/", name].concat().into(),
    }
}

/// Joins two names, either of which may be empty.
pub(super) fn join(first: &[u8], second: &[u8]) -> ByteString {
    match (first, second) {
        (b"", name) | (name, b"") => name.into(),
        (first, second) => [first, b"/", second].concat().into(),
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
            assert_eq!(clean(path.as_bytes()), cleaned, "{path}");
        }
    }

    #[test]
    fn tells_what_lies_below() {
        assert_eq!(below(b"/a/b", b"/a"), Some(&b"b"[..]));
        assert_eq!(below(b"/ab", b"/a"), None);
        assert_eq!(below(b"/a", b"/a"), None);
        assert_eq!(below(b"/a", b"/"), Some(&b"a"[..]));
        assert_eq!(below(b"/", b"/"), Some(&b""[..]));
    }
}
