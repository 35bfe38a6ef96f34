//! Lines of PostgreSQL's text format of `COPY`: <https://www.postgresql.org/docs/current/sql-copy.html>.

use data_encoding::HEXLOWER_PERMISSIVE;

/// Adds a null to a line.
pub(crate) fn put_null(line: &mut Vec<u8>) {
    line.extend_from_slice(b"\\N");
}

/// Adds text to a line.
pub(crate) fn put_text(line: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            b'\t' => line.extend_from_slice(b"\\t"),
            other => line.push(other),
        }
    }
}

/// Adds bytes to a line.
pub(crate) fn put_bytes(line: &mut Vec<u8>, bytes: &[u8]) {
    line.extend_from_slice(b"\\\\x");
    line.extend_from_slice(HEXLOWER_PERMISSIVE.encode(bytes).as_bytes());
}

/// The values of a line, without its line break; `None` for a null.
pub(crate) fn values(line: &[u8]) -> Vec<Option<Vec<u8>>> {
    line.split(|byte| *byte == b'\t').map(value).collect()
}

fn value(raw: &[u8]) -> Option<Vec<u8>> {
    if raw == b"\\N" {
        return None;
    }
    let mut plain = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => plain.push(b'\n'),
            Some(b'r') => plain.push(b'\r'),
            Some(b't') => plain.push(b'\t'),
            Some(b'b') => plain.push(8),
            Some(b'f') => plain.push(12),
            Some(b'v') => plain.push(11),
            Some(&other) => plain.push(other),
            None => {}
        }
    }
    Some(plain)
}

/// Bytes from their text; `None` if it is not such a text.
pub(crate) fn bytes(text: &[u8]) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text.strip_prefix(b"\\x")?).ok()
}

/// A number from its text; PostgreSQL writes boolean values as `t` and `f`.
pub(crate) fn number(text: &[u8]) -> Option<i64> {
    match text {
        b"t" => Some(1),
        b"f" => Some(0),
        text => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_survive(texts in prop::collection::vec(prop::option::of(any::<String>()), 1..5), blob: Vec<u8>) {
            let mut line = Vec::new();
            for text in &texts {
                match text {
                    Some(text) => put_text(&mut line, text),
                    None => put_null(&mut line),
                }
                line.push(b'\t');
            }
            put_bytes(&mut line, &blob);
            prop_assert!(!line.contains(&b'\n'));
            let mut read = values(&line);
            let last = read.pop().flatten();
            prop_assert_eq!(last.as_deref().and_then(bytes), Some(blob));
            let texts: Vec<_> = texts.into_iter().map(|text| text.map(String::into_bytes)).collect();
            prop_assert_eq!(read, texts);
        }
    }

    #[test]
    fn numbers_and_truth_are_numbers() {
        assert_eq!(number(b"t"), Some(1));
        assert_eq!(number(b"f"), Some(0));
        assert_eq!(number(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(number(b"x"), None);
        assert_eq!(bytes(b"00"), None);
        assert_eq!(bytes(b"\\x0"), None);
    }
}
